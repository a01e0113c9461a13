"""Al Kamel Systems' result files: WEC, IMSA and the GR Cup."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from racelab.domain.records import SessionData
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput
from racelab.sources.alkamel.files import Kind, SessionFiles, find, kind_of
from racelab.sources.alkamel.session import read_session
from racelab.sources.hints import Hints

__all__ = ["FoundSession", "find_sessions", "read", "sniff"]


@dataclass(slots=True)
class FoundSession:
    """One session that a path holds, not read yet; ``label`` names it for people."""

    label: str
    files: SessionFiles
    hints: Hints
    _taken: dict[SessionKey, Path] = field(repr=False)

    def read(self) -> SessionData:
        """The session's data.

        Raises:
            BadInput: a file is damaged, the session cannot be named, or another file of the path is the same one.
        """
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
    candidates = [path] if path.is_file() else path.rglob("*")
    wanted = (Kind.LAPS, Kind.RESULTS)
    return any(file.is_file() and ".csv" in file.name.lower() and kind_of(file) in wanted for file in candidates)


def find_sessions(path: Path, hints: Hints) -> list[FoundSession]:
    """The sessions that a file or folder holds, each to be read on its own.

    Raises:
        BadInput: there is no such path, or no such file in it.
    """
    taken: dict[SessionKey, Path] = {}
    root = path if path.is_dir() else path.parent
    return [FoundSession(_label(files, root), files, hints, taken) for files in find(path)]


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
