"""Which files of a folder are which, by their headers, and which of them tell of the same session."""

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from racelab.errors import BadInput
from racelab.sources import grcup
from racelab.sources.alkamel import specification as spec
from racelab.sources.folder import files_below
from racelab.sources.textfile import split_header

_HEAD_BYTES = 8192
_SUFFIX = re.compile(r"\.csv(\.gz)?$", re.IGNORECASE)
_STAMPED = re.compile(r"^(\d{12}-.+)-(?:laps|results|weather)$", re.IGNORECASE)
_RACE_NUMBER = re.compile(r"(?:race[ _]*|(?:^|[_ ])R)([1-9])(?!\d)", re.IGNORECASE)


class Kind(StrEnum):
    """What a file holds."""

    LAPS = "laps"
    RESULTS = "results"
    WEATHER = "weather"
    LOGGER = "logger"


# What a file calls itself, for one whose content does not tell: it is reported, not passed over.
_NAMES = (
    (Kind.LAPS, re.compile(r"(?:^|[-_])laps$|(?:^|_)23_Analysis", re.IGNORECASE)),
    (Kind.RESULTS, re.compile(r"-results$|^0[0-5]_", re.IGNORECASE)),
    (Kind.WEATHER, re.compile(r"-weather$|^26_Weather", re.IGNORECASE)),
)


@dataclass(slots=True)
class SessionFiles:
    """The files of one session, in order of name; at most one of them holds laps."""

    laps: Path | None = None
    results: list[Path] = field(default_factory=list)
    weather: list[Path] = field(default_factory=list)
    logger: list[Path] = field(default_factory=list)

    @property
    def main(self) -> Path:
        """The file that the session goes by."""
        return self.laps or self.results[0]

    @property
    def paths(self) -> list[Path]:
        """All of them, in order of name."""
        return sorted(path for path in (self.laps, *self.results, *self.weather, *self.logger) if path)

    @property
    def race_number(self) -> int | None:
        """The number of the race in its meeting, as file or folder name it."""
        return race_number(self.main)


def kind_of(path: Path) -> Kind | None:
    """What the file holds, by its header alone, or None for anything else."""
    names = set(split_header(_first_line(path)))
    if names >= spec.LAP_COLUMNS:
        return Kind.LAPS
    if names >= spec.RESULT_COLUMNS or names >= spec.CLASS_RESULT_COLUMNS:
        return Kind.RESULTS
    if names >= spec.WEATHER_COLUMNS:
        return Kind.WEATHER
    return Kind.LOGGER if names >= grcup.LOGGER_COLUMNS else None


def named_kind(path: Path) -> Kind | None:
    """What the file's name says that it holds, or None."""
    stem = stem_of(path)
    return next((kind for kind, pattern in _NAMES if pattern.search(stem)), None)


def stem_of(path: Path) -> str:
    """The file's name without `.csv` and `.gz`."""
    return _SUFFIX.sub("", path.name)


def race_number(path: Path) -> int | None:
    """The race's number in the file's name (`_Race 2`, `_R2`), or in that of its folder."""
    for name in (stem_of(path), path.parent.name):
        found = _RACE_NUMBER.search(name)
        if found:
            return int(found[1])
    return None


def find(path: Path) -> list[SessionFiles]:
    """The sessions whose files lie at or below a path: one for each lap file, and for results without laps.

    Raises:
        BadInput: there is no such path, or no such file in it.
    """
    if not path.exists():
        raise BadInput(f"{path}: there is no such file or folder")
    if path.is_file():
        return _of_file(path)
    groups: dict[tuple[Path, str], list[tuple[Kind, Path]]] = {}
    for file, kind in _known(files_below(path)):
        groups.setdefault((file.parent, _tag(file)), []).append((kind, file))
    found = [session for _, members in sorted(groups.items()) for session in _sessions(members)]
    if not found:
        raise BadInput(
            f"{path}: there is no Al Kamel lap or results file in it: give the folder with the .csv or .csv.gz files"
        )
    return found


def _of_file(path: Path) -> list[SessionFiles]:
    """The session of one file, with what lies beside it: results or weather given alone mean their whole session."""
    kind = kind_of(path) or named_kind(path)
    beside = [(other, file) for file, other in _known(path.parent.iterdir()) if _tag(file) == _tag(path)]
    if kind in (None, Kind.LAPS):
        # A file of unknown content is read as a lap file, so that reading it says what is wrong with it.
        return [_session(path, beside)]
    found = _sessions(beside)
    if not found:
        raise BadInput(f"{path}: a {kind} file alone is no session: give the lap or results file, or the folder")
    return found


def _known(paths: Iterable[Path]) -> Iterator[tuple[Path, Kind]]:
    for path in sorted(paths):
        if _SUFFIX.search(path.name) and path.is_file():
            kind = kind_of(path) or named_kind(path)
            if kind is not None:
                yield path, kind


def _tag(path: Path) -> str:
    """What the files of one session have in common: a stamp, a race number, else the file's own name."""
    stamped = _STAMPED.match(stem_of(path))
    if stamped:
        return stamped[1]
    number = race_number(path)
    return f"race {number}" if number else re.sub(r"-(?:laps|results|weather)$", "", stem_of(path))


def _sessions(members: list[tuple[Kind, Path]]) -> list[SessionFiles]:
    laps = [path for kind, path in members if kind is Kind.LAPS]
    if laps:
        return [_session(path, members) for path in laps]
    return [_session(None, members)] if any(kind is Kind.RESULTS for kind, _ in members) else []


def _session(laps: Path | None, members: list[tuple[Kind, Path]]) -> SessionFiles:
    of = {kind: [path for other, path in members if other is kind] for kind in Kind}
    return SessionFiles(laps, of[Kind.RESULTS], of[Kind.WEATHER], of[Kind.LOGGER])


def _first_line(path: Path) -> str:
    """The first line, as far as it can be read: what cannot has no header, and fails when it is read in full."""
    try:
        with path.open("rb") as file:
            raw = file.read(_HEAD_BYTES)
    except OSError:
        return ""
    if raw.startswith(b"\x1f\x8b"):
        try:
            raw = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(raw, _HEAD_BYTES)
        except zlib.error:
            return ""
    return raw.split(b"\n", 1)[0].decode("utf-8-sig", errors="replace")
