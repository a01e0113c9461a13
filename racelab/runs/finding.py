"""Sessions to ingest, found one file after the other, so that one that cannot be read stops none of the others."""

import glob
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from racelab.domain.records import SessionData
from racelab.domain.series import Series
from racelab.errors import BadInput, RacelabError
from racelab.runs.ingest import Found
from racelab.sources.folder import PassedOver, files_below, why_passed_over

_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Unfound:
    """In the place of sessions that cannot even be listed: reading it raises why."""

    label: str
    source: str
    error: RacelabError

    @property
    def event_name(self) -> str:
        """What could not be listed."""
        return self.label

    def read(self) -> SessionData:
        """Raise the error."""
        raise self.error


@dataclass(frozen=True, slots=True)
class Folder:
    """How a source takes folders: what its files are called, which are its own, what they hold."""

    source: str
    wanted: str
    suffixes: tuple[str, ...]
    sniff: Callable[[Path], bool]
    find: Callable[[Path], Iterable[Found]]


def expand(paths: Iterable[Path]) -> list[Path]:
    """The paths, those with ``*``, ``?`` or ``[`` as the files that they match.

    Raises:
        BadInput: there is nothing of that name.
    """
    found: list[Path] = []
    for path in paths:
        matches = [path]
        if not path.exists():
            matches = sorted(Path(name) for name in glob.glob(str(path), recursive=True) if _GLOB & set(str(path)))
        if not matches:
            raise BadInput(f"there is no file or folder {path}")
        found += matches
    return list(dict.fromkeys(found))


def sessions_of(paths: Iterable[Path], folder: Folder, passed_over: list[PassedOver]) -> Iterator[Found]:
    """The sessions of files and folders, one file after the other; what a folder has beside them is passed over."""
    for path in paths:
        given = not path.is_dir()
        for file in files_below(path, passed_over):
            if given or folder.sniff(file):
                yield from listed(file, folder.source, folder.find)
            else:
                passed_over.append(why_passed_over(file, folder.wanted, folder.suffixes))


def listed(path: Path, source: str, find: Callable[[Path], Iterable[Found]]) -> Iterator[Found]:
    """The sessions that a path holds, or in their place why they cannot be listed."""
    try:
        yield from find(path)
    except RacelabError as error:
        yield Unfound(str(path), source, error)


def of_season(series: Series, season: int, error: RacelabError) -> Unfound:
    """In the place of a season whose schedule cannot be read."""
    return Unfound(f"season {season}", series.value, error)
