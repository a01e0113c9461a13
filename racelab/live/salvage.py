"""A batch that a store refuses for one of its rows: the others are written, and what was refused is named."""

import logging

from racelab.domain.records import Repair
from racelab.errors import StoreError
from racelab.store.faults import is_refusal
from racelab.store.protocol import Store
from racelab.store.rows import Columns
from racelab.store.tables import TABLES

log = logging.getLogger("racelab")
RULE = "row_refused"


def write_singly(store: Store, batch: dict[str, Columns]) -> list[Repair]:
    """Write a batch table by table, and row by row where the store refuses a table; returns what it refused.

    Raises:
        StoreError: the store takes nothing now.
    """
    refused: list[Repair] = []
    for table, columns in batch.items():
        if _refusal(store, table, columns) is None:
            continue
        for place in range(len(next(iter(columns.values())))):
            row: Columns = {name: [values[place]] for name, values in columns.items()}
            if reason := _refusal(store, table, row):
                key = "/".join(str(row[name][0]) for name in TABLES[table].key[1:] if name in row)
                log.error("the store refused a row of %s (%s): %s", table, key, reason)
                refused.append(Repair(RULE, table, key, "row", None, None, reason))
    return refused


def _refusal(store: Store, table: str, columns: Columns) -> str | None:
    """Why the store refuses the rows; None where it took them."""
    try:
        store.write_tables({table: columns})
    except StoreError as error:
        if not is_refusal(error):
            raise
        return str(error)
    return None
