"""What the log file says of an ingested session: whence it came, what changed, how long it took, why it failed."""

import logging
from typing import Any

from racelab.domain.records import SessionData
from racelab.runs.logs import record

_LEVELS = {"failed": logging.ERROR, "missing": logging.WARNING}


def note_read(label: str, data: SessionData, took: Any) -> None:
    """Whence a session was read, what was repaired and kept out, what the source lacks, and what its library said."""
    origin = data.provenance
    repairs, kept_out = len(data.repairs), len(data.quarantine)
    lacks = f"; the source lacks {', '.join(data.missing)}" if data.missing else ""
    record.info(
        "%s read from %s %s: %s, %d repairs, %d quarantined%s",
        label, origin.source, origin.location, data.session.key, repairs, kept_out, lacks,
    )  # fmt: skip
    for text in getattr(took, "warnings", ()):
        record.warning("%s: %s says: %s", label, origin.source, text)


def note_cause(label: str, error: Exception) -> None:
    """What a reader or a driver itself raised, and where: for who mends it."""
    if error.__cause__ is not None:
        record.error("%s: raised by", label, exc_info=error.__cause__)


def note(label: str, outcome: dict[str, Any]) -> None:
    """What became of a session, its rows by table and the seconds; why, where something is amiss."""
    rows, seconds = outcome["rows"], outcome["seconds"]
    counted = (
        f"{sum(rows.values())} rows ({', '.join(f'{name} {n}' for name, n in rows.items())})" if rows else "0 rows"
    )
    times = ", ".join(f"{name} {value:.2f} s" for name, value in seconds.items())
    why = f": {outcome['error']}" if outcome["error"] else ""
    level = _LEVELS.get(outcome["change"], logging.WARNING if why else logging.INFO)
    record.log(level, "%s %s, %s, %s%s", label, outcome["change"], counted, times, why)
