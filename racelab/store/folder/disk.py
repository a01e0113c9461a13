"""The folder on disk: locked, read as far as it is asked for, and changed as a whole or not at all."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from racelab.errors import StoreError
from racelab.store.folder import journal, manifest
from racelab.store.folder.blocks import Blocks, file_parts
from racelab.store.folder.contents import Contents
from racelab.store.folder.manifest import MANIFEST, Manifest
from racelab.store.folder.names import FILES

_LOCK = "store.lock"
_POLL_S = 0.005


class Disk:
    """The files of a store's folder."""

    def __init__(self, folder: Path, shown: str, busy_timeout_s: float) -> None:
        """Open the folder, creating it where there is none.

        Raises:
            StoreError: it cannot be opened, created or written to.
        """
        self.folder, self.shown = folder, shown
        self._wait_s = busy_timeout_s
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"the store {shown} cannot be opened: {_said(error)}") from error
        self._lock = FileLock(folder / _LOCK, fallback_to_soft=False)
        self._contents = Contents(folder)
        with self.reading():
            new = not self._contents.manifest_there and not any((folder / name).exists() for name in FILES.values())
        if new:
            with self.writing():
                self._commit(Manifest(), {})

    @contextmanager
    def reading(self) -> Iterator[Contents]:
        """What the folder holds, unchanged until the end of the block.

        Raises:
            StoreError: a file cannot be read, or the wait for a writer was too long.
        """
        with self._locked(alone=False) as alone:
            try:
                if alone:
                    journal.finish(self.folder)
                elif (self.folder / journal.MARKER).exists():
                    raise StoreError(f"a write of the store {self.shown} was cut: open it once with the right to write")
                yield self._contents.refreshed()
            except OSError as error:
                raise StoreError(f"the store {self.shown} cannot be read: {_said(error)}") from error

    @contextmanager
    def writing(self) -> Iterator[Contents]:
        """What the folder holds, for one who will change it before the end of the block.

        Raises:
            StoreError: a file cannot be read, or the wait for another writer was too long.
        """
        with self._locked(alone=True):
            try:
                journal.finish(self.folder)
                journal.sweep(self.folder)
            except OSError as error:
                raise self._refused(error) from error
            try:
                yield self._contents.refreshed()
            except OSError as error:
                raise StoreError(f"the store {self.shown} cannot be read: {_said(error)}") from error

    def commit(self, changed: Mapping[str, Blocks]) -> None:
        """Put these tables in the place of what their files hold, all or none; inside a block of `writing`.

        Raises:
            StoreError: they cannot be written; everything is as it was then.
        """
        self._commit(self._contents.manifest, changed)

    def _commit(self, before: Manifest, changed: Mapping[str, Blocks]) -> None:
        generation, files, names = before.generation + 1, dict(before.files), []
        try:
            for table, blocks in changed.items():
                name = FILES[table]
                written = journal.write_aside(self.folder, name, file_parts(blocks), generation)
                files[name] = manifest.listed(blocks, written.st_size, written.st_mtime_ns)
                names.append(name)
            content = manifest.to_bytes(Manifest(generation, files))
            journal.write_aside(self.folder, MANIFEST, [content], generation)
            journal.decide(self.folder, [*names, MANIFEST], generation)
        except OSError as error:
            with suppress(OSError):
                journal.sweep(self.folder)
            raise self._refused(error) from error
        try:
            journal.finish(self.folder)
        except OSError as error:
            raise StoreError(
                f"the store {self.shown} is written but not tidy: {_said(error)}; open it again"
            ) from error
        self._contents.keep(changed)

    @contextmanager
    def _locked(self, *, alone: bool) -> Iterator[bool]:
        """Hold the folder's lock; a reader who must not write there reads without one, and is told so."""
        try:
            self._lock.acquire(timeout=self._wait_s, poll_interval=_POLL_S)
        except Timeout as error:
            raise StoreError(
                f"the store {self.shown} is locked by another writer for over {self._wait_s:g} s; nothing is written:"
                " try again, or set RACELAB_BUSY_TIMEOUT_S"
            ) from error
        except OSError as error:
            if alone or not os.access(self.folder, os.R_OK | os.X_OK):
                raise self._refused(error) from error
            yield False
            return
        try:
            yield True
        finally:
            self._lock.release()

    def _refused(self, error: OSError) -> StoreError:
        return StoreError(f"the store {self.shown} did not take the rows: {_said(error)}; nothing of them is stored")


def _said(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror or error}{where}"
