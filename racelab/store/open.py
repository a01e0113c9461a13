"""The store that the settings name."""

from racelab.settings import get_settings
from racelab.store.sql import SqlStore


def open_store(url: str | None = None) -> SqlStore:
    """Open the store at a URL, or the one that RACELAB_DB names.

    Raises:
        StoreError: it cannot be opened.
    """
    settings = get_settings()
    return SqlStore(url or settings.store_url, chunk_rows=settings.chunk_rows, busy_timeout_s=settings.busy_timeout_s)
