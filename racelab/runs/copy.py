"""Copying a store: every table, piece by piece, each piece one transaction; what is the same is left alone."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from sqlalchemy.engine import make_url

from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput, NotFound, StoreError
from racelab.runs.database.access import kind_of, path_of, require_store
from racelab.store.archive import find_archive, sweep
from racelab.store.cloudsql import INSTANCE
from racelab.store.engine import mask
from racelab.store.parquet import cars_of
from racelab.store.protocol import Store
from racelab.store.rows import frame_columns
from racelab.store.tables import TABLES

# Telemetry goes car by car; where it is archived is each store's own affair, and it is read from there.
_OF_SESSION = [
    name for name, spec in TABLES.items()
    if "session_id" in spec.columns and name not in ("sessions", "telemetry", "telemetry_archives")
]  # fmt: skip
_OF_PROVIDER = [name for name in TABLES if name.startswith("history_")]
# What a URL's query may say of the server: a socket's folder, a port, an instance of Cloud SQL.
_SERVERS = ("host", "port", INSTANCE)
_UPSERTED = ("events", "refusals", "identities")


@dataclass(frozen=True, slots=True)
class Piece:
    """What is copied at once: a session, a provider's history, or a small table."""

    label: str
    key: SessionKey | None = None
    provider: str | None = None
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Copied:
    """A piece that was copied: ``change`` is added, updated or unchanged; rows by table, there and written."""

    piece: Piece
    change: str
    rows: dict[str, int] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)


def require_two(source: str, target: str) -> None:
    """Refuse to copy from a store that is not there, or a store to itself.

    Raises:
        NotFound: the source is missing.
        BadInput: both are the same store.
    """
    require_store(source)
    path = path_of(source)
    if kind_of(source) == "json" and path is not None and not any(path.glob("*.json")):
        raise NotFound(f"there is no store {mask(source)}: the folder has no JSON files")
    if _place(source) == _place(target):
        raise BadInput(f"{mask(source)} and {mask(target)} are the same store: name two")


def pieces(source: Store, target: Store) -> list[Piece]:
    """What there is to copy, in the order in which it must be done.

    Raises:
        BadInput: the two stores number drivers, constructors or circuits differently.
        StoreError: a store cannot be read.
    """
    _require_same_numbers(source.read("identities"), target.read("identities"))
    found = [Piece(table, table=table) for table in _UPSERTED]
    ids = source.read("sessions")["session_id"].astype("int64").tolist()
    found += [Piece(str(key), key=key) for key in map(SessionKey.of_id, sorted(ids))]
    providers = {name for table in _OF_PROVIDER for name in source.read(table)["provider"].unique()}
    return found + [Piece(f"history of {name}", provider=name) for name in sorted(providers)]


def copy_piece(source: Store, target: Store, piece: Piece) -> Copied:
    """Copy one piece; what the target has of it and the source has not is deleted with it, unless it is a small table.

    Raises:
        StoreError: a store cannot be read or written; of this piece nothing is copied then.
    """
    if piece.key is not None:
        return _copy_session(source, target, piece, piece.key)
    if piece.provider is not None:
        return _copy_provider(source, target, piece, piece.provider)
    return _copy_table(source, target, piece, piece.table or "")


def _copy_session(source: Store, target: Store, piece: Piece, key: SessionKey) -> Copied:
    digest, rows, written = source.digest(key), {}, {}
    with target.holding(key) as held:
        session, there = source.read("sessions", key), held.read("sessions", key)
        rows["sessions"] = len(session)
        if not session.equals(there):
            written["sessions"] = held.write_tables({"sessions": frame_columns("sessions", session)})
        for table in _OF_SESSION:
            frame = source.read(table, key)
            rows[table] = len(frame)
            if not frame.equals(held.read(table, key)):
                held.replace_tables({table: frame_columns(table, frame)}, session_id=key.session_id)
                written[table] = len(frame)
        rows["telemetry"], sent = _copy_telemetry(source, held, key)
        written |= {} if sent is None else {"telemetry": sent}
    if source.digest(key) != digest:
        raise StoreError(f"session {key} was written anew while it was copied: copy again")
    sweep(target, key)
    _verify(piece, rows, {table: len(target.read(table, key)) for table in written if table != "telemetry"})
    return Copied(piece, "added" if there.empty else "updated" if written else "unchanged", rows, written)


