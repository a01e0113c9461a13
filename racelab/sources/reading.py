"""What a reader stumbles over in a file is told as the file's fault, so that one file never stops the next."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from racelab.errors import BadInput

# What code raises when the content is not laid out as it expects; all else is our own failure and is not hidden.
_STUMBLES = (
    ArithmeticError, AttributeError, EOFError, LookupError, OSError, RecursionError, TypeError, ValueError,
    struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
_LONGEST = 160


@contextmanager
def blamed_on(path: Path) -> Iterator[None]:
    """Errors of reading a file, as errors of the file.

    Raises:
        BadInput: the reader stumbled; the error that it raised is its cause.
    """
    try:
        yield
    except _STUMBLES as error:
        said = f"{type(error).__name__}: {' '.join(str(error).split())}"[:_LONGEST]
        raise BadInput(f"{path}: its content is not laid out as its reader expects ({said}): fetch it again") from error
