"""Backups of a JSON folder: its files as they are between two writes."""

from pathlib import Path

from racelab.errors import BadInput, StoreError
from racelab.runs.database.access import Opened
from racelab.runs.database.archived import PREFIX
from racelab.runs.database.container import Backup, BackupWriter
from racelab.settings import Settings
from racelab.store.folder import journal
from racelab.store.folder.blocks import file_parts
from racelab.store.folder.disk import Disk
from racelab.store.folder.manifest import MANIFEST
from racelab.store.folder.names import FILES
from racelab.store.folder.store import JsonStore
from racelab.store.places import folder_of
from racelab.store.protocol import Progress

_NAMES = frozenset({*FILES.values(), MANIFEST})


def save(store: Opened, target: BackupWriter, folder: Path, progress: Progress) -> dict[str, int]:
    """Add every file of the folder, while nobody writes it; returns the rows of the tables.

    Raises:
        StoreError: the folder was written since it was opened, or cannot be read.
    """
    place = folder_of(store.url)
    with Disk(place, store.url, 30.0).reading() as contents:
        target.manifest.schema = contents.manifest.schema
        rows = {table: sum(contents.counts(table).values()) for table in FILES}
        for name in sorted(_NAMES):
            if (place / name).exists():
                target.add_file(name, place / name)
                progress(name, (place / name).stat().st_size)
    return rows


def restore(settings: Settings, backup: Backup, progress: Progress, *, force: bool) -> None:
    """Put the saved files in the place of the folder's, all or none; those of an older schema are upgraded.

    Raises:
        BadInput: the backup has files that are none of a store's.
        StoreError: the store is not empty and ``force`` is not set, or cannot be written.
    """
    url = settings.store_url
    members = {name for name in backup.manifest.members if not name.startswith(PREFIX)}
    if not members <= _NAMES or MANIFEST not in members:
        raise BadInput(f"{backup.file} holds files that are none of a JSON store: take another backup")
    place = folder_of(url)
    disk = Disk(place, url, settings.busy_timeout_s)
    with disk.writing() as contents:
        held = sum(sum(contents.counts(table).values()) for table in FILES)
        if held and not force:
            raise StoreError(f"the store {url} holds {held} rows: restore into an empty store, or add --force")
        generation = contents.manifest.generation + 1
        for name in sorted(_NAMES):
            parts = backup.pieces(name) if name in members else file_parts({})
            journal.write_aside(place, name, parts, generation)
            progress(name, 0)
        journal.decide(place, sorted(_NAMES), generation)
        journal.finish(place)
    JsonStore(url, busy_timeout_s=settings.busy_timeout_s).upgrade()
