"""Where a store lies on the disk, from its URL, and the URL of a file.

A folder's URL is read as it stands; a file's is read as SQLAlchemy reads it, %20 as a space.
"""

from pathlib import Path

from racelab.errors import StoreError

_SCHEME = "json:///"


def folder_of(url: str) -> Path:
    """The folder of a JSON store's URL.

    Raises:
        StoreError: the URL names none.
    """
    folder = url.removeprefix(_SCHEME)
    if folder == url or not folder.strip("/") or "\x00" in folder or set(folder) & set("?#"):
        raise StoreError(f"{url!r} names no folder: write json:///FOLDER, or json:////FOLDER from the root")
    return Path(folder)


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file, whatever letters its path has."""
    return f"sqlite:///{path.as_posix().replace('%', '%25').replace('?', '%3F')}"
