"""From rows to frames whose columns have the vocabulary's types."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from racelab.domain.vocabulary import COLUMNS

DTYPES = {"int": "Int64", "float": "float64", "text": "string", "bool": "boolean", "instant": "datetime64[us, UTC]"}


def to_frame(rows: Iterable[Sequence[Any]], keys: Sequence[str]) -> pd.DataFrame:
    """A frame with these columns, typed as the vocabulary says; nulls are NA, NaN or NaT."""
    columns = list(zip(*rows, strict=True)) or [()] * len(keys)
    return pd.DataFrame({key: _column(key, values) for key, values in zip(keys, columns, strict=True)}, copy=False)


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with every column of the vocabulary in its type; other columns are left as they are."""
    known = {key: COLUMNS[key].kind for key in frame.columns if key in COLUMNS}
    wrong = {key: kind for key, kind in known.items() if str(frame[key].dtype) != DTYPES[kind]}
    return frame.assign(**{key: _typed(frame[key], kind) for key, kind in wrong.items()})


def _column(key: str, values: tuple[Any, ...]) -> Any:
    kind = COLUMNS[key].kind if key in COLUMNS else None
    if kind == "float":
        return np.array(values, dtype="float64")
    plain = np.empty(len(values), dtype=object)
    plain[:] = values
    if kind == "int":
        missing = pd.isna(plain)
        return pd.arrays.IntegerArray(np.where(missing, 0, plain).astype("int64"), missing)
    if kind == "text":
        return pd.array(plain, dtype=DTYPES[kind])
    series = pd.Series(plain)
    return series.infer_objects() if kind is None else _typed(series, kind)


def _typed(column: "pd.Series[Any]", kind: str) -> "pd.Series[Any]":
    if kind == "instant":
        return pd.to_datetime(column, utc=True, format="ISO8601").astype(DTYPES[kind])
    if kind == "float":
        return pd.to_numeric(column).astype("float64")
    return column.astype(DTYPES[kind])
