"""What a session is called: series, season, event and code, from content, file and folder names, and hints."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Never
from zlib import crc32

from racelab.domain.series import Series
from racelab.domain.sessions import Event, SessionKey
from racelab.errors import BadInput
from racelab.sources.alkamel import specification as spec
from racelab.sources.alkamel.files import SessionFiles, stem_of
from racelab.sources.calendar import Circuit, Round, find_circuit, find_rounds, rounds
from racelab.sources.hints import Hints

_STAMP = re.compile(r"^(20\d{2})(\d{2})(\d{2})(\d{2})(\d{2})-")
_YEAR = re.compile(r"(?<!\d)(20\d{2})(?!\d)")
_LEADING_NUMBER = re.compile(r"^(\d{1,2})[-_ ]")
_FOLDERS = 4
_EVENT = ("event", "--event with its name")
# Rounds that neither a calendar nor the source numbers, from the event's name alone.
_FREE_ROUNDS = range(50, 100)
_CODES = (
    ("QR", re.compile(r"qualifying.race", re.IGNORECASE)),
    ("FP", re.compile(r"(?:practice[ _-]*|\bfp)(\d)", re.IGNORECASE)),
    ("Q", re.compile(r"qualifying|hyperpole", re.IGNORECASE)),
    ("WUP", re.compile(r"warm[ _-]?up", re.IGNORECASE)),
)


@dataclass(frozen=True, slots=True)
class Clues:
    """What the content tells: classes and makers of the laps, columns, the day in UTC, the meeting's number."""

    classes: frozenset[str]
    makers: frozenset[str]
    columns: frozenset[str]
    first_utc: datetime | None = None
    round: int | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A session's key and event, and what the calendar and the file's name know of it."""

    key: SessionKey
    event: Event
    circuit: Circuit | None
    held: Round | None
    day: date | None
    stamp: datetime | None


def name_session(files: SessionFiles, clues: Clues, hints: Hints) -> Named:
    """The session's key and event.

    Raises:
        BadInput: series, season or event cannot be found out; the message says which option to give.
    """
    names = _names(files.main)
    stamp = _stamp(files.main)
    series = hints.series or _series(clues, names) or _fail(files.main, "series", "--series wec, imsa or grcup")
    other = _by_classes(clues)
    if hints.series is Series.GRCUP and other is not None:
        raise BadInput(f"{files.main}: its classes are of {other}, not of the GR Cup: use `racelab ingest alkamel`")
    season = (
        hints.season or _season(names, stamp, clues, hints) or _fail(files.main, "season", "--season with its year")
    )
    number = files.race_number if series is Series.GRCUP else None
    told = [hints.event] if hints.event else names
    held = _held(files.main, series, season, told, stamp if not hints.event else None)
    circuit = find_circuit([hints.circuit]) if hints.circuit else held.circuit if held else find_circuit(told)
    title = held.name if held else hints.event or _title(names, circuit) or _fail(files.main, *_EVENT)
    own = None if hints.event else clues.round if clues.round is not None else _source_number(names)
    place = held.round if held else _round(series, season, own, title)
    code = _code(files.main, held, number)
    event = Event(
        title, circuit.name if circuit else hints.circuit, circuit.country if circuit else None,
        circuit.timezone if circuit else None,
    )  # fmt: skip
    day = stamp.date() if stamp else _day(held, number)
    return Named(SessionKey(series, season, place, code), event, circuit, held, day, stamp)


def _fail(path: Path, what: str, option: str) -> Never:
    raise BadInput(f"{path}: the {what} cannot be found out from content, file or folder names: give {option}")


def _names(path: Path) -> list[str]:
    """File and folder names, nearest first."""
    resolved = path.resolve()
    return [stem_of(path), *(folder.name for folder in list(resolved.parents)[:_FOLDERS] if folder.name)]


def _stamp(path: Path) -> datetime | None:
    found = _STAMP.match(path.name)
    if not found:
        return None
    try:
        return datetime(*(int(part) for part in found.groups()))  # type: ignore[arg-type]
    except ValueError:
        return None


def _series(clues: Clues, names: Iterable[str]) -> Series | None:
    if told := _by_classes(clues):
        return told
    if spec.IMSA_RESULT_COLUMN in clues.columns:
        return Series.IMSA
    if spec.GRCUP_MAKER in clues.makers or any("GR86" in maker for maker in clues.makers):
        return Series.GRCUP
    words = {word for name in names for word in re.split(r"[^a-z]+", name.lower())}
    return next((series for series in (Series.WEC, Series.IMSA, Series.GRCUP) if series.value in words), None)


def _by_classes(clues: Clues) -> Series | None:
    """The series that most of the classes belong to; none where no class is of one series alone."""
    classes = {name.upper() for name in clues.classes}
    scores = {series: len(classes & words) for series, words in spec.SERIES_CLASSES.items()}
    best = max(scores, key=lambda series: scores[series])
    return best if scores[best] else None


def _season(names: Iterable[str], stamp: datetime | None, clues: Clues, hints: Hints) -> int | None:
    if stamp is not None:
        return stamp.year
    for moment in (clues.first_utc, hints.start):
        if moment is not None:
            return moment.year
    return next((int(found[1]) for name in names if (found := _YEAR.search(name))), None)


def _held(path: Path, series: Series, season: int, names: list[str], stamp: datetime | None) -> Round | None:
    found = find_rounds(series, season, names, stamp.date() if stamp else None)
    if len(found) > 1:
        listed = ", ".join(entry.name for entry in found)
        raise BadInput(f"{path}: the event cannot be told apart ({listed}): give --event with its name")
    return found[0] if found else None


def _title(names: list[str], circuit: Circuit | None) -> str | None:
    """The event's name where no calendar has it: the numbered folder's words, or the circuit's."""
    folder = next((name for name in names[1:] if _LEADING_NUMBER.match(name)), None)
    if folder:
        return " ".join(re.sub(r"^\d+", "", folder).replace("-", " ").replace("_", " ").split()).title()
    return circuit.name if circuit else None


def _source_number(names: list[str]) -> int | None:
    return next((int(found[1]) for name in names[1:] if (found := _LEADING_NUMBER.match(name))), None)


def _round(series: Series, season: int, own: int | None, title: str) -> int:
    """The source's number where no calendar numbers the season, else a free one that only the name decides.

    A source's number beside a calendar's could be that of another event.
    """
    if own is not None and not rounds(series, season):
        return own
    return _FREE_ROUNDS[crc32(title.lower().encode()) % len(_FREE_ROUNDS)]


def _code(path: Path, held: Round | None, number: int | None) -> str:
    name = f"{stem_of(path)}"
    for code, pattern in _CODES:
        found = pattern.search(name)
        if found:
            return f"{code}{found[1]}" if code == "FP" else code
    if number is not None:
        return f"R{number}"
    return held.code if held else "R"


def _day(held: Round | None, number: int | None) -> date | None:
    """The local day of the race, where the calendar has it."""
    if held is None or not held.dates:
        return None
    index = (number or 1) - 1
    return held.dates[index] if index < len(held.dates) else None
