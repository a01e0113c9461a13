"""The store in a folder of JSON files, one a table."""

from racelab.store.folder.store import JsonStore

__all__ = ["JsonStore"]
