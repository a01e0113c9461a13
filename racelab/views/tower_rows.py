"""What the timing tower shows of a car: pure functions from states to flat rows of texts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from racelab.domain.time import MISSING, format_duration, format_gap
from racelab.domain.vocabulary import COLUMNS
from racelab.views.race_frames import own_colour
from racelab.views.theme import LINE, class_colour, class_letters, has_colour, readable, tyre_letter

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
    "car_class": "The class that the car competes in, and its place in it",
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


def tower_columns(cars: Iterable[Any]) -> list[dict[str, str | int]]:
    """Key, heading, description and rank of the tower's columns.

    Cars of one class need no column for it, and a source that tells no tyre needs none for tyres.
    """
    known = list(cars)
    idle = {"car_class": known and len({car.car_class for car in known if car.car_class}) < 2}
    idle |= {"compound": known and not any(car.compound or car.tyre_age is not None for car in known)}
    shown = [(key, rank) for key, rank in _SHOWN if not idle.get(key)]
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
    marks: Mapping[str, str] = car.marks or {}
    row: Row = {key: _number(getattr(car, key)) for key in ("position", "class_position", "laps", "stops")}
    row |= {key: format_duration(getattr(car, key)) for key in _TIMES}
    row |= {f"{key}_mark": marks.get(key) for key in _TIMES}
    row |= {"car_number": car.car_number, "driver": car.driver or car.team or MISSING}
    row |= _gaps(car) | _class(car) | _tyre(car)
    row |= {"stint": _stint(car), "status": STATUS_WORDS.get(car.status or "", ""), "way": way}
    row |= {"team": car.team, "order": car.position}
    return row


def with_best_marks(rows: Mapping[str, Row], cars: Iterable[Any]) -> dict[str, Row]:
    """The rows with the best lap of the session and of each class marked as such."""
    best: dict[str | None, Any] = {}
    timed = sorted((car for car in cars if car.best_lap_ms is not None), key=lambda car: car.best_lap_ms)
    for car in timed:
        best.setdefault(car.car_class, car)
    marks = {car.car_number: "class" for car in best.values()} | {car.car_number: "session" for car in timed[:1]}
    return {
        number: {**row, "best_lap_ms_mark": marks[number]} if number in marks else dict(row)
        for number, row in rows.items()
    }


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


def _gaps(car: Any) -> Row:
    laps = car.laps
    own = f"{laps} lap{'s' if laps != 1 else ''}" if laps is not None else MISSING
    leads, leads_class = car.position == 1, car.class_position == 1
    return {
        "gap_ms": own if leads else format_gap(car.gap_ms, car.gap_laps),
        "interval_ms": MISSING if leads else format_gap(car.interval_ms, car.interval_laps),
        "class_gap_ms": own if leads_class else format_gap(car.class_gap_ms, car.class_gap_laps),
    }


def _class(car: Any) -> Row:
    name = car.car_class
    # A series of one class has no class colour: the stripe is the team's own.
    own = own_colour(car.colour) if not has_colour(name) else None
    colour = readable(own, True, LINE) if own else class_colour(name)
    return {"car_class": class_letters(name) or MISSING, "class_name": name, "class_colour": colour}


def _tyre(car: Any) -> Row:
    age = car.tyre_age
    return {"compound": tyre_letter(car.compound), "compound_name": car.compound, "tyre_age": _number(age)}


def _stint(car: Any) -> str:
    if car.stint is None:
        return MISSING
    return f"{car.stint} ({car.stint_laps})" if car.stint_laps is not None else str(car.stint)


def _number(value: int | None) -> str:
    return MISSING if value is None else str(value)
