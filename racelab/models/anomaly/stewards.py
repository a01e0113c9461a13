"""Labels from race control's messages that name a car."""

import pandas as pd

from racelab.domain.series import Series
from racelab.sources.racecontrol import Category, Happening, Ruling, read_message

_KINDS = {
    Happening.SPUN: "spun", Happening.OFF: "off", Happening.STOPPED: "stopped", Happening.SLOW: "stopped",
    Happening.RETIRED: "stopped", Happening.CONTACT: "contact",
}  # fmt: skip
_LAPS_BEFORE = {"spun": 1, "off": 1}
_MOST_LAPS_BEFORE = 2
_EARLY = frozenset({Category.NOTED, Category.INVESTIGATION, Category.DECISION, Category.ON_TRACK})
_LATER_ON = 6  # within so many laps another message on the same kind and car speaks of the same thing
_NO_INCIDENT = (
    "BLUE FLAG",
    "YELLOW",
    "SAFETY CAR",
    "SPEEDING",
    "START",
    "PIT",
    "WEAVING",
    "ERRATIC",
    "IMPEDING",
    "TRACK LIMITS",
)


def told_by_race_control(messages: pd.DataFrame, laps: pd.DataFrame, series: str) -> list[tuple[object, ...]]:
    """Each car that race control says spun, went off, stopped, collided or was in an incident at a turn, once.

    A decision or penalty long after is no new event: of messages of the same kind on the same car within six laps the
    first one counts.

    Args:
        messages: the session's ``race_control``.
        laps: its laps.
        series: whose race control it is.

    Returns:
        Tuples of session_id, car_number, kind, first_lap, last_lap and at_lap.
    """
    found: list[tuple[object, ...]] = []
    told: dict[tuple[str, str], int] = {}
    own = {str(number): one.sort_values("lap_number") for number, one in laps.groupby("car_number")}
    for row in messages.sort_values("sequence").itertuples() if len(messages) else ():
        ruling = read_message(str(row.text), Series.read(series))
        kind = kind_of(ruling, str(row.text))
        for car in dict.fromkeys((*ruling.car_numbers, *ruling.with_cars)) if kind else ():
            lap = _lap_under_way(own.get(car), row.time_ms, row.lap_number)
            if lap is None or kind is None:
                continue
            is_new = lap - told.get((car, kind), -99) > _LATER_ON
            told[car, kind] = lap
            if is_new:
                first = max(lap - _LAPS_BEFORE.get(kind, _MOST_LAPS_BEFORE), 1)
                found.append((row.session_id, car, kind, first, lap, lap))
    return found


def kind_of(ruling: Ruling, text: str) -> str | None:
    """The kind of label that a message is, if any; what it takes back or corrects is none."""
    if ruling.withdrawn or ruling.correction:
        return None
    if ruling.category is Category.TECHNICAL and ruling.flag == "black_and_orange":
        return "technical"
    if ruling.category not in _EARLY:
        return None
    if ruling.happening in _KINDS:
        return _KINDS[ruling.happening]
    is_turn = ruling.turn is not None and ruling.category is not Category.DECISION
    return "incident" if is_turn and not any(word in text.upper() for word in _NO_INCIDENT) else None


def _lap_under_way(laps: pd.DataFrame | None, time_ms: object, leader_lap: object) -> int | None:
    """The car's lap at the time of a message; where there is no time, the leader's lap, if the car drove one of that
    number."""
    if laps is None:
        return None
    if not pd.isna(time_ms):
        begun = laps[laps["start_ms"].notna() & (laps["start_ms"] <= time_ms)]
        return int(begun["lap_number"].iloc[-1]) if len(begun) else None
    return int(leader_lap) if not pd.isna(leader_lap) and (laps["lap_number"] == leader_lap).any() else None  # type: ignore[call-overload]
