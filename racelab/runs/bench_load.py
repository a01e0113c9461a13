"""The ways to bring a frame into a table that `bench store` compares.

Each is opened on a store and then called with a frame, whose rows are committed when it returns. All write the same
columns into the same table with the same indexes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session, registry

from racelab.domain.vocabulary import COLUMNS
from racelab.runs.bench_rows import KEY, empty_session
from racelab.store.copy_binary import SIGNATURE, TRAILER, encode
from racelab.store.engine import open_engine, writing
from racelab.store.rows import frame_columns
from racelab.store.sql import SqlStore
from racelab.store.tables import SA_TABLES
from racelab.store.values import pieces

# Bring a frame into a table of the store that it was opened on.
Load = Callable[[pd.DataFrame], None]
_PIECE = 50_000
_KINDS = {"int": "int8", "float": "float8", "text": "text", "bool": "bool", "instant": "timestamptz"}


@contextmanager
def ours(url: str, table: str) -> Iterator[Load]:
    """What racelab does: telemetry as part of its session, other tables by themselves."""
    with SqlStore(url) as store:

        def load(frame: pd.DataFrame) -> None:
            if table == "telemetry":
                data = empty_session()
                data.telemetry = frame
                store.write_session(replace(data, provenance=replace(data.provenance, digest="with telemetry")))
            else:
                columns = {"session_id": [KEY.session_id] * len(frame), **frame_columns(table, frame)}
                store.replace_tables({table: columns}, session_id=KEY.session_id)

        yield load


@contextmanager
def executemany(url: str, table: str) -> Iterator[Load]:
    """The driver's own executemany with a tuple a row."""
    with _driver(url) as driver:

        def load(frame: pd.DataFrame) -> None:
            names = ["session_id", *frame.columns]
            mark = "?" if url.startswith("sqlite") else "%s"
            sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"  # noqa: S608
            driver.cursor().executemany(sql, tuples(frame))
            driver.commit()

        yield load


@contextmanager
def copy_rows(url: str, table: str) -> Iterator[Load]:
    """PostgreSQL's binary COPY as psycopg offers it: a tuple a row."""
    with _driver(url) as driver:

        def load(frame: pd.DataFrame) -> None:
            with driver.cursor() as cursor, cursor.copy(_copy(table, list(frame.columns))) as copy:
                copy.set_types([_KINDS[COLUMNS[key].kind] for key in ("session_id", *frame.columns)])
                for row in tuples(frame):
                    copy.write_row(row)
            driver.commit()

        yield load


@contextmanager
def prepared(url: str, table: str, frame: pd.DataFrame) -> Iterator[Load]:
    """What the database itself takes: rows that were made ready for the driver before."""
    keys = ["session_id", *frame.columns]
    with _driver(url) as driver:
        if url.startswith("sqlite"):
            rows = list(tuples(frame))
            sql = f"INSERT INTO {table} ({', '.join(keys)}) VALUES ({', '.join('?' * len(keys))})"  # noqa: S608
            yield lambda _frame: (driver.cursor().executemany(sql, rows), driver.commit())[1]
            return
        columns = {"session_id": [KEY.session_id] * len(frame), **frame_columns(table, frame)}
        blocks = [block for piece in pieces(table, columns, keys, _PIECE) for block in encode(piece)]

        def load(_frame: pd.DataFrame) -> None:
            with driver.cursor() as cursor, cursor.copy(_copy(table, list(frame.columns))) as copy:
                for block in (SIGNATURE, *blocks, TRAILER):
                    copy.write(block)
            driver.commit()

        yield load


@contextmanager
def to_sql(url: str, table: str) -> Iterator[Load]:
    """pandas' own way."""
    engine = open_engine(url, 30.0)

    def load(frame: pd.DataFrame) -> None:
        with writing(engine) as connection, connection.begin():
            frame.assign(session_id=KEY.session_id).to_sql(table, connection, if_exists="append", index=False)

    yield load
    engine.dispose()


@contextmanager
def bulk_save_objects(url: str, table: str) -> Iterator[Load]:
    """SQLAlchemy's objects, a row each."""
    engine = open_engine(url, 30.0)
    mapper = registry()
    kind: Any = type("Row", (), {})
    mapper.map_imperatively(kind, SA_TABLES[table])

    def load(frame: pd.DataFrame) -> None:
        keys = ["session_id", *frame.columns]
        with Session(engine) as session:
            session.bulk_save_objects([kind(**dict(zip(keys, row, strict=True))) for row in tuples(frame)])
            session.commit()

    yield load
    mapper.dispose()
    engine.dispose()


def tuples(frame: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """A frame's rows with the session's id before them; null is None."""
    columns = [frame[key].astype(object).where(frame[key].notna(), None).tolist() for key in frame.columns]
    return zip([KEY.session_id] * len(frame), *columns, strict=True)


@contextmanager
def _driver(url: str) -> Iterator[Any]:
    """The bare connection of the driver, opened as racelab opens it."""
    engine = open_engine(url, 30.0)
    with writing(engine) as connection, connection.begin():
        yield connection.connection.driver_connection
    engine.dispose()


def _copy(table: str, keys: list[str]) -> str:
    return f"COPY {table} ({', '.join(['session_id', *keys])}) FROM STDIN (FORMAT BINARY)"
