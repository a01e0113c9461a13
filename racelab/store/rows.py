"""From a session's records to the columns of its tables."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from racelab.domain.records import SessionData
from racelab.store.tables import SOURCE_TABLES, TABLES
from racelab.store.values import ArrayColumn

# A column is a list, or a frame's own (`ArrayColumn`), which gives the same values when it is read as a sequence.
Columns = dict[str, Sequence[Any]]
_FIELD = {"table_name": "table", "column_name": "column"}


def session_columns(data: SessionData) -> dict[str, Columns]:
    """Columns of every table that the session fills, by table; telemetry comes from its frame."""
    session_id = data.session.key.session_id
    tables = {}
    for spec in SOURCE_TABLES:
        if spec.name == "telemetry":
            columns = _of_frame(data)
        elif spec.name == "drivers":
            columns = _drivers(data)
        else:
            columns = record_columns(spec.name, getattr(data, spec.name))
        count = len(next(iter(columns.values()), []))
        if count:
            tables[spec.name] = {"session_id": [session_id] * count, **columns}
    return tables


def record_columns(table: str, records: Sequence[Any]) -> Columns:
    """One list a column for records of one kind; ``sequence`` counts where the record has none."""
    columns: Columns = {}
    for key in TABLES[table].columns:
        if key == "session_id" or not records:
            continue
        name = _FIELD.get(key, key)
        if key == "sequence" and not hasattr(records[0], "sequence"):
            columns[key] = list(range(1, len(records) + 1))
        else:
            columns[key] = list(map(attrgetter(name), records))
    return columns


def _drivers(data: SessionData) -> Columns:
    pairs = [(entry.car_number, driver) for entry in data.entries for driver in entry.drivers]
    columns: Columns = {"car_number": [number for number, _ in pairs]} if pairs else {}
    for key in TABLES["drivers"].columns[2:]:
        columns[key] = [getattr(driver, key) for _, driver in pairs]
    return columns


def _of_frame(data: SessionData) -> Columns:
    frame = data.telemetry
    if frame is None or frame.empty:
        return {}
    return frame_columns("telemetry", frame, _key_order(frame))


def frame_columns(table: str, frame: pd.DataFrame, order: "NDArray[np.intp] | None" = None) -> Columns:
    """The columns of a table that a frame has, without a copy of it; ``order`` are the rows' places."""
    return {key: ArrayColumn(key, frame[key], order) for key in TABLES[table].columns if key in frame.columns}


def _key_order(frame: pd.DataFrame) -> "NDArray[np.intp] | None":
    """The places of a telemetry frame's rows in the order of the natural key; None where they are in it already.

    In this order a clustered table takes rows more than twice as fast.
    """
    if frame["time_ms"].isna().any():
        return None  # the database will refuse it
    texts = [pd.factorize(frame[key], sort=True)[0] for key in ("car_number", "kind")]
    times = frame["time_ms"].to_numpy(dtype="int64")
    group = texts[0] * (texts[1].max() + 1) + texts[1]
    steps = np.diff(group)
    if bool(((steps > 0) | ((steps == 0) & (np.diff(times) >= 0))).all()):
        return None
    return np.lexsort((times, group))


def named_columns(table: str, rows: Iterable[dict[str, Any]]) -> Columns:
    """Columns from rows as dictionaries; a key that a row lacks is null.

    Raises:
        ValueError: a row has a key that the table has not.
    """
    listed = list(rows)
    known = TABLES[table].columns
    strange = {key for row in listed for key in row} - set(known)
    if strange:
        raise ValueError(f"table {table} has no column {', '.join(sorted(strange))}")
    return {key: [row.get(key) for row in listed] for key in known}
