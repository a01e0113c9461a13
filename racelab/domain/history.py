"""A provider's history: seasons since 1950 as columns of the history tables, and whom its ids stand for."""

from dataclasses import dataclass, field
from typing import Any

Columns = dict[str, list[Any]]
# What an identity can be of.
KINDS = ("driver", "constructor", "circuit", "engine", "tyre")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom or what a provider's id stands for; `kind` is one of KINDS, `birth_date` YYYY-MM-DD."""

    kind: str
    provider_id: str
    name: str
    code: str | None = None
    birth_date: str | None = None
    nationality: str | None = None


@dataclass(slots=True)
class History:
    """Everything that one provider's file tells.

    ``tables`` holds the columns of each history table, without the provider; ``missing`` names the optional parts
    that the file lacks, ``left_out`` says in words which rows could not be placed and why.
    """

    provider: str
    location: str
    digest: str
    version: str
    tables: dict[str, Columns] = field(default_factory=dict)
    subjects: list[Subject] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def rows(self) -> dict[str, int]:
        """The number of rows of each table."""
        return {table: len(next(iter(columns.values()), [])) for table, columns in self.tables.items()}
