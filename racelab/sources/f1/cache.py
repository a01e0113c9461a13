"""FastF1's cache of parsed parts, written only when the whole session was read, and each file at once."""

import os
import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any


class PendingCache:
    """Takes the place of FastF1's writing: what was read of a session of which a part failed is not kept.

    FastF1 parses what it gets and keeps the outcome for good; a part of a broken answer would be read ever after.
    """

    def __init__(self, version: int) -> None:
        self._version = version
        self._parts: dict[str, dict[str, Any]] = {}

    def write(self, data: Any, cache_file_path: str, **more: Any) -> None:
        """Keep a part in mind, in FastF1's own form."""
        self._parts[cache_file_path] = {"version": self._version, "data": data, **more}

    def commit(self) -> None:
        """Write what was kept in mind: aside, then under its name, so that no reader sees half of a file.

        A cache that cannot be written costs the next run time and nothing else.
        """
        for name, part in self._parts.items():
            path = Path(name)
            aside = path.with_name(f"{path.name}.{os.getpid()}")
            try:
                with aside.open("wb") as file:
                    pickle.dump(part, file)
                aside.replace(path)
            except OSError:
                with suppress(OSError):
                    aside.unlink()
        self._parts.clear()
