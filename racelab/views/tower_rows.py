"""What the timing tower shows of a car: pure functions from states to flat rows of texts."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from racelab.domain.time import MISSING, format_duration, format_gap
from racelab.domain.vocabulary import COLUMNS
from racelab.views.theme import class_colour, class_letters, tyre_letter

Row = dict[str, str | int | bool | None]
# The tower's columns in order, and the narrowest tower that shows them: 2 always, 1 from a small laptop on, 0 wide.
_SHOWN = (
    ("position", 2), ("car_number", 2), ("car_class", 1), ("driver", 2), ("laps", 0), ("gap_ms", 2), ("interval_ms", 1),
    ("last_lap_ms", 2), ("best_lap_ms", 0), ("s1_ms", 0), ("s2_ms", 0), ("s3_ms", 0), ("stint", 0), ("compound", 2),
    ("stops", 1), ("status", 0),
)  # fmt: skip
_TIMES = ("last_lap_ms", "best_lap_ms", "s1_ms", "s2_ms", "s3_ms")
STATUS_WORDS = {
    "pit": "PIT", "out_lap": "OUT", "stopped": "STOP", "finished": "FIN", "retired": "RET", "disqualified": "DSQ",
}  # fmt: skip
STATUS_MEANINGS = {
    "PIT": "in the pit lane", "OUT": "on the lap out of the pits", "STOP": "stopped on the track",
    "FIN": "has taken the chequered flag", "RET": "retired", "DSQ": "disqualified",
}  # fmt: skip
_MEANINGS = {
    "status": "; ".join(f"{word}: {meaning}" for word, meaning in STATUS_MEANINGS.items()),
    "stint": "The car's run between two stops, and in brackets the laps of it so far",
    "compound": "The tyre's compound (S soft, M medium, H hard, I intermediate, W wet) and its age in laps",
    "gap_ms": "Time behind the leader, or laps and more; for the leader, his laps",
    "interval_ms": "Time behind the car in front",
}
_HEADINGS = {"status": "State"}


@dataclass(frozen=True, slots=True)
class Move:
    """The last change of place: up (+1), down (-1) or none (0), seen on this lap of the car."""

    position: int | None = None
    way: int = 0
    lap: int | None = None


def tower_columns(*, with_classes: bool) -> list[dict[str, str | int]]:
    """Key, heading, description and rank of the tower's columns; one class alone needs no class column."""
    shown = [(key, rank) for key, rank in _SHOWN if with_classes or key != "car_class"]
    return [
        {
            "key": key,
            "heading": _HEADINGS.get(key, COLUMNS[key].heading),
            "description": _MEANINGS.get(key, COLUMNS[key].description),
            "rank": rank,
        }
        for key, rank in shown
    ]


def tower_row(car: Any, way: int = 0) -> Row:
    """One car as texts by column, with what its look needs beside them.

    Args:
        car: a state with the fields of `live.state.CarState`.
        way: +1 for an arrow up, -1 for one down.
    """
    state = asdict(car)
    marks: Mapping[str, str] = state["marks"] or {}
    row: Row = {key: _number(state[key]) for key in ("position", "class_position", "laps", "stops")}
    row |= {key: format_duration(state[key]) for key in _TIMES}
    row |= {f"{key}_mark": marks.get(key) for key in _TIMES}
    row |= {"car_number": state["car_number"], "driver": state["driver"] or state["team"] or MISSING}
    row |= _gaps(state) | _class(state) | _tyre(state)
    row |= {"stint": _stint(state), "status": STATUS_WORDS.get(state["status"] or "", ""), "way": way}
    row |= {"team": state["team"], "order": state["position"]}
    return row


def changes(before: Mapping[str, Row], after: Mapping[str, Row]) -> dict[str, Row | None]:
    """The smallest diff from one set of rows to another: changed cells by car, None for a car that is gone."""
    diff: dict[str, Row | None] = {number: None for number in before if number not in after}
    for number, row in after.items():
        old = before.get(number, {})
        changed = {key: value for key, value in row.items() if key not in old or old[key] != value}
        if changed:
            diff[number] = changed
    return diff


def moved(before: Move | None, position: int | None, laps: int | None) -> Move:
    """The arrow after this state: new when the place changed, gone once the car has done another lap."""
    if before is None or before.position is None or position is None:
        return Move(position)
    if position != before.position:
        return Move(position, 1 if position < before.position else -1, laps)
    if before.way and laps is not None and before.lap is not None and laps > before.lap:
        return replace(before, way=0)
    return before


def has_classes(cars: Iterable[Any]) -> bool:
    """Whether cars of more than one class compete."""
    return len({car.car_class for car in cars if car.car_class}) > 1


def _gaps(state: Mapping[str, Any]) -> Row:
    laps = state["laps"]
    own = f"{laps} lap{'s' if laps != 1 else ''}" if laps is not None else MISSING
    leads, leads_class = state["position"] == 1, state["class_position"] == 1
    return {
        "gap_ms": own if leads else format_gap(state["gap_ms"], state["gap_laps"]),
        "interval_ms": MISSING if leads else format_gap(state["interval_ms"], state["interval_laps"]),
        "class_gap_ms": own if leads_class else format_gap(state["class_gap_ms"], state["class_gap_laps"]),
    }


def _class(state: Mapping[str, Any]) -> Row:
    name = state["car_class"]
    colour = class_colour(name) if name else state["colour"]
    return {"car_class": class_letters(name) or MISSING, "class_name": name, "class_colour": colour}


def _tyre(state: Mapping[str, Any]) -> Row:
    age = state["tyre_age"]
    return {"compound": tyre_letter(state["compound"]), "compound_name": state["compound"], "tyre_age": _number(age)}


def _stint(state: Mapping[str, Any]) -> str:
    if state["stint"] is None:
        return MISSING
    return f"{state['stint']} ({state['stint_laps']})" if state["stint_laps"] is not None else str(state["stint"])


def _number(value: int | None) -> str:
    return MISSING if value is None else str(value)
