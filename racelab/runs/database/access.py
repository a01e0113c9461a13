"""A store as the SQL database that its keepers look into."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa

from racelab.errors import NotFound, StoreError
from racelab.settings import Settings
from racelab.store.engine import first_line, mask, open_engine, parse_url
from racelab.store.open import open_store
from racelab.store.places import folder_of
from racelab.store.tables import TABLES


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection to look into a store with. ``kind`` is sqlite, postgresql or json.

    A JSON folder is put in a database in memory, without keys, so that the same questions can be asked of all three.
    """

    url: str
    kind: str
    connection: sa.Connection


def kind_of(url: str) -> str:
    """What is behind a store's URL: sqlite, postgresql or json."""
    return "json" if url.startswith("json:") else parse_url(url).get_backend_name()


def path_of(url: str) -> Path | None:
    """The file of a SQLite store or the folder of a JSON store; None for a server or a database in memory."""
    if kind_of(url) == "json":
        return folder_of(url)
    database = parse_url(url).database
    return Path(database) if kind_of(url) == "sqlite" and database not in (None, "", ":memory:") else None


def require_store(url: str) -> None:
    """Refuse to look into a store that is not there: opening it would make an empty one.

    Raises:
        NotFound: the file or folder is missing.
    """
    path = path_of(url)
    if path is not None and not path.exists():
        raise NotFound(f"there is no store {mask(url)}: `racelab ingest` or `racelab db upgrade` makes one")


@contextmanager
def looking(settings: Settings) -> Iterator[Opened]:
    """Open the store of the settings to look into it, in one snapshot of it.

    Raises:
        NotFound: it is not there.
        StoreError: it cannot be opened or read.
    """
    url = settings.store_url
    require_store(url)
    kind = kind_of(url)
    engine = _in_memory() if kind == "json" else open_engine(url, settings.busy_timeout_s)
    try:
        with engine.connect() as connection:
            if kind == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            if kind == "json":
                _fill(connection, url)
            yield Opened(url, kind, connection)
    except (sa.exc.SQLAlchemyError, psycopg.Error) as error:
        raise StoreError(f"the store {mask(url)} cannot be read: {first_line(error)}") from error
    finally:
        engine.dispose()


def _in_memory() -> sa.Engine:
    return sa.create_engine("sqlite://")


def _fill(connection: sa.Connection, url: str) -> None:
    """The JSON store's rows in tables without keys, which take whatever is there."""
    with open_store(url) as store:
        archived = store.read("telemetry_archives")["session_id"].tolist()
        for table in TABLES:
            frame = store.read(table)
            if table == "telemetry":
                frame = frame[~frame["session_id"].isin(archived)]
            frame.to_sql(table, connection, index=False)
