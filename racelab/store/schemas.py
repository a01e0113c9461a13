"""The declared schema of every frame that racelab hands out, made from the column vocabulary."""

from functools import cache
from typing import Any

import pandera.pandas as pa
from pandera.engines import pandas_engine

from racelab.domain.vocabulary import COLUMNS
from racelab.store.frames import DTYPES
from racelab.store.tables import JOINED, NAMES, TABLES


class _Text(pandas_engine.STRING):
    """A text column by its type, which holds nothing but texts: pandera would look at every value again."""

    def check(self, pandera_dtype: Any, data_container: Any = None) -> bool:
        return isinstance(pandera_dtype, pandas_engine.STRING)


@cache
def frame_schema(table: str) -> pa.DataFrameSchema:
    """The pandera schema of `load_<table>`: names, dtypes, units, ranges and which columns may be null."""
    spec = TABLES[table]
    names = tuple(key for key in NAMES if key not in spec.columns)
    required = {*spec.key, *spec.required, *NAMES}
    keys = [*names, *spec.columns, *JOINED.get(table, ())]
    columns = {key: schema_column(key, nullable=key not in required) for key in keys}
    return pa.DataFrameSchema(columns, strict=True, name=f"load_{table}", description=spec.description)


@cache
def table_schema(table: str) -> pa.DataFrameSchema:
    """The pandera schema of a table that is about no session, with the names that its `load_*` joins."""
    spec = TABLES[table]
    required = {*spec.key, *spec.required}
    keys = (*spec.columns, *JOINED.get(table, ()))
    columns = {key: schema_column(key, nullable=key not in required) for key in keys}
    return pa.DataFrameSchema(columns, strict=True, name=f"load_{table}", description=spec.description)


@cache
def stints_schema(keys: tuple[str, ...]) -> pa.DataFrameSchema:
    """The pandera schema of `load_stints`, whose rows are computed from laps: no table holds them."""
    required = {"session_id", "car_number", "stint", "first_lap", "last_lap", "laps", "clean_laps", *NAMES}
    columns = {key: schema_column(key, nullable=key not in required) for key in (*NAMES, *keys)}
    return pa.DataFrameSchema(columns, strict=True, name="load_stints", description="A car's run between two stops")


def schema_column(key: str, *, nullable: bool) -> pa.Column:
    """One column as the vocabulary declares it."""
    column = COLUMNS[key]
    checks = []
    if column.low is not None:
        checks.append(pa.Check.ge(column.low))
    if column.high is not None:
        checks.append(pa.Check.le(column.high))
    meta = {"unit": column.unit, "heading": column.heading}
    dtype = _Text("python") if column.kind == "text" else DTYPES[column.kind]
    return pa.Column(dtype, checks, nullable=nullable, description=column.description, metadata=meta)
