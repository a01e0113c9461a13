"""A session's tables as CSV or Parquet files."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from racelab.domain.sessions import SessionKey
from racelab.domain.vocabulary import COLUMNS
from racelab.errors import BadInput
from racelab.exports.files import write_whole
from racelab.store.protocol import Store
from racelab.store.tables import DERIVED_TABLES, NAMING_TABLES, SOURCE_TABLES

FORMATS = ("csv", "parquet")
_TABLES = (*NAMING_TABLES, *SOURCE_TABLES, *DERIVED_TABLES)


def write_tables(store: Store, key: SessionKey, folder: Path, file_format: str) -> list[Path]:
    """Write every table of a session into `<series>_<season>_<round>_<session>` under the folder.

    Columns have the store's names, types and units; `columns.csv` beside them says what each means.
    Missing is an empty field in CSV and null in Parquet. A table without rows is written with its head.

    Raises:
        BadInput: there is no such format.
        StoreError: the folder cannot be written.
    """
    if file_format not in FORMATS:
        raise BadInput(f"no format {file_format!r}: use one of {', '.join(FORMATS)}")
    place = folder / "_".join(str(key).split("/"))
    paths = [
        write_whole(place / f"{spec.name}.{file_format}", _writer(_read(store, key, spec.name), file_format))
        for spec in _TABLES
    ]
    return [*paths, write_whole(place / "columns.csv", _writer(column_meanings(), "csv"))]


def column_meanings() -> pd.DataFrame:
    """One row a column: table, column, kind, unit and description."""
    rows = [
        (spec.name, name, COLUMNS[name].kind, COLUMNS[name].unit, COLUMNS[name].description)
        for spec in _TABLES
        for name in spec.columns
    ]
    return pd.DataFrame(rows, columns=["table", "column", "kind", "unit", "description"])


def _read(store: Store, key: SessionKey, table: str) -> pd.DataFrame:
    return store.read(table, event_id=key.event_id) if table == "events" else store.read(table, key)


def _writer(frame: pd.DataFrame, file_format: str) -> Callable[[Path], object]:
    if file_format == "parquet":
        return lambda path: frame.to_parquet(path, index=False)
    return lambda path: frame.to_csv(path, index=False)
