"""What every store offers, whatever is behind it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import pandas as pd

from racelab.domain.records import SessionData
from racelab.domain.sessions import SessionKey
from racelab.store.rows import Columns


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did: ``change`` is added, updated or unchanged; ``rows`` counts them by table."""

    key: SessionKey
    change: str
    rows: dict[str, int] = field(default_factory=dict)


class Store(Protocol):
    """A place where sessions are kept."""

    def write_session(self, data: SessionData, *, force: bool = False) -> Written:
        """Write a session in one transaction; an unchanged one (by digest) is not touched unless forced."""

    def upsert(self, table: str, rows: Iterable[dict[str, Any]]) -> int:
        """Insert rows or overwrite those with the same natural key, in one transaction."""

    def write_tables(self, tables: dict[str, Columns]) -> int:
        """Insert rows of several tables, or overwrite those with the same natural key, in one transaction."""

    def read(self, table: str, key: SessionKey | None = None, **where: object) -> pd.DataFrame:
        """A table's rows in the order of its natural key, for one session or all, filtered by equal values."""

    def read_between(self, table: str, key: SessionKey, low: int, high: int, **where: object) -> pd.DataFrame:
        """Rows of a session whose ``time_ms`` is from low up to, not including, high."""

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
