"""One digest over frames: the same for the same content, whatever order FastF1 hands it out in."""

import hashlib
from collections.abc import Mapping

import pandas as pd


def digest_frames(frames: Mapping[str, pd.DataFrame]) -> str:
    """SHA-256 (hexadecimal) over every column of every frame, by name.

    The order of the mapping and of the columns does not matter; the order of the rows does.
    """
    found = hashlib.sha256()
    for name in sorted(frames):
        frame = frames[name]
        found.update(f"\x1d{name}\x1d{len(frame)}".encode())
        for label in sorted(map(str, frame.columns)):
            found.update(f"\x1e{label}\x1f".encode())
            found.update(_content(frame[label]))
    return found.hexdigest()


def _content(values: pd.Series) -> bytes:
    if values.dtype.kind in "mM":
        return bytes(values.to_numpy().astype("int64").tobytes())
    if values.dtype.kind in "biuf" and not pd.api.types.is_extension_array_dtype(values.dtype):
        return bytes(values.to_numpy().tobytes())
    # None, NaN and NaT stand for the same missing value and change places between FastF1's versions.
    pairs = zip(values.tolist(), values.isna().tolist(), strict=True)
    return "\x1f".join("" if missing else f"={value}" for value, missing in pairs).encode()
