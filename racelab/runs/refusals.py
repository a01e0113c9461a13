"""Sessions that were refused: a row each, until they are read well."""

from typing import Any

from racelab import wall
from racelab.domain.sessions import SessionKey
from racelab.errors import StoreError
from racelab.runs.logs import record
from racelab.store.protocol import Store


def refuse(store: Store, session: Any, key: SessionKey | None, reason: str) -> None:
    """Keep why a session's reader or its checks refused it; where the store cannot take it, the log has it."""
    row = {
        **_name(session), "series": key.series.value if key else None, "season": key.season if key else None,
        "reason": reason, "read_utc": wall.now(),
    }  # fmt: skip
    try:
        store.upsert("refusals", [row])
    except StoreError as error:
        record.warning("the refusal of %s is not stored: %s", row["label"], error)


def accept(store: Store, session: Any) -> None:
    """Delete the refusal of a session that has been read well, if there is one.

    Raises:
        StoreError: the store cannot be written.
    """
    name = _name(session)
    if not store.read("refusals", source=name["source"], label=name["label"]).empty:
        store.delete("refusals", **name)


def _name(session: Any) -> dict[str, str]:
    """The source and what the session goes by there: its file, or the words for it."""
    return {
        "source": str(getattr(session, "source", "unknown")),
        "label": str(getattr(session, "location", session.label)),
    }
