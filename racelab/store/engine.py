"""Opening a database: SQLite in WAL mode, or PostgreSQL; created and checked on the way."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from racelab.errors import StoreError
from racelab.store.cloudsql import INSTANCE, cloud_engine
from racelab.store.migrate import create_or_check, current, upgrade

_WRITE = "racelab_write"
# Connections to a server: each is tried before use (the server may have been started anew), none is older than half
# an hour (a proxy between drops idle ones), and a process has no more than 10.
_POOL: dict[str, Any] = {
    "pool_pre_ping": True,
    "pool_size": 5,
    "max_overflow": 5,
    "pool_timeout": 30,
    "pool_recycle": 1800,
}
_SERVER = {"connect_timeout": 10, "application_name": "racelab"}


def open_engine(url: str, busy_timeout_s: float) -> sa.Engine:
    """An engine on the store at a URL, whose schema is there and current.

    Raises:
        StoreError: the URL is not understood, or the database cannot be opened.
    """
    try:
        with ExitStack() as undo:
            engine = _engine(url, busy_timeout_s)
            undo.callback(engine.dispose)
            with writing(engine) as connection:
                create_or_check(connection)
            undo.pop_all()
    except (sa.exc.SQLAlchemyError, OSError, ImportError) as error:
        raise StoreError(f"the store {mask(url)} cannot be opened: {first_line(error)}") from error
    return engine


def upgrade_store(url: str, busy_timeout_s: float) -> str | None:
    """Bring the store's schema to the newest revision; returns the revision that it had before, None if new.

    Raises:
        StoreError: the database cannot be opened or changed; it is as it was then.
    """
    try:
        engine = _engine(url, busy_timeout_s)
    except (sa.exc.SQLAlchemyError, OSError, ImportError) as error:
        raise StoreError(f"the store {mask(url)} cannot be opened: {first_line(error)}") from error
    try:
        with writing(engine) as connection, connection.begin():
            before = current(connection)
            upgrade(connection)
    except sa.exc.SQLAlchemyError as error:
        raise StoreError(f"the store {mask(url)} cannot be upgraded: {first_line(error)}; it is as it was") from error
    finally:
        engine.dispose()
    return before


def mask(url: str) -> str:
    """The URL without its password, for messages."""
    if url.startswith("json:"):
        return url
    try:
        parsed = parse_url(url)
    except StoreError:
        return "given by RACELAB_DB"
    shown = {key: value for key, value in parsed.query.items() if key == INSTANCE}
    return parsed.set(query=shown).render_as_string(hide_password=True)


def first_line(error: BaseException) -> str:
    """What the driver itself said, without SQL and parameters."""
    cause = getattr(error, "orig", None) or error
    return (str(cause).splitlines() or [type(cause).__name__])[0]


def writing(engine: sa.Engine) -> sa.engine.base.Connection:
    """A connection whose transaction takes SQLite's write lock at its start, so that it cannot fail half way."""
    return engine.connect().execution_options(**{_WRITE: True})


def as_snapshot(connection: sa.Connection) -> None:
    """Let a connection's next transaction see one moment of the database; SQLite's always do."""
    if connection.dialect.name == "postgresql":
        connection.execution_options(isolation_level="REPEATABLE READ")


def parse_url(url: str) -> URL:
    """The URL in its parts.

    Raises:
        StoreError: it is none, or its parts cannot be told apart; nothing of it is repeated, for it may hold a password.
    """
    try:
        parsed = make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise StoreError(
            "RACELAB_DB (or --db) is no URL of a store: write sqlite:///FILE, postgresql+psycopg://USER@HOST:PORT/NAME or json:///FOLDER"
        ) from error
    if parsed.host is not None and url.count("@") > 1:
        raise StoreError("RACELAB_DB (or --db) has more than one @: write an @ in a password as %40, a / as %2F")
    return parsed


def _engine(url: str, busy_timeout_s: float) -> sa.Engine:
    parsed = parse_url(url)
    return _sqlite(parsed, busy_timeout_s) if parsed.get_backend_name() == "sqlite" else _server(parsed)


def _server(url: URL) -> sa.Engine:
    if url.get_backend_name() != "postgresql":
        raise StoreError(
            f"no store of kind {url.get_backend_name()!r}: use sqlite:///, postgresql+psycopg:// or json:///"
        )
    if INSTANCE in url.query:
        return cloud_engine(url, **_POOL)
    # What the URL itself says of the driver's settings holds.
    arguments = {name: value for name, value in _SERVER.items() if name not in url.query}
    return sa.create_engine(url, connect_args=arguments, **_POOL)


def _sqlite(url: URL, busy_timeout_s: float) -> sa.Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": busy_timeout_s})

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: object, _record: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]  # racelab says BEGIN itself
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        write = connection.get_execution_options().get(_WRITE)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
