"""What every store offers, whatever is behind it."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self

import pandas as pd

from racelab.domain.records import SessionData
from racelab.domain.sessions import Event, SessionKey
from racelab.store.rows import Columns

# Told after each piece of a write: the table and how many of its rows are written so far.
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did: ``change`` is added, updated or unchanged; ``rows`` counts them by table."""

    key: SessionKey
    change: str
    rows: dict[str, int] = field(default_factory=dict)


class Store(Protocol):
    """A place where sessions are kept. Filters (``where``) are equal values, or a list of them."""

    def __enter__(self) -> Self:
        """The store, closed at the end of the block."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the store."""

    @property
    def url(self) -> str:
        """The store's URL; it may hold a password, so messages show `engine.mask` of it."""

    def write_session(self, data: SessionData, *, force: bool = False, progress: Progress | None = None) -> Written:
        """Write a session in one transaction; an unchanged one (by digest) is not touched unless forced."""

    def create_session(self, event: Event, season: int, code: str) -> SessionKey:
        """Name a new local session, whose round is the season's next free one."""

    def upsert(self, table: str, rows: Iterable[dict[str, Any]]) -> int:
        """Insert rows or overwrite those with the same natural key, in one transaction."""

    def write_tables(self, tables: dict[str, Columns]) -> int:
        """Insert rows of several tables, or overwrite those with the same natural key, in one transaction."""

    def replace_tables(self, tables: Mapping[str, Columns], **where: object) -> dict[str, int]:
        """Put rows in the place of those that match, in each of the tables, in one transaction; their numbers."""

    def append(self, table: str, row: dict[str, Any]) -> int:
        """Add a row whose ``sequence`` is the next free one beside the rest of its key; returns it."""

    def delete(self, table: str, **where: object) -> int:
        """Delete the rows that match; returns their number."""

    def holding(self, key: SessionKey) -> AbstractContextManager["Store"]:
        """The store while nobody else writes the session: all that is done through it is one transaction."""

    def values(self, table: str, column: str, key: SessionKey) -> list[Any]:
        """The different values that a column has in a session's rows of a table, not in archives."""

    def read(self, table: str, key: SessionKey | None = None, **where: object) -> pd.DataFrame:
        """A table's rows in the order of its natural key, for one session or all, filtered; telemetry from wherever it
        lies, the table or an archive."""

    def read_between(self, table: str, key: SessionKey, low: int, high: int, **where: object) -> pd.DataFrame:
        """Rows of a session whose ``time_ms`` is from low up to, not including, high; telemetry as `read` finds it."""

    def newer(self, table: str, key: SessionKey, revision: int) -> list[dict[str, Any]]:
        """Plain rows of a live table whose revision is above this one, oldest first; cheap enough to ask often."""

    def sessions(self) -> pd.DataFrame:
        """One row a session: id, names, counts and status."""

    def find(self, reference: str | int) -> SessionKey:
        """The session that an id or a name such as f1/2025/1/R stands for; NotFound if the store lacks it."""

    def digest(self, key: SessionKey) -> str | None:
        """The digest of what is stored for the session, or None."""

    def close(self) -> None:
        """Give back connections."""
