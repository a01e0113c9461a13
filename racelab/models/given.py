"""A frame of laps from an analyst's hands, made what `load_laps` gives: every column of it there, each of its type."""

import pandas as pd

from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput
from racelab.store.frames import typed
from racelab.store.tables import TABLES

# Without these nothing is told of a lap; whatever else a frame lacks is missing, as sources leave it out too.
NEEDED = ("session_id", "car_number", "lap_number", "lap_time_ms", "start_ms", "end_ms", "pit_in", "pit_out", "flag")
_OTHERS = tuple(name for name in (*TABLES["laps"].columns, "car_class") if name not in NEEDED)
_USE = "use the frame of rl.load_laps"


def given_laps(laps: pd.DataFrame) -> pd.DataFrame:
    """The laps with every column that features read, missing where the frame has none; a time of 0 or less is missing.

    Whatever has become of the types on the way (a file, a join) they are those of `load_laps` again.

    Raises:
        BadInput: it is no frame, lacks a column of `NEEDED`, or holds something that is none of a lap.
    """
    if not isinstance(laps, pd.DataFrame):
        raise BadInput(f"the laps are of the type {type(laps).__name__}, no frame: {_USE}")
    if lacking := [name for name in NEEDED if name not in laps.columns]:
        raise BadInput(f"the laps lack {', '.join(lacking)}: {_USE}")
    if not laps.columns.is_unique:
        raise BadInput(f"the laps have two columns of one name: {_USE}")
    whole = laps.assign(**{name: pd.Series(pd.NA, laps.index, dtype="object") for name in _OTHERS if name not in laps})
    try:
        whole = typed(whole).reset_index(drop=True)
        for session_id in whole["session_id"].unique():
            SessionKey.of_id(int(session_id))
    except (TypeError, ValueError) as error:
        raise BadInput(f"the laps hold what is no lap's ({str(error).splitlines()[0]}): {_USE}") from error
    times = whole["lap_time_ms"]
    stops = {name: whole[name].fillna(False) for name in ("pit_in", "pit_out")}
    return whole.assign(lap_time_ms=times.where(times > 0), **stops)
