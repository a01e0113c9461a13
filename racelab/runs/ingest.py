"""Ingesting: sessions that a reader found, one by one into the store."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from racelab.analysis.metrics import driver_metrics
from racelab.domain.checks import check
from racelab.domain.records import SessionData
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput, RacelabError, SessionMissing
from racelab.load import classed_laps
from racelab.store.protocol import Store

Outcome = dict[str, Any]
# Lap tables have no results, weather or messages, recordings only what was seen: they never replace a full source.
_PARTIAL = ("laps", "timing71")
# A correction takes out a few laps; a file that lost more was cut.
_WHOLE = 0.9


class Found(Protocol):
    """A session that a reader found and can read."""

    @property
    def label(self) -> str:
        """What to call it while it is read."""

    def read(self) -> SessionData:
        """Read it whole; raises a RacelabError where that is not possible."""


def ingest(found: Iterable[Found], store: Store, *, force: bool = False) -> Iterator[Outcome]:
    """Read and write each session; yields what became of it.

    An outcome has the keys id, series, season, round, event, session, change (added, updated, unchanged, missing or
    failed), rows (by table) and error. A session that cannot be read does not stop the next one.
    """
    taken: set[SessionKey] = set()
    for session in found:
        yield ingest_one(session, store, taken, force=force)


def ingest_one(session: Found, store: Store, taken: set[SessionKey], *, force: bool = False) -> Outcome:
    """Read and write one session; its outcome as `ingest` yields it.

    ``taken`` holds the sessions of this call and gets this one: a second file of the same one must not replace it.
    """
    key: SessionKey | None = getattr(session, "key", None)
    event: str = getattr(session, "event_name", session.label)
    try:
        data = session.read()
        key = data.session.key
        if key in taken:
            raise BadInput(
                f"{session.label} is session {key}, as another file of this call: name its event with --event"
            )
        taken.add(key)
        check(data)
        if not force and (reason := _why_kept(store, data)):
            return _outcome(key, data.event.name, "unchanged", error=f"{reason}; --force replaces it")
        written = store.write_session(data, force=force)
        metrics = _write_metrics(store, key) if written.rows.get("laps") and key.is_race else {}
    except SessionMissing as error:
        return _outcome(key, event, "missing", error=str(error))
    except RacelabError as error:
        return _outcome(key, event, "failed", error=str(error))
    return _outcome(key, data.event.name, written.change, rows={**written.rows, **metrics})


def _write_metrics(store: Store, key: SessionKey) -> dict[str, int]:
    """Store the driver metrics of a race that was written; its laps are already safe."""
    metrics = driver_metrics(classed_laps(store, key))
    plain = metrics.astype(object).where(metrics.notna(), None)
    return {"driver_metrics": store.upsert("driver_metrics", plain.to_dict("records"))}


def _why_kept(store: Store, data: SessionData) -> str | None:
    """Why what is stored stays, where it knows more of the session than what was read."""
    held = store.read("ingest_runs", data.session.key)["source"]
    if held.empty:
        return None
    source = str(held.iloc[0])
    if _knows(source) > _knows(data.provenance.source):
        return f"kept what {source} gave, which knows more"
    laps = len(store.read("laps", data.session.key))
    if len(data.laps) < _WHOLE * laps:
        return f"kept what {source} gave: {laps} laps, and {len(data.laps) or 'none'} this time, as of a cut file"
    return None


def _knows(source: str) -> int:
    return 0 if source in _PARTIAL else 1


def _outcome(
    key: SessionKey | None, event: str, change: str, rows: dict[str, int] | None = None, error: str | None = None
) -> Outcome:
    return {
        "id": key.session_id if key else None,
        "series": key.series.value if key else None,
        "season": key.season if key else None,
        "round": key.round if key else None,
        "event": event,
        "session": key.code if key else None,
        "change": change,
        "rows": rows or {},
        "error": error,
    }
