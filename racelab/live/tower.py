"""The tower at any time of a session, as a frame."""

from datetime import datetime
from functools import cache, reduce
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from racelab.domain.time import parse_duration
from racelab.errors import BadInput
from racelab.live.opened import Opened, is_path, open_recording, open_stored
from racelab.live.reducers import initial_state, settle
from racelab.live.reducers import reduce as folded
from racelab.live.state import STOPPED, CarState, RaceState
from racelab.store.frames import typed
from racelab.store.open import open_store
from racelab.store.tables import NAMES

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

_CAR = (
    "position", "class_position", "car_number", "car_class", "team", "driver", "status", "laps", "gap_ms", "gap_laps",
    "interval_ms", "interval_laps", "class_gap_ms", "class_gap_laps", "class_interval_ms", "class_interval_laps",
    "last_lap_ms", "best_lap_ms", "s1_ms", "s2_ms", "s3_ms", "stint", "stint_laps", "compound", "tyre_age", "stops",
    "last_stop_ms", "pit_since_ms", "energy_pct",
)  # fmt: skip
_COLUMNS = (*NAMES, "time_ms", *_CAR, "drive_ms")


def load_state(session: str | int, at: str | int | datetime | None = None, *, db: str | None = None) -> pd.DataFrame:
    """The tower of a session as it stood at a time: a row a car in its order, gaps, last times, stints and drive time.

    Of a stored session it is made from its laps and stops, of a recording from everything that was told. Whoever asks
    for many times of one session uses `racelab.live.timeline.Timeline`, which reads it once.

    Args:
        session: a session's id or name such as f1/2025/1/R, or a recording's file.
        at: session time as h:mm:ss or in ms, or an instant; the end where it is left out.
        db: the store's URL.

    Returns:
        With ``attrs`` session, flag and time_ms. ``drive_ms`` is what the car's driver has driven, the pit lane aside.

    Raises:
        NotFound: there is no such session or file.
        BadInput: the file is no recording, or ``at`` no time.
    """
    when = _when(at)
    if isinstance(session, str) and is_path(session):
        opened = open_recording(Path(session))
    else:
        with open_store(db) as store:
            opened = open_stored(store, session)
    return _framed(opened, _state(opened, when))


def _when(at: str | int | datetime | None) -> int | datetime | None:
    if not isinstance(at, str):
        return at
    try:
        return parse_duration(at)
    except ValueError as error:
        raise BadInput(f"at={at!r} is no session time: write h:mm:ss, ms as a number, or an instant") from error


def _state(opened: Opened, when: int | datetime | None) -> RaceState:
    """The state after the last frame that is not later, as `Timeline.at` gives it."""
    state = initial_state(is_race=opened.key.is_race)
    for frame in opened.feed.frames():
        if isinstance(when, datetime) and frame.received_at > when:
            return settle(state)
        after = reduce(folded, opened.parser.process(frame), state)
        if isinstance(when, int) and after.time_ms > when:
            return settle(state)
        state = after
    return settle(reduce(folded, opened.parser.finish(), state))


def _framed(opened: Opened, state: RaceState) -> pd.DataFrame:
    key = opened.key
    names = {"series": key.series.value, "season": key.season, "round": key.round, "session": key.code}
    rows = [names | {"time_ms": state.time_ms} | _row(car, state.time_ms) for car in state.order]
    frame = typed(pd.DataFrame(rows, columns=list(_COLUMNS)))
    frame.attrs |= {"session": str(key), "flag": state.flag.value if state.flag else None, "time_ms": state.time_ms}
    return _schema().validate(frame)


def _row(car: CarState, now_ms: int) -> dict[str, object]:
    # Who has stopped without anybody's word for it has driven to the last line that was seen.
    until = car.last_line_ms if car.status == STOPPED and car.last_line_ms is not None else now_ms
    driven = sum(drive.end_ms - drive.start_ms for drive in car.drives_until(until) if drive.driver == car.driver)
    return {name: getattr(car, name) for name in _CAR} | {"drive_ms": driven or None}


@cache
def _schema() -> "DataFrameSchema":
    import pandera.pandas as pa

    from racelab.store.schemas import schema_column

    required = {*NAMES, "time_ms", "position", "class_position", "car_number"}
    columns = {name: schema_column(name, nullable=name not in required) for name in _COLUMNS}
    return pa.DataFrameSchema(columns, strict=True, name="load_state", description="The tower at a time of a session")
