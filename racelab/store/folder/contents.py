"""What the folder's files hold: each is read when it is asked for, and kept while it is unchanged on disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from racelab.errors import StoreError
from racelab.store.folder import manifest as manifests
from racelab.store.folder.adopt import Adopted, adopt, missing_entries, renamed
from racelab.store.folder.blocks import Block, Blocks, decode, split
from racelab.store.folder.manifest import MANIFEST, Manifest
from racelab.store.folder.names import FILES, SPEC_TABLES, Group, Row, natural_key
from racelab.store.folder.parsing import grouped, objects_of, rows_by_group, to_blocks
from racelab.store.folder.shapes import Around, to_rows
from racelab.store.tables import TABLES

Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Held:
    """A table as it was read: of which version of its file, and whether the file says just this."""

    stamp: Stamp | None
    blocks: Blocks
    clean: bool


class Contents:
    """The tables of the folder; whoever asks holds the folder's lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, Held] = {}
        self._manifest_stamp: Stamp | None = None
        self._ids: dict[int, int] = {}
        self.manifest = Manifest()

    @property
    def manifest_there(self) -> bool:
        """Whether the folder has a manifest."""
        return (self._folder / MANIFEST).exists()

    def refreshed(self) -> "Contents":
        """Itself, after forgetting what is no longer on disk.

        Raises:
            StoreError: the manifest or the list of sessions cannot be read.
        """
        stamp = _stamp(self._folder / MANIFEST)
        if stamp is None or stamp != self._manifest_stamp:
            self.manifest = manifests.read(self._folder) or Manifest()
            self._manifest_stamp = stamp
        stale = [name for name, held in self._held.items() if held.stamp != _stamp(self._path(name))]
        if any(not held.clean for held in self._held.values()) and stale:
            stale = list(self._held)
        for name in stale:
            del self._held[name]
        if "sessions" not in self._held:
            self._read_sessions()
        return self

    def blocks(self, table: str) -> Blocks:
        """A table's blocks by group.

        Raises:
            StoreError: its file is gone, cannot be read, or is malformed.
        """
        if table not in self._held:
            self._held[table] = self._read(table)
        return self._held[table].blocks

    def counts(self, table: str) -> Mapping[Group, int]:
        """A table's rows by group; a file that is as it was written need not be read for that."""
        listed = self.manifest.files.get(FILES[table])
        stamp = _stamp(self._path(table))
        if table not in self._held and listed and stamp and stamp[1:] == (listed.mtime_ns, listed.size):
            return listed.counts
        return {group: block.rows for group, block in self.blocks(table).items()}

    def unwritten(self) -> set[str]:
        """Tables whose file does not say what was read from it, and which the next write therefore writes."""
        if self._ids:
            for table in TABLES:
                self.blocks(table)
        return {table for table, held in self._held.items() if not held.clean}

    def keep(self, written: Mapping[str, Blocks]) -> None:
        """Take tables as their files hold them now."""
        self.manifest = manifests.read(self._folder) or Manifest()
        self._manifest_stamp = _stamp(self._folder / MANIFEST)
        self._ids = {}
        for table, blocks in written.items():
            self._held[table] = Held(_stamp(self._path(table)), blocks, clean=True)

    def around(self) -> Around:
        """What the tables of names know of each session."""
        return around_of(self.rows("events"), self.rows("ingest_runs"))

    def rows(self, table: str) -> list[Row]:
        """All rows of a small table."""
        blocks = self.blocks(table)
        return [row for group in sorted(blocks) for row in rows_of_block(table, blocks[group])]

    def _path(self, table: str) -> Path:
        return self._folder / FILES[table]

    def _read(self, table: str) -> Held:
        path, listed = self._path(table), self.manifest.files.get(FILES[table])
        stamp = _stamp(path)
        if stamp is None:
            if listed and listed.groups:
                raise StoreError(f"{path} is gone, and it held rows: restore it from a copy of the folder")
            return Held(None, {}, clean=True)
        content = path.read_bytes()
        known = split(content, listed.groups) if listed else None
        if known is not None:
            return Held(stamp, known, clean=True)
        things = objects_of(content, str(path))
        groups = rows_by_group(table, things, content, str(path), lambda thing: renamed(thing, self._ids))
        self._check_sessions(table, groups, path)
        return Held(stamp, to_blocks(table, groups, Around()), clean=False)

    def _check_sessions(self, table: str, groups: Mapping[Group, list[Row]], path: Path) -> None:
        if "session_id" not in TABLES[table].columns or table == "sessions":
            return
        known = self.blocks("sessions")
        for group in groups:
            if group[:1] not in known:
                sessions = self._path("sessions").name
                raise StoreError(f"{path}: {sessions} has no session {group[0]}: add it there, or take its rows out")

    def _read_sessions(self) -> None:
        """Read the list of sessions, and adopt those that have only the spec's keys."""
        path, listed = self._path("sessions"), self.manifest.files.get(FILES["sessions"])
        stamp, self._ids = _stamp(path), {}
        if stamp is None:
            self._held["sessions"] = self._read("sessions")
            return
        content = path.read_bytes()
        known = split(content, listed.groups) if listed else None
        if known is not None:
            self._held["sessions"] = Held(stamp, known, clean=True)
            return
        things = objects_of(content, str(path))
        adopted = adopt(things, content, str(path))
        groups = rows_by_group("sessions", things, content, str(path), dict)
        self._held["sessions"] = Held(stamp, to_blocks("sessions", groups, Around()), clean=False)
        try:
            if adopted.ids:
                self._take_in(adopted)
            self._check_events(groups, path)
        except StoreError:
            self._held.clear()
            raise

    def _check_events(self, groups: Mapping[Group, list[Row]], path: Path) -> None:
        known = {row["event_id"] for row in self.rows("events")}
        for rows in groups.values():
            if rows[0]["event_id"] not in known:
                events = self._path("events").name
                raise StoreError(f"{path}: {events} has no event {rows[0]['event_id']}: add it there, or take it out")

    def _take_in(self, adopted: Adopted) -> None:
        self._ids = adopted.ids
        self._add("events", adopted.events)
        self._add("ingest_runs", adopted.runs)
        ours = set(adopted.ids.values())
        cars = {
            (row["session_id"], row["car_number"])
            for table in SPEC_TABLES
            if "car_number" in TABLES[table].columns
            for row in self.rows(table)
            if row["session_id"] in ours
        }
        known = {(row["session_id"], row["car_number"]) for row in self.rows("entries")}
        self._add("entries", missing_entries(cars, known))

    def _add(self, table: str, rows: list[Row]) -> None:
        found = {natural_key(table, row): row for row in (*self.rows(table), *rows)}
        blocks = to_blocks(table, grouped(table, found), Around())
        self._held[table] = Held(self._held[table].stamp, blocks, clean=False)


def rows_of_block(table: str, block: Block) -> list[Row]:
    """The rows of a block, in the order of their key."""
    return [row for thing in decode(block) for row in to_rows(table, thing)]


def around_of(events: list[Row], runs: list[Row]) -> Around:
    """What the tables of names know of each session."""
    written = {row["session_id"]: row["read_utc"] for row in runs}
    return Around({row["event_id"]: row.get("circuit") for row in events}, written)


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
