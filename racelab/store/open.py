"""The store that the settings name."""

from racelab.settings import get_settings
from racelab.store.protocol import Store


def open_store(url: str | None = None) -> Store:
    """Open the store at a URL, or the one that RACELAB_DB names: a folder of JSON files, SQLite or PostgreSQL.

    Raises:
        StoreError: it cannot be opened.
    """
    settings = get_settings()
    named = url or settings.store_url
    if named.startswith("json:"):
        from racelab.store.folder import JsonStore  # imported here: who has a database need not load it

        return JsonStore(named, busy_timeout_s=settings.busy_timeout_s)
    from racelab.store.sql import SqlStore

    return SqlStore(named, chunk_rows=settings.chunk_rows, busy_timeout_s=settings.busy_timeout_s)
