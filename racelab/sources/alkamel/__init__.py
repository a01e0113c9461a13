"""Al Kamel Systems' result files: WEC, IMSA and the GR Cup."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from racelab.domain.records import Provenance, SessionData
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput
from racelab.sources.alkamel.files import Kind, SessionFiles, find, kind_of
from racelab.sources.alkamel.session import SOURCE, VERSION, read_session
from racelab.sources.alkamel.tables import digest_of
from racelab.sources.folder import PassedOver, files_below, why_passed_over
from racelab.sources.hints import Hints
from racelab.sources.reading import blamed_on
from racelab.sources.textfile import read_raw

_SUFFIXES = (".csv", ".csv.gz")

__all__ = ["SOURCE", "FoundSession", "find_sessions", "passed_over", "read", "sniff"]


@dataclass(slots=True)
class FoundSession:
    """One session that a path holds, not read yet; ``label`` names it for people."""

    label: str
    files: SessionFiles
    hints: Hints
    _taken: dict[SessionKey, Path] = field(repr=False)
    source: ClassVar[str] = SOURCE

    @property
    def location(self) -> str:
        """The file that the session goes by."""
        return str(self.files.main)

    def origin(self) -> Provenance | None:
        """The provenance that a reading would give, from the files' bytes alone; None where hints name the session."""
        if self.hints != Hints(self.hints.series):
            return None
        digest = digest_of(map(read_raw, self.files.paths), self.hints)
        return Provenance(SOURCE, self.location, digest, VERSION)

    def read(self) -> SessionData:
        """The session's data.

        Raises:
            BadInput: a file is damaged, the session cannot be named, or another file of the path is the same one.
        """
        with blamed_on(self.files.main):
            data = read_session(self.files, self.hints)
        other = self._taken.setdefault(data.session.key, self.files.main)
        if other != self.files.main:
            raise BadInput(
                f"{self.files.main}: {data.session.key} is what {other} holds too: give them one by one, "
                "with --event or --season where they differ"
            )
        return data


def sniff(path: Path) -> bool:
    """Whether the file, or a file in the folder, is an Al Kamel lap or results file by its header."""
    wanted = (Kind.LAPS, Kind.RESULTS)
    return any(".csv" in file.name.lower() and kind_of(file) in wanted for file in files_below(path))


def find_sessions(path: Path, hints: Hints) -> list[FoundSession]:
    """The sessions that a file or folder holds, each to be read on its own.

    Raises:
        BadInput: there is no such path, or no such file in it.
    """
    taken: dict[SessionKey, Path] = {}
    root = path if path.is_dir() else path.parent
    return [FoundSession(_label(files, root), files, hints, taken) for files in find(path)]


def passed_over(path: Path, found: Iterable[FoundSession]) -> list[PassedOver]:
    """The files at or below a path that none of the sessions found there takes, and why."""
    used = {file for session in found for file in session.files.paths}
    said: list[PassedOver] = []
    for file in files_below(path, said):
        if file not in used and path.is_dir():
            alone = kind_of(file) if file.name.lower().endswith(_SUFFIXES) else None
            why = PassedOver(file, f"a {alone} file with no lap or results file beside it")
            said.append(why if alone else why_passed_over(file, "an Al Kamel file", _SUFFIXES))
    return said


def read(path: Path, hints: Hints) -> Iterator[SessionData]:
    """The data of every session that a file or folder holds.

    Raises:
        BadInput: a file is damaged or none of these, or a session cannot be named.
    """
    for found in find_sessions(path, hints):
        yield found.read()


def _label(files: SessionFiles, root: Path) -> str:
    try:
        return str(files.main.relative_to(root))
    except ValueError:
        return files.main.name
