"""What is known of the rounds of the endurance series before a file is opened: names, places, dates, starts.

The facts stand in `calendars/*.csv`: rounds with their dates (of each race, where a weekend has two), scheduled
starts and lengths, circuits with their time zones, lap lengths and the names by which files and people call them.
Round 0 is a meeting before the season that counts for no championship. ``start_by`` says what the start rests on:
laps (the clock of the official lap file, `clock_zero`), recording, timetable, stamp (a folder's name alone, which may
be an hour off); empty where nobody told a start that can be trusted. ``source`` is who says so.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files

from racelab.domain.series import Series


@dataclass(frozen=True, slots=True)
class Circuit:
    """A circuit; ``lap_length_m`` is null where its layout differs between series."""

    key: str
    name: str
    country: str
    timezone: str
    lap_length_m: float | None
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """A meeting of a season; ``code`` is the session that is its race, ``dates`` are local, one for each race."""

    series: Series
    season: int
    round: int
    name: str
    circuit: Circuit
    dates: tuple[date, ...]
    start_utc: datetime | None
    scheduled_ms: int
    code: str
    aliases: tuple[str, ...]
    status: str | None = None
    start_by: str | None = None
    start_note: str | None = None
    source: str | None = None


@cache
def circuits() -> tuple[Circuit, ...]:
    """Every circuit that is known."""
    return tuple(map(circuit_of, packaged("circuits")))


@cache
def rounds(series: Series, season: int | None = None) -> tuple[Round, ...]:
    """The rounds of a season, or of all seasons that are known; none for a series without a calendar here."""
    if series is Series.F1:
        return ()
    places = {circuit.key: circuit for circuit in circuits()}
    every = (round_of(series, row, places) for row in packaged(series.value))
    return tuple(entry for entry in every if season in (None, entry.season))


def find_circuit(names: Iterable[str]) -> Circuit | None:
    """The circuit that the first telling one of these names means, or None."""
    for name in names:
        text = _plain(name)
        scores = [(_longest(circuit.aliases, text), circuit) for circuit in circuits()]
        best, found = max(scores, key=lambda pair: pair[0])
        if best:
            return found
    return None


def find_rounds(series: Series, season: int, names: Iterable[str], on: date | None = None) -> list[Round]:
    """The rounds that the first telling one of these names means: one, none, or several that it cannot tell apart.

    A date that is the day of just one round decides before any name does.
    """
    held = rounds(series, season)
    on_day = [entry for entry in held if on is not None and on in entry.dates]
    if len(on_day) == 1:
        return on_day
    for name in names:
        text = _plain(name)
        scores = [(_longest(_spellings(entry), text), entry) for entry in on_day or held]
        best = max((score for score, _ in scores), default=0)
        if best:
            return [entry for score, entry in scores if score == best]
    return []


def _spellings(entry: Round) -> Sequence[str]:
    """What a round may be called: its name, its circuit's names, those with the race's length.

    A round with names of its own goes by these alone: another of the season is held at the same circuit.
    """
    if entry.aliases:
        return [_plain(entry.name).strip(), *entry.aliases]
    hours = f"{entry.scheduled_ms // 3_600_000}"
    long = [
        f"{length} {alias}" if first else f"{alias} {length}"
        for alias in entry.circuit.aliases
        for length in (f"{hours}h", f"{hours} hours")
        for first in (True, False)
    ]
    return [_plain(entry.name).strip(), *entry.circuit.aliases, *long]


def _longest(aliases: Iterable[str], text: str) -> int:
    return max((len(alias) for alias in aliases if alias and f" {alias} " in text), default=0)


def _plain(name: str) -> str:
    """Lower case without accents, single spaces for everything else, one at each end."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return f" {re.sub(r'[^a-z0-9]+', ' ', folded).strip()} "


def circuit_of(row: Mapping[str, str]) -> Circuit:
    """The circuit that a row of `circuits.csv` tells.

    Raises:
        KeyError, ValueError: the row lacks a column, or a value is not what it should be.
    """
    length = row["lap_length_m"]
    aliases = tuple(row["aliases"].split(";"))
    return Circuit(
        row["circuit"], row["name"], row["country"], row["timezone"], float(length) if length else None, aliases
    )


def round_of(series: Series, row: Mapping[str, str], places: Mapping[str, Circuit]) -> Round:
    """The round that a row of a calendar tells; ``places`` are the circuits by their key.

    Raises:
        KeyError, ValueError: the row lacks a column, or a value is not what it should be.
    """
    start = row["start_utc"]
    return Round(
        series, _whole(row, "season"), _whole(row, "round"), row["name"], places[row["circuit"]],
        tuple(_day(day) for day in row["dates"].split()), _instant(start) if start else None,
        round(float(row["hours"]) * 60) * 60_000, row["code"], tuple(filter(None, row["aliases"].split(";"))),
        *(row.get(name) or None for name in ("status", "start_by", "start_note", "source")),
    )  # fmt: skip


def _whole(row: Mapping[str, str], name: str) -> int:
    if not (row[name].isascii() and row[name].isdecimal()):
        raise ValueError(f"{name} {row[name]!r} is no number")
    return int(row[name])


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} in dates is no day: write it as 2026-11-08") from None


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(f"start_utc {text!r} is no instant: write it as 2026-11-08T10:30Z")
    return moment.astimezone(UTC)


@cache
def packaged(name: str) -> tuple[dict[str, str], ...]:
    """The rows of one of the package's own tables, such as wec or circuits."""
    text = files("racelab.sources").joinpath("calendars", f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
