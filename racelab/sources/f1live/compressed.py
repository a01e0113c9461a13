"""Compressed telemetry: base64 of raw-deflate JSON, unpacked within bounds."""

import base64
import binascii
import zlib
from typing import Any

import orjson

# A message of a second's samples of 20 cars has about 10 kB; one beyond this is no telemetry.
_MOST_BYTES = 4 * 1024 * 1024


def unpack(text: Any) -> Any:
    """The JSON document in a compressed message.

    Raises:
        ValueError: it is no base64, no deflate stream, not whole, too large or no JSON.
    """
    if not isinstance(text, str) or len(text) > _MOST_BYTES:
        raise ValueError("no compressed text")
    reader = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = reader.decompress(base64.b64decode(text, validate=True), _MOST_BYTES)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"not compressed as it should be ({error})") from error
    if not reader.eof:
        raise ValueError("cut off, or too large")
    return orjson.loads(content)
