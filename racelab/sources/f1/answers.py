"""An answer of FastF1's sources, read whole within a time and looked at before FastF1 sees it.

FastF1 takes what it can read of an answer that was cut and keeps that in its cache for good; so a cut gzip stream, a
web page in the place of data and a stream that ends in mid line must not reach it.
"""

import time
import zlib
from io import BytesIO
from urllib.parse import urlsplit

import orjson
import requests
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, ReadTimeout
from urllib3 import HTTPResponse
from urllib3.exceptions import DecodeError, HTTPError, ReadTimeoutError

_PIECE = 65_536
_GZIP = zlib.MAX_WBITS | 16
# In a line of the live-timing archive the message stands behind a time such as 00:00:00.000.
_STAMP = 12
# In 228 whole streams of the archive not one of 249,184 lines was damaged.
_DAMAGED = 0.01


def read_whole(response: requests.Response, answer_s: float) -> requests.Response:
    """The response with its body read and checked.

    Raises:
        requests.ReadTimeout: it takes longer than ``answer_s`` seconds.
        requests.exceptions.ChunkedEncodingError: the connection ended before the body did.
        requests.exceptions.ContentDecodingError: the body is cut, or is not what its name says.
    """
    raw = response.raw
    try:
        body = _pieces(raw, time.monotonic() + answer_s, response)
    except requests.RequestException:  # It is an OSError too.
        raise
    except ReadTimeoutError as error:
        raise ReadTimeout(f"no more of the answer came: {error}", request=response.request) from error
    except (HTTPError, OSError) as error:
        raise ChunkedEncodingError("the connection ended before it did", request=response.request) from error
    finally:
        raw.close()
    whole = _again(raw, body)
    if response.status_code == 200:
        _check(response, body, whole)
        whole = _again(raw, body)
    response.raw = whole
    return response


def _pieces(raw: HTTPResponse, until: float, response: requests.Response) -> bytes:
    found = bytearray()
    while piece := raw.read1(_PIECE, decode_content=False):
        found += piece
        if time.monotonic() > until:
            raise ReadTimeout("the answer comes too slowly", request=response.request)
    if raw.length_remaining:
        raise ChunkedEncodingError("the connection ended before it did", request=response.request)
    return bytes(found)


def _again(raw: HTTPResponse, body: bytes) -> HTTPResponse:
    return HTTPResponse(
        BytesIO(body), raw.headers, raw.status, raw.version, reason=raw.reason, preload_content=False,
        original_response=raw._original_response, request_url=getattr(raw, "_request_url", None),
    )  # fmt: skip


def _check(response: requests.Response, body: bytes, whole: HTTPResponse) -> None:
    if response.headers.get("Content-Encoding", "").strip().lower() == "gzip" and not _gzip_ends(body):
        raise ContentDecodingError("the gzip stream is cut", request=response.request)
    try:
        text = whole.read(decode_content=True)
    except DecodeError as error:
        raise ContentDecodingError(f"the body cannot be unpacked ({error})", request=response.request) from error
    if fault := fault_of(urlsplit(response.url or "").path, text):
        raise ContentDecodingError(fault, request=response.request)


def _gzip_ends(body: bytes) -> bool:
    try:
        unpacked = zlib.decompressobj(_GZIP)
        unpacked.decompress(body)
    except zlib.error:
        return False
    return unpacked.eof


def fault_of(path: str, body: bytes) -> str | None:
    """What is wrong with the body of a .json or .jsonStream, or None; other kinds are not looked at."""
    text = body.removeprefix(b"\xef\xbb\xbf")
    if path.endswith(".json"):
        return None if _is_json(text) else "the body is no JSON"
    if not path.endswith(".jsonStream"):
        return None
    if not text.endswith(b"\n"):
        return "the stream is empty" if not text.strip() else "the stream ends in mid line"
    lines = text.splitlines()
    good = [_is_json(line[_STAMP:]) for line in lines]
    damaged = good.count(False)
    if not (good[0] and good[-1]) or damaged > _DAMAGED * len(lines):
        return f"{damaged} of the stream's {len(lines)} lines are damaged"
    return None


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
