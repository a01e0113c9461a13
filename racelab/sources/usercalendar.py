"""The calendars with what users put beside them: `data/calendars/<series>.csv` and `circuits.csv`.

A user's file has the columns of the package's own (those that say where a fact comes from may be left out). A row
takes the place of the packaged one of its season and round, or adds one. A row that cannot be read is left out and
told in one line; everything else counts.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from racelab.domain.series import Series
from racelab.domain.sessions import Event, SessionKey, read_code
from racelab.sources.calendar import Circuit, Round, circuit_of, circuits, round_of, rounds
from racelab.sources.f1live.naming import Meeting, meetings

_ROUND_COLUMNS = ("season", "round", "name", "circuit", "dates", "start_utc", "hours", "code", "aliases")
_CIRCUIT_COLUMNS = ("circuit", "name", "country", "timezone", "lap_length_m", "aliases")
_F1_COLUMNS = ("season", "round", "name", "country", "location", "date", "sessions")
_LONGEST_H = 48.0
BY_USER = "user"
Row = Mapping[str, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Endurance:
    """The rounds of a series, and a line for each row of the users' files that was left out."""

    rounds: tuple[Round, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Formula1:
    """The meetings of Formula 1, those of them that are the user's, and a line for each of his rows that was left out."""

    meetings: tuple[Meeting, ...]
    own: frozenset[tuple[int, int]] = frozenset()
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    problems: list[str] = field(default_factory=list)

    def rows(self, path: Path, columns: tuple[str, ...], read: Callable[[Row], T]) -> Iterator[T]:
        """What the file's rows say; what cannot be read is told in ``problems``."""
        try:
            reader = csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as error:
            self.problems.append(f"{path}: cannot be read ({error}); the packaged calendar counts")
            return
        if missing := [name for name in columns if name not in (reader.fieldnames or ())]:
            self.problems.append(f"{path}, line 1: without the columns {', '.join(missing)}; the file is left out")
            return
        for row in reader:
            try:
                yield read({name: (row.get(name) or "").strip() for name in reader.fieldnames or ()})
            except (KeyError, ValueError) as error:
                why = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
                self.problems.append(f"{path}, line {reader.line_num}: {why[:200]}; the row is left out")


def endurance(series: Series, folder: Path) -> Endurance:
    """The rounds of WEC, IMSA or GR Cup with the user's own; the seasons in their order."""
    reading = _Reading()
    places = {circuit.key: circuit for circuit in circuits()}
    own = reading.rows(folder / "circuits.csv", _CIRCUIT_COLUMNS, _circuit)
    places |= {circuit.key: circuit for circuit in own}
    held = {(one.season, one.round): one for one in rounds(series)}
    path = folder / f"{series.value}.csv"
    for one in reading.rows(path, _ROUND_COLUMNS, lambda row: _round(series, row, places)):
        held[one.season, one.round] = one
    return Endurance(tuple(held[place] for place in sorted(held)), tuple(reading.problems))


def formula1(folder: Path) -> Formula1:
    """The meetings of Formula 1 with the user's own; the seasons in their order."""
    reading = _Reading()
    held = {(one.season, one.round): one for one in meetings()}
    own = {(one.season, one.round): one for one in reading.rows(folder / "f1.csv", _F1_COLUMNS, _meeting)}
    held |= own
    return Formula1(tuple(held[place] for place in sorted(held)), frozenset(own), tuple(reading.problems))


def _circuit(row: Row) -> Circuit:
    ZoneInfo(_filled(row, "timezone"))
    return circuit_of(row)


def _round(series: Series, row: Row, places: Mapping[str, Circuit]) -> Round:
    if row["circuit"] not in places:
        raise ValueError(f"circuit {row['circuit']!r} is in neither the package's circuits nor your circuits.csv")
    one = round_of(series, row, places)
    read_code(one.code)
    SessionKey(series, one.season, one.round, one.code)
    _filled(row, "name")
    if not one.dates:
        raise ValueError("dates is empty: write the day of the race such as 2026-11-08")
    if not 0 < float(row["hours"]) <= _LONGEST_H:
        raise ValueError(f"hours {row['hours']} is no length of a race: write hours up to {_LONGEST_H:.0f}")
    # Who writes a start into his own file vouches for it.
    return replace(one, start_by=one.start_by or (BY_USER if one.start_utc else None), source=one.source or BY_USER)


def _meeting(row: Row) -> Meeting:
    season, number = int(row["season"]), int(row["round"])
    starts = {}
    for one in row["sessions"].split():
        code, _, at = one.partition("@")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError(f"session {one!r} has no time zone: write it such as R@2026-11-29T16:00Z")
        starts[SessionKey(Series.F1, season, number, read_code(code)).code] = moment.astimezone(UTC)
    day = datetime.fromisoformat(row["date"]).replace(tzinfo=UTC)
    return Meeting(season, number, Event(_filled(row, "name"), row["location"], row["country"]), day, starts)


def _filled(row: Row, name: str) -> str:
    if not row[name]:
        raise ValueError(f"{name} is empty")
    return row[name]
