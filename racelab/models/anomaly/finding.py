"""Anomalies of races, from laps alone or with a model that learned on others."""

import pandas as pd

from racelab.errors import BadInput, NotFound
from racelab.models.anomaly.events import COLUMNS, describe
from racelab.models.anomaly.forest import LEAST_ROWS, Forest, fit
from racelab.models.anomaly.residuals import residuals

_NEEDED = ("session_id", "car_number", "lap_number", "lap_time_ms", "start_ms", "end_ms", "pit_in", "pit_out", "flag")
_OPTIONAL = {
    "car_class": "object", "stint": "Int64", "seat": "Int64", "s1_ms": "Float64", "s2_ms": "Float64", "s3_ms": "Float64",
    "quality": "object", "position": "Int64", "class_position": "Int64", "compound": "object", "tyre_age": "Int64",
    "fresh_tyre": "boolean", "accurate": "boolean", "reference_ms": "Float64", "pit_time_ms": "Int64",
}  # fmt: skip


def anomalies(laps: pd.DataFrame, status: pd.DataFrame | None = None, forest: Forest | None = None) -> pd.DataFrame:
    """Laps that do not fit what was expected of them, consecutive ones as one event.

    Pit laps, laps at least partly under caution and the lap after one are never anomalies.

    Args:
        laps: laps of one or more sessions, as `load_laps` gives them.
        status: their ``track_status``, where known, with ``session_id``.
        forest: a trained one; without it one learns from these laps alone.

    Returns:
        ``session_id, car_number, car_class, first_lap, last_lap, severity`` (minor, major or severe), ``loss_ms`` over
        what was expected, ``reason`` in words and ``score`` (above 0), the worst of each session first.

    Raises:
        BadInput: the frame lacks a column.
        NotFound: there are too few laps to tell what is usual.
    """
    if lacking := [name for name in _NEEDED if name not in laps.columns]:
        raise BadInput(f"the laps lack {', '.join(lacking)}: use the frame of load_laps")
    laps = complete(laps)
    found = []
    for session, one in laps.groupby("session_id"):
        held = None if status is None else status[status["session_id"] == session]
        found.append((one, residuals(one, held, forest.pace if forest else None)))
    rows = [row for _, row in found if len(row)]
    if sum(map(len, rows)) < (1 if forest else LEAST_ROWS):
        raise NotFound(f"not enough data: {sum(map(len, rows))} laps can be judged, {LEAST_ROWS} are needed without a trained model: wait for more laps or run `racelab train anomaly`")  # fmt: skip
    model = forest or fit(pd.concat(rows, ignore_index=True))
    events = [describe(row, pd.Series(model.score(row), index=row.index), one) for one, row in found if len(row)]
    kept = [each for each in events if len(each)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=COLUMNS)


def complete(laps: pd.DataFrame) -> pd.DataFrame:
    """The laps with every column that is looked at, null where the frame lacks it."""
    lacking = {
        name: pd.Series(pd.NA, index=laps.index, dtype=kind) for name, kind in _OPTIONAL.items() if name not in laps
    }
    whole = laps.assign(**lacking)
    return whole.astype({"stint": "Int64"})
