"""Which cell of a car's row is what: the manifest's colSpec, never a fixed place."""

from typing import Any

from racelab.sources.timing71 import specification as spec


class Columns:
    """Cells of a row by their heading."""

    def __init__(self, manifest: dict[str, Any]) -> None:
        self._places = {
            str(column[0]): place for place, column in enumerate(manifest["colSpec"]) if isinstance(column, list) and column
        }  # fmt: skip

    def has(self, heading: str) -> bool:
        """Whether the service has this column."""
        return heading in self._places

    def cell(self, row: list[Any], heading: str) -> Any:
        """The cell, or None where the service or this row has none."""
        place = self._places.get(heading)
        return row[place] if place is not None and place < len(row) else None

    def missing(self) -> list[str]:
        """Parts of a session that this service cannot give."""
        parts = {"laps": spec.LAPS, "lap times": spec.LAST, "drivers": spec.DRIVER, "pit states": spec.STATE}
        absent = [part for part, heading in parts.items() if not self.has(heading)]
        return absent if all(map(self.has, spec.SECTORS)) else [*absent, "sectors"]
