"""Files of a folder and all below it, in order, and why one of them is passed over."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LONGEST = 64


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file that holds no session, and why."""

    path: Path
    reason: str


def files_below(path: Path, passed_over: list[PassedOver] | None = None) -> Iterator[Path]:
    """The plain files at or below a path, by name; links to folders are not followed, so that none can go in circles.

    What cannot be entered or is no plain file is added to ``passed_over``.
    """
    if not path.is_dir():
        yield path
        return
    said = passed_over if passed_over is not None else []

    def closed(error: OSError) -> None:
        said.append(PassedOver(Path(error.filename or path), f"cannot be opened ({error.strerror})"))

    for name, folders, files in os.walk(path, onerror=closed):
        folder = Path(name)
        linked = [each for each in sorted(folders) if (folder / each).is_symlink()]
        said.extend(PassedOver(folder / each, "a link to a folder: give the folder itself") for each in linked)
        folders[:] = [each for each in sorted(folders) if each not in linked]
        for each in sorted(files):
            if (folder / each).is_file():
                yield folder / each
            else:
                said.append(PassedOver(folder / each, "no plain file, or a link that leads nowhere"))


def why_passed_over(path: Path, wanted: str, suffixes: tuple[str, ...]) -> PassedOver:
    """Why a file was not taken for one of the wanted kind: its name, its size or its content."""
    if not path.name.lower().endswith(suffixes):
        kind = "".join(path.suffixes[-2:])[:_LONGEST] or "no ending"
        return PassedOver(path, f"its name ends in none of {', '.join(suffixes)} ({kind})")
    try:
        empty = path.stat().st_size == 0
        with path.open("rb"):
            pass
    except OSError as error:
        return PassedOver(path, f"cannot be opened ({error.strerror})")
    return PassedOver(path, "it is empty" if empty else f"its first line is not that of {wanted}")
