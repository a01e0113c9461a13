"""A frame's columns as lists of plain values: missing is None, durations are integer milliseconds."""

from typing import Any

import numpy as np
import pandas as pd

_BLANK = frozenset({"", "nan", "none", "nat", "<na>"})
_TRUE = frozenset({"true", "1", "1.0"})
_FALSE = frozenset({"false", "0", "0.0"})
_NS_PER_MS = 1_000_000


def column(frame: pd.DataFrame, name: str) -> pd.Series:
    """The frame's column, or one of missing values where the frame lacks it."""
    return frame[name] if name in frame.columns else pd.Series([None] * len(frame), index=frame.index, dtype=object)


def durations(values: pd.Series) -> pd.Series:
    """Timedeltas as whole milliseconds (Int64, rounded half up); what is no timedelta is missing."""
    if values.dtype.kind != "m":  # A column with nothing in it may have any type.
        values = values.astype(object).where(values.notna(), None)
    spans = pd.to_timedelta(values, errors="coerce")
    nanos = spans.to_numpy("timedelta64[ns]").astype("int64")
    rounded = (nanos + _NS_PER_MS // 2) // _NS_PER_MS
    return pd.Series(pd.arrays.IntegerArray(rounded, spans.isna().to_numpy()), index=values.index)


def numbers(values: pd.Series) -> pd.Series:
    """Numbers as Float64; what is no finite number is missing."""
    found = pd.to_numeric(values, errors="coerce").to_numpy("float64", na_value=np.nan)
    bad = ~np.isfinite(found)
    return pd.Series(pd.arrays.FloatingArray(np.where(bad, 0.0, found), bad), index=values.index)


def wholes(values: pd.Series) -> pd.Series:
    """Whole numbers (FastF1 writes them as floats) as Int64; a fraction is missing, not rounded."""
    found = numbers(values)
    return found.where((found % 1 == 0).fillna(False)).astype("Int64")


def plain(values: pd.Series) -> list[Any]:
    """The values as Python objects with None for missing ones."""
    return list(values.astype(object).where(values.notna(), None))


def texts(values: pd.Series) -> list[str | None]:
    """Stripped texts; blanks and the words nan, None and NaT are None."""
    found = ["" if value is None else str(value).strip() for value in values.tolist()]
    return [None if text.lower() in _BLANK else text for text in found]


def truths(values: pd.Series) -> list[bool | None]:
    """Booleans, also where they are written as text or 0 and 1; anything else is None."""
    known = {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}
    return [None if value is None else known.get(str(value).strip().lower()) for value in values.tolist()]


def car_numbers(values: pd.Series) -> list[str | None]:
    """Car numbers as text: a table that was read as floats writes 44.0 for car 44."""
    return [text[:-2] if text is not None and text.endswith(".0") else text for text in texts(values)]
