"""A backup's file: a ZIP of members and a manifest that tells how many bytes each has and their SHA-256."""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from racelab.errors import BadInput

FORMAT, VERSION = "racelab backup", 1
_MANIFEST = "manifest.json"
_PIECE = 1 << 20
# A manifest is some kilobytes; a foreign ZIP could hold anything under its name.
_LARGEST_MANIFEST = 16 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """A member's size and the SHA-256 of its bytes."""

    bytes: int
    sha256: str


@dataclass(slots=True)
class Manifest:
    """What a backup holds: of which kind of store, at which schema, each table's columns and rows, its members."""

    kind: str
    schema: str | None
    created_utc: str
    racelab: str
    columns: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)


class BackupWriter:
    """Adds members to a backup and notes their checksums in its manifest."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self._archive, self.manifest = archive, manifest

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """Add a member from its bytes in pieces."""
        digest, size = hashlib.sha256(), 0
        with self._archive.open(name, "w", force_zip64=True) as target:
            for piece in pieces:
                target.write(piece)
                digest.update(piece)
                size += len(piece)
        self.manifest.members[name] = Member(size, digest.hexdigest())

    def add_file(self, name: str, path: Path) -> None:
        """Add a file as a member."""
        with path.open("rb") as source:
            self.add(name, iter(lambda: source.read(_PIECE), b""))


@contextmanager
def new_backup(file: Path, manifest: Manifest) -> Iterator[BackupWriter]:
    """Write a backup aside and give it its name when it is complete; what was under the name stays until then."""
    aside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with aside.open("xb") as target:
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                yield BackupWriter(archive, manifest)
                document = {"format": FORMAT, "version": VERSION, **asdict(manifest)}
                archive.writestr(_MANIFEST, json.dumps(document, indent=1))
            target.flush()
            os.fsync(target.fileno())
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)


class Backup:
    """A backup's file, open to read."""

    def __init__(self, file: Path, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self.file, self._archive, self.manifest = file, archive, manifest

    def verify(self) -> Iterator[str]:
        """Compare every member with the manifest; yields their names as they pass.

        Raises:
            BadInput: a member is missing, damaged or another one.
        """
        names = set(self._archive.namelist()) - {_MANIFEST}
        if names != set(self.manifest.members):
            raise BadInput(f"{self.file} has other parts than its manifest says: take another backup")
        for name, member in self.manifest.members.items():
            digest, size = hashlib.sha256(), 0
            for piece in self.pieces(name):
                digest.update(piece)
                size += len(piece)
            if (size, digest.hexdigest()) != (member.bytes, member.sha256):
                raise BadInput(f"{self.file} is damaged: {name} is not what was saved; take another backup")
            yield name

    def pieces(self, name: str) -> Iterator[bytes]:
        """A member's bytes in pieces.

        Raises:
            BadInput: it is damaged.
        """
        try:
            with self._archive.open(name) as source:
                yield from iter(lambda: source.read(_PIECE), b"")
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise BadInput(f"{self.file} is damaged in {name}: {error}; take another backup") from error

    def extract(self, name: str, target: IO[bytes]) -> None:
        """Write a member's bytes to a file."""
        for piece in self.pieces(name):
            target.write(piece)
        target.flush()
        os.fsync(target.fileno())


@contextmanager
def open_backup(file: Path) -> Iterator[Backup]:
    """Open a backup and read its manifest.

    Raises:
        BadInput: the file is missing, no backup, or one of a newer racelab.
    """
    if not file.is_file():
        raise BadInput(f"there is no backup {file}")
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, EOFError) as error:
        raise BadInput(f"{file} is no backup of racelab, or was cut: {error}") from error
    with archive:
        yield Backup(file, archive, _manifest(file, archive))


def _manifest(file: Path, archive: zipfile.ZipFile) -> Manifest:
    try:
        if archive.getinfo(_MANIFEST).file_size > _LARGEST_MANIFEST:
            raise BadInput(f"{file} is no backup of racelab: its manifest is too long")
        document = json.loads(archive.read(_MANIFEST))
        if document["format"] != FORMAT:
            raise BadInput(f"{file} is no backup of racelab")
        if document["version"] > VERSION:
            raise BadInput(f"{file} was made by a newer racelab: install it to restore")
        members = {name: Member(int(one["bytes"]), str(one["sha256"])) for name, one in document["members"].items()}
        rows = {str(table): int(count) for table, count in document["rows"].items()}
        columns = {str(table): [str(name) for name in names] for table, names in document["columns"].items()}
        told = {key: document[key] for key in ("kind", "schema", "created_utc", "racelab")}
    except (KeyError, TypeError, ValueError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        raise BadInput(f"{file} is no backup of racelab: its manifest cannot be read") from error
    return Manifest(**told, columns=columns, rows=rows, members=members)
