"""The race state in the store: cars that changed and the session, each with the revision at which it changed."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from racelab.domain.drive_time import Drive
from racelab.domain.flags import Flag, RaceControlMessage, TrackStatus
from racelab.domain.incidents import Incident, IncidentKind, IncidentOrigin, IncidentPhase
from racelab.domain.records import Weather
from racelab.domain.sessions import SessionKey
from racelab.live.state import CarState, RaceState
from racelab.store.protocol import Store
from racelab.store.rows import Columns, named_columns

_PLAIN = (
    "time_ms", "flag_since_ms", "elapsed_ms", "remaining_ms", "remaining_laps", "status", "is_race",
)  # fmt: skip
_Held = TypeVar("_Held")
_CAR_FIELDS = frozenset(field.name for field in fields(CarState))


def car_to_json(car: CarState) -> str:
    """A car's state as JSON with the fields of CarState; null ones are left out."""
    held = ((name, getattr(car, name)) for name in CarState.__slots__)
    return json.dumps({name: value for name, value in held if value is not None and value != ()}, ensure_ascii=False)


def car_from_json(text: str) -> CarState:
    """The car's state; fields that this version does not know are passed over."""
    held = {name: value for name, value in json.loads(text).items() if name in _CAR_FIELDS}
    if "drives" in held:
        held["drives"] = tuple(Drive(*drive) for drive in held["drives"])
    return CarState(**held)


def race_to_json(state: RaceState) -> str:
    """The session's state as JSON; ``cars`` are the cars' numbers in their order, the ledger stays here."""
    held: dict[str, Any] = {name: getattr(state, name) for name in _PLAIN}
    held["flag"] = state.flag.value if state.flag else None
    held["flags"] = [_plain(change) for change in state.flags]
    held["weather"] = _plain(state.weather) if state.weather else None
    held["messages"] = [_plain(message) for message in state.messages]
    held["incidents"] = [_plain(incident) for incident in state.incidents]
    held["cars"] = [car.car_number for car in state.order]
    return json.dumps(held, ensure_ascii=False)


def race_from_json(text: str) -> tuple[RaceState, list[str]]:
    """The session's state without its cars, and the cars' numbers in their order."""
    held = json.loads(text)
    state = RaceState(
        **{name: held[name] for name in _PLAIN if name in held},
        flag=Flag(held["flag"]) if held.get("flag") else None,
        flags=tuple(_made(TrackStatus, one | {"flag": Flag(one["flag"])}) for one in held.get("flags", ())),
        weather=_made(Weather, held["weather"]) if held.get("weather") else None,
        messages=tuple(_made(RaceControlMessage, message) for message in held.get("messages", ())),
        incidents=tuple(_incident(incident) for incident in held.get("incidents", ())),
    )
    return state, list(held.get("cars", ()))


class LivePublisher:
    """Makes the rows of the live tables for each new state, with a revision that only rises."""

    def __init__(self, store: Store, key: SessionKey) -> None:
        rows = store.newer("live_sessions", key, -1)
        self.revision: int = rows[0]["revision"] if rows else 0
        self._session_id = key.session_id
        self._shown: dict[str, CarState] = {}

    def tables(self, state: RaceState, updated: datetime) -> dict[str, Columns]:
        """Rows for the cars that differ from what was published last, and for the session."""
        changed = [car for number, car in state.cars.items() if self._shown.get(number) != car]
        self._shown = dict(state.cars)
        self.revision += 1
        cars = [
            {
                "session_id": self._session_id, "car_number": car.car_number, "revision": self.revision,
                "state": car_to_json(car),
            }
            for car in changed
        ]  # fmt: skip
        session = {
            "session_id": self._session_id, "revision": self.revision, "state": race_to_json(state),
            "updated_utc": updated,
        }  # fmt: skip
        tables = {"live_sessions": named_columns("live_sessions", [session])}
        return tables | ({"live_cars": named_columns("live_cars", cars)} if cars else {})


class LiveReader:
    """Reads a published session; each poll reads only the rows that are newer than what it has."""

    def __init__(self, store: Store, key: SessionKey) -> None:
        self._store, self._key = store, key
        self._cars: dict[str, CarState] = {}
        self.revision = -1
        # When the state that `poll` gave last was published.
        self.updated: datetime | None = None

    def poll(self) -> tuple[RaceState | None, list[CarState]]:
        """The race state with all its cars, and the cars that changed; None and nothing where nothing is new.

        Raises:
            StoreError: the store cannot be read.
        """
        sessions = self._store.newer("live_sessions", self._key, self.revision)
        if not sessions:
            return None, []
        rows = self._store.newer("live_cars", self._key, self.revision)
        state, numbers = race_from_json(sessions[0]["state"])
        changed = [car for car in map(car_from_json, (row["state"] for row in rows)) if car.car_number in numbers]
        self._cars |= {car.car_number: car for car in changed}
        self.revision, self.updated = sessions[0]["revision"], _utc(sessions[0]["updated_utc"])
        return replace(state, cars={number: self._cars[number] for number in numbers if number in self._cars}), changed


def _plain(record: Any) -> dict[str, Any]:
    held = ((name, getattr(record, name)) for name in record.__slots__)
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in held if value is not None
    }


def _incident(held: dict[str, Any]) -> Incident:
    kinds = {
        "kind": IncidentKind(held["kind"]), "phase": IncidentPhase(held["phase"]), "origin": IncidentOrigin(held["origin"]),
    }  # fmt: skip
    return _made(Incident, held | kinds)


def _utc(instant: datetime | str) -> datetime:
    """An instant as stores give it: SQLite's has no zone, the JSON folder's is text."""
    read = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def _made(kind: type[_Held], held: dict[str, Any]) -> _Held:
    """A record of this kind; what this version does not know of it is passed over."""
    known = {field.name: held[field.name] for field in fields(cast("Any", kind)) if field.name in held}
    if moment := known.get("time_utc"):
        known["time_utc"] = datetime.fromisoformat(moment)
    return kind(**known)
