"""Ingesting: sessions that a reader found, one by one into the store."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from time import perf_counter
from typing import Any, Protocol

from racelab.domain.checks import check
from racelab.domain.records import Provenance, SessionData
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput, RacelabError, SessionMissing
from racelab.live.protocols import PROTOCOLS
from racelab.runs.derived import ensure_metrics, forget_metrics
from racelab.runs.recorded import note, note_cause, note_read
from racelab.runs.refusals import accept, refuse
from racelab.store.protocol import Store

Outcome = dict[str, Any]
# Lap tables have no results, weather or messages, recordings only what was seen: they never replace a full source.
_PARTIAL = frozenset({"laps", *PROTOCOLS})
# A correction takes out a few laps; a file that lost more was cut.
_WHOLE = 0.9
# Between the digest of a session's records and that of its telemetry, which is not read each time.
_AND = "+"


class Found(Protocol):
    """A session that a reader found and can read.

    It may have more: ``key`` and ``event_name`` where they are known before it is read, ``source`` and ``location``,
    ``origin()`` with the provenance that a reading would give, where that costs much less than the reading, and
    ``took`` (see `racelab.sources.hints.Took`) with what its library itself took and said.
    """

    @property
    def label(self) -> str:
        """What to call it while it is read."""

    def read(self) -> SessionData:
        """Read it whole; raises a RacelabError where that is not possible."""


class Watch(Protocol):
    """Who is told of each step, to show how far the work is."""

    def reading(self, label: str) -> None:
        """The session is being read."""

    def writing(self, label: str, rows: dict[str, int]) -> None:
        """It has been read and has so many rows by table, which are written now."""

    def wrote(self, table: str, rows: int) -> None:
        """So many rows of the table are written."""

    def done(self, outcome: Outcome) -> None:
        """What became of it."""


class Unwatched:
    """Nobody is told."""

    def reading(self, label: str) -> None:
        """Nothing."""

    def writing(self, label: str, rows: dict[str, int]) -> None:
        """Nothing."""

    def wrote(self, table: str, rows: int) -> None:
        """Nothing."""

    def done(self, outcome: Outcome) -> None:
        """Nothing."""


def ingest(
    found: Iterable[Found], store: Store, *, force: bool = False, watch: Watch | None = None
) -> Iterator[Outcome]:
    """Read and write each session; yields what became of it.

    An outcome has the keys id, series, season, round, event, session, change (added, updated, unchanged, missing or
    failed), rows (by table), error and seconds (reading, source: the part of it that the source's own library took,
    writing). A session that cannot be read does not stop the next one, and is read again by the next run.
    """
    taken: set[SessionKey] = set()
    for session in found:
        yield ingest_one(session, store, taken, force=force, watch=watch or Unwatched())


def ingest_one(session: Found, store: Store, taken: set[SessionKey], *, force: bool, watch: Watch) -> Outcome:
    """Read and write one session; its outcome as `ingest` yields it.

    ``taken`` holds the sessions of this call and gets this one: a second file of the same one must not replace it.
    """
    watch.reading(session.label)
    seconds = dict.fromkeys(("reading", "source", "writing"), 0.0)
    outcome = _attempt(session, store, taken, force, watch, seconds) | {"seconds": seconds}
    note(session.label, outcome)
    watch.done(outcome)
    return outcome


def _attempt(
    session: Found, store: Store, taken: set[SessionKey], force: bool, watch: Watch, seconds: dict[str, float]
) -> Outcome:
    key: SessionKey | None = getattr(session, "key", None)
    event: str = getattr(session, "event_name", session.label)
    try:
        if not force and (known := _known(session, store)) and known[0] not in taken:
            taken.add(known[0])
            return _outcome(*known, "unchanged", rows=ensure_metrics(store, known[0]))
        data = _read(session, seconds)
        key = data.session.key
        if key in taken:
            return _outcome(key, event, "failed", error=_twice(session, key))
        taken.add(key)
        start = perf_counter()
        outcome = _write(session, store, data, force, watch)
        seconds["writing"] = perf_counter() - start
        return outcome
    except SessionMissing as error:
        return _outcome(key, event, "missing", error=str(error))
    except BadInput as error:
        note_cause(session.label, error)
        refuse(store, session, key, str(error))
        return _outcome(key, event, "failed", error=str(error))
    except RacelabError as error:
        note_cause(session.label, error)
        return _outcome(key, event, "failed", error=str(error))


def _read(session: Found, seconds: dict[str, float]) -> SessionData:
    start = perf_counter()
    try:
        return session.read()
    finally:
        seconds["reading"] = perf_counter() - start
        seconds["source"] = getattr(getattr(session, "took", None), "seconds", 0.0)


def _twice(session: Found, key: SessionKey) -> str:
    return f"{session.label} is session {key}, as another file of this call: name its event with --event"


def _write(session: Found, store: Store, data: SessionData, force: bool, watch: Watch) -> Outcome:
    """Check and write a session that is new or changed; raises BadInput where the checks refuse it."""
    key = data.session.key
    held = _held(store, key)
    data.provenance = _with_held_telemetry(data, held)
    change, rows = "unchanged", {}
    if force or held is None or held.digest != data.provenance.digest:
        check(data)
        note_read(session.label, data, getattr(session, "took", None))
        if not force and held and (reason := _why_kept(store, data, held)):
            return _outcome(key, data.event.name, "unchanged", error=f"{reason}; --force replaces it")
        watch.writing(session.label, _sizes(data))
        forget_metrics(store, key)
        written = store.write_session(data, force=force, progress=watch.wrote)
        change, rows = written.change, written.rows
    metrics = ensure_metrics(store, key)
    accept(store, session)
    return _outcome(key, data.event.name, change, rows={**rows, **metrics})


def _known(session: Found, store: Store) -> tuple[SessionKey, str] | None:
    """The stored session and its event where the very same files were read before by the same reader."""
    origin = getattr(session, "origin", None)
    provenance: Provenance | None = origin() if origin else None
    if provenance is None:
        return None
    same = {name: getattr(provenance, name) for name in ("source", "location", "digest", "version")}
    found = store.read("ingest_runs", **same)
    if len(found) != 1:
        return None
    key = SessionKey.of_id(int(found["session_id"].iloc[0]))
    return key, str(store.read("events", event_id=key.event_id)["name"].iloc[0])


def _held(store: Store, key: SessionKey) -> Provenance | None:
    """Where what is stored of the session came from."""
    found = store.read("ingest_runs", key)
    if found.empty:
        return None
    row = found.iloc[0]
    return Provenance(*(str(row[name]) for name in ("source", "location", "digest", "version")))


def _with_held_telemetry(data: SessionData, held: Provenance | None) -> Provenance:
    """The reading's provenance; a reading without telemetry leaves what is stored of it, and so its digest too."""
    read = data.provenance
    if held is None or held.source != read.source or data.telemetry is not None or _AND in read.digest:
        return read
    _, joined, telemetry = held.digest.partition(_AND)
    return replace(read, digest=f"{read.digest}{joined}{telemetry}")


def _why_kept(store: Store, data: SessionData, held: Provenance) -> str | None:
    """Why what is stored stays, where it knows more of the session than what was read."""
    if _knows(held.source) > _knows(data.provenance.source):
        return f"kept what {held.source} gave, which knows more"
    laps = len(store.read("laps", data.session.key))
    if len(data.laps) < _WHOLE * laps:
        return f"kept what {held.source} gave: {laps} laps, and {len(data.laps) or 'none'} this time, as of a cut file"
    return None


def _knows(source: str) -> int:
    return 0 if source in _PARTIAL else 1


def _sizes(data: SessionData) -> dict[str, int]:
    """The number of rows that the session will have in each table, for who watches."""
    sizes = {"entries": len(data.entries), "drivers": sum(len(entry.drivers) for entry in data.entries)}
    parts = ("laps", "pit_stops", "results", "weather", "track_status", "session_status", "race_control", "telemetry",
             "quarantine", "checks", "repairs")  # fmt: skip
    sizes |= {name: 0 if getattr(data, name) is None else len(getattr(data, name)) for name in parts}
    return {name: size for name, size in sizes.items() if size}


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
