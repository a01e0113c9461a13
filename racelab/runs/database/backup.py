"""Backups: what a store holds at one moment, in one file, while others go on writing."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from racelab import wall
from racelab.errors import BadInput
from racelab.runs.database import backup_folder, backup_postgres, backup_sqlite
from racelab.runs.database.access import Opened, kind_of, looking, path_of
from racelab.runs.database.archived import restored_archives, save_archives
from racelab.runs.database.container import Backup, Manifest, new_backup, open_backup
from racelab.settings import Settings
from racelab.store.engine import mask
from racelab.store.migrate import current, head
from racelab.store.protocol import Progress
from racelab.store.tables import TABLES

_KINDS: dict[str, Any] = {"sqlite": backup_sqlite, "postgresql": backup_postgres, "json": backup_folder}
_COLUMNS = {name: list(spec.columns) for name, spec in TABLES.items()}


def back_up(settings: Settings, file: Path, progress: Progress, *, force: bool = False) -> Manifest:
    """Write a backup of the settings' store, as it is at one moment; returns what is in it.

    Raises:
        BadInput: the file is there already and ``force`` is not set, or is the store itself.
        StoreError: the store cannot be read, or is damaged.
    """
    _require_free(settings, file, force)
    file.parent.mkdir(parents=True, exist_ok=True)
    with looking(settings) as store:
        made = wall.now().isoformat(timespec="seconds")
        manifest = Manifest(store.kind, _schema(store), made, version("racelab"), _COLUMNS)
        with new_backup(file, manifest) as target:
            manifest.rows = _KINDS[store.kind].save(store, target, file.parent, progress)
            save_archives(store, target)
    return manifest


def restore(settings: Settings, file: Path, progress: Progress, *, force: bool = False) -> Manifest:
    """Put what a backup holds in the place of what the settings' store holds, in one transaction.

    The backup is compared with its own checksums before anything is touched; one of an older schema is upgraded.

    Raises:
        BadInput: the file is no whole backup of such a store.
        StoreError: the store holds something and ``force`` is not set, or refused the rows; it is as it was then.
    """
    with open_backup(file) as backup:
        _require_fitting(settings, backup)
        for name in backup.verify():
            progress(f"verify {name}", backup.manifest.members[name].bytes)
        with restored_archives(settings.store_url, backup):
            _KINDS[backup.manifest.kind].restore(settings, backup, progress, force=force)
        return backup.manifest


def _schema(store: Opened) -> str | None:
    return head() if store.kind == "json" else current(store.connection)


def _require_free(settings: Settings, file: Path, force: bool) -> None:
    store = path_of(settings.store_url)
    if file.is_dir():
        raise BadInput(f"{file} is a folder: name a file for the backup")
    if not file.exists():
        return
    if store is not None and _is_of(file.resolve(), store.resolve()):
        raise BadInput(f"{file} belongs to the store itself: name another file for its backup")
    if not force:
        raise BadInput(f"{file} is there already: name another file, or add --force to replace it")


def _is_of(file: Path, store: Path) -> bool:
    """Whether a file is the store's, or one of its own beside or in it."""
    same = store.exists() and file.samefile(store)
    return same or file.is_relative_to(store) or str(file) in (f"{store}-wal", f"{store}-shm")


def _require_fitting(settings: Settings, backup: Backup) -> None:
    kind, schema = backup.manifest.kind, backup.manifest.schema
    wanted = kind_of(settings.store_url)
    if kind not in _KINDS or kind != wanted:
        raise BadInput(
            f"{backup.file} is a backup of a {kind} store and {mask(settings.store_url)} is of kind {wanted}: restore it"
            " into a store of its own kind, then `racelab db copy`"
        )
    if schema is not None and schema > head():
        raise BadInput(
            f"{backup.file} has schema {schema}, newer than this racelab's {head()}: install a newer racelab"
        )
