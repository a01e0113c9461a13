"""Sessions that a person, or a system with the spec's files, wrote: they get names, ids and events of ours.

Their own ids (1, 2, ...) are the rounds of local events; the other files' ``session_id`` is read by the same list.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson

from racelab.domain.series import Series
from racelab.domain.sessions import Event, SessionKey
from racelab.store.folder.names import Row
from racelab.store.folder.parsing import Object, malformed
from racelab.store.folder.values import plain_value
from racelab.store.spec import LOCAL_SOURCE, instant, read_race_type
from racelab.store.writing import naming_rows


@dataclass(slots=True)
class Adopted:
    """What came of the foreign sessions: our ids by theirs, and the rows that ours need beside them."""

    ids: dict[int, int] = field(default_factory=dict)
    events: list[Row] = field(default_factory=list)
    runs: list[Row] = field(default_factory=list)


def adopt(things: list[Object], content: bytes, path: str) -> Adopted:
    """Give the sessions that have only the spec's keys ours too, in place.

    Raises:
        StoreError: one lacks a circuit, a date or a race type that can be read, or its id is taken.
    """
    adopted = Adopted()
    taken = {thing.get("event_id") for thing in things}
    for number, thing in enumerate(things):
        if "event_id" in thing or "code" in thing:
            continue
        try:
            _adopt(thing, adopted, taken, path)
        except (ValueError, TypeError, AttributeError) as error:
            raise malformed(path, content, number, len(things), str(error)) from error
    return adopted


def _adopt(thing: Object, adopted: Adopted, taken: set[Any], path: str) -> None:
    own, circuit = thing.get("id"), thing.get("circuit")
    if not isinstance(own, int) or isinstance(own, bool) or own in adopted.ids:
        raise ValueError(f"the id {own!r} is no number of its own")
    if not isinstance(circuit, str):
        raise ValueError("a session needs a circuit")
    dated = thing.get("date") or thing.get("created_at")
    if dated is None:
        raise ValueError("a session needs a date or created_at")
    written = plain_value("instant", thing.get("updated_at") or thing.get("created_at") or dated)
    key = SessionKey(Series.LOCAL, instant(dated).year, own, read_race_type(thing.get("race_type") or "race"))
    if key.event_id in taken:
        raise ValueError(f"the id {own} is taken by another session of {key.season}")
    rows = naming_rows(key, Event(circuit, circuit=circuit))
    adopted.ids[own] = key.session_id
    adopted.events.append({name: value for name, value in rows["events"].items() if value is not None})
    adopted.runs.append(origin(key, path, written, orjson.dumps(thing)))
    thing |= {name: value for name, value in rows["sessions"].items() if name != "session_id"}
    thing |= {"id": key.session_id} | ({"start_utc": thing["date"]} if thing.get("date") else {})


def origin(key: SessionKey, location: str, written: Any, content: bytes) -> Row:
    """The row that says where a local session came from."""
    digest = sha256(content).hexdigest()
    return {
        "session_id": key.session_id, "source": LOCAL_SOURCE, "location": location, "digest": digest, "version": "1",
        "read_utc": written,
    }  # fmt: skip


def renamed(thing: Object, ids: dict[int, int]) -> Object:
    """An object of another file whose session is called by our id."""
    own = thing.get("session_id")
    return {**thing, "session_id": ids[own]} if isinstance(own, int) and own in ids else thing


def missing_entries(cars: Iterable[tuple[int, str]], known: set[tuple[int, str]]) -> list[Row]:
    """Entries for the cars of adopted sessions that have none."""
    return [{"session_id": session, "car_number": car} for session, car in sorted(set(cars) - known)]