def _copy_telemetry(source: Store, target: Store, key: SessionKey) -> tuple[int, int | None]:
    """Rows of telemetry in the source, and those written; None where the target had the same."""
    cars, there, rows = _cars(source, key), _cars(target, key), 0
    same = cars == there and all(
        source.read("telemetry", key, car_number=car).equals(target.read("telemetry", key, car_number=car))
        for car in cars
    )
    if not same:
        target.replace_tables({"telemetry": {}, "telemetry_archives": {}}, session_id=key.session_id)
    for car in cars:
        frame = source.read("telemetry", key, car_number=car)
        rows += len(frame)
        if not same:
            target.write_tables({"telemetry": frame_columns("telemetry", frame)})
    return rows, None if same else rows


def _cars(store: Store, key: SessionKey) -> list[str]:
    found = find_archive(store, key)
    archived = cars_of(found.path, found.digest) if found else []
    return sorted({*archived, *store.values("telemetry", "car_number", key)})


def _copy_provider(source: Store, target: Store, piece: Piece, provider: str) -> Copied:
    frames = {table: source.read(table, provider=provider) for table in _OF_PROVIDER}
    there = {table: target.read(table, provider=provider) for table in _OF_PROVIDER}
    rows = {table: len(frame) for table, frame in frames.items()}
    written = {table: rows[table] for table in _OF_PROVIDER if not frames[table].equals(there[table])}
    if written:
        columns = {table: frame_columns(table, frames[table]) for table in written}
        target.replace_tables(columns, provider=provider)
    _verify(piece, rows, {table: len(target.read(table, provider=provider)) for table in written})
    new = all(frame.empty for frame in there.values())
    return Copied(piece, "added" if new else "updated" if written else "unchanged", rows, written)


def _copy_table(source: Store, target: Store, piece: Piece, table: str) -> Copied:
    frame, there = source.read(table), target.read(table)
    # A row that the target has in just this form is not written again.
    new = frame.merge(there, how="left", indicator=True)["_merge"].eq("left_only").to_numpy()
    written = {table: int(new.sum())} if new.any() else {}
    if written:
        target.write_tables({table: frame_columns(table, frame[new].reset_index(drop=True))})
    keys = list(TABLES[table].key)
    found = target.read(table)[keys].merge(frame[keys])
    _verify(piece, {table: len(frame)}, {table: len(found)})
    return Copied(piece, "updated" if written else "unchanged", {table: len(frame)}, written)


def _verify(piece: Piece, wanted: dict[str, int], found: dict[str, int]) -> None:
    for table, count in found.items():
        if count != wanted[table]:
            raise StoreError(
                f"{piece.label}: {table} has {count} rows after the copy, not {wanted[table]}: is another writer at work?"
            )


def totals(done: list[Copied]) -> pd.DataFrame:
    """Rows a table over all pieces, there and written; tables without rows are left out."""
    frame = pd.DataFrame({"rows": _sum(done, "rows"), "written": _sum(done, "written")}, index=list(TABLES))
    frame = frame.fillna(0).astype("int64")
    return frame[frame["rows"] > 0].rename_axis("table").reset_index()


def _sum(done: list[Copied], part: str) -> dict[str, int]:
    counted: dict[str, int] = {}
    for copied in done:
        for table, count in getattr(copied, part).items():
            counted[table] = counted.get(table, 0) + count
    return counted


def _require_same_numbers(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """Identities are numbered in each store: two that gave one number to two, or one two numbers, cannot be joined."""
    names, number = ["kind", "provider", "provider_id"], ["kind", "identity_id"]
    shared = ours.merge(theirs, on=names, suffixes=("", "_there"))
    twice = shared["identity_id"] != shared["identity_id_there"]
    used = ours[number].drop_duplicates().merge(theirs[number].drop_duplicates())
    strange = used.merge(shared[number].drop_duplicates(), how="left", indicator=True)["_merge"].eq("left_only")
    if twice.any() or strange.any():
        raise BadInput(
            "the two stores number their drivers, constructors or circuits differently (table identities): copy into a"
            " store without them, and ingest what it lacks again"
        )


def _place(url: str) -> tuple[str, ...]:
    path = path_of(url)
    if path is not None:
        return (kind_of(url), str(Path(path).resolve()))
    parsed = make_url(url)
    server = [str(parsed.host), str(parsed.port), *(str(parsed.query.get(name)) for name in _SERVERS)]
    return (kind_of(url), *server, str(parsed.database))
