"""The lightweight interface: sessions, metrics, laps, predictions and simulations as plain dictionaries, on any store.

``db = get_db()`` opens the store that RACELAB_DB names: a folder of JSON files, SQLite or PostgreSQL. Sessions made here
are of the series ``local``; those that were ingested are read and given metrics, predictions and simulations too.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from numbers import Integral
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from racelab import wall
from racelab.domain.series import Series
from racelab.domain.sessions import Event, SessionKey
from racelab.errors import BadInput, NotFound
from racelab.store import lightweight_rows as shown
from racelab.store.open import open_store
from racelab.store.protocol import Store
from racelab.store.rows import named_columns
from racelab.store.spec import LOCAL_SOURCE, instant, is_missing, millis, read_race_type, sector_millis
from racelab.store.spec_metrics import STRENGTHS, metric_rows, split_value, to_json

# A driver's only seat: the interface knows drivers, not crews.
_SEAT = 1
_IN_LAPS, _OUT_LAPS = ("inlap", "pitin"), ("outlap", "pitout")


def get_db(url: str | None = None) -> "RaceStorage":
    """The store at a URL, or the one that RACELAB_DB names, behind the lightweight interface.

    Raises:
        StoreError: it cannot be opened.
    """
    return RaceStorage(open_store(url))


class RaceStorage:
    """Any store behind ten plain calls. Times are seconds here, instants UTC; a session is known by its number."""

    def __init__(self, store: Store) -> None:
        """Take an open store; `close` closes it."""
        self._store = store

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back connections."""
        self._store.close()

    def create_session(self, circuit: str, date: str | date | None = None, race_type: str = "race") -> int:
        """Make a session and return its id.

        Args:
            circuit: the circuit's name.
            date: the start as an ISO text, a date or a datetime, in UTC where it has no zone; None where not known.
            race_type: race, qualifying, practice, sprint, ... in any spelling that session codes have.

        Raises:
            BadInput: the circuit is empty, or the date or the race type cannot be read.
            StoreError: it cannot be stored.
        """
        with _reading("a session"):
            if not isinstance(circuit, str) or not circuit.strip():
                raise ValueError("it needs a circuit")
            code, start = read_race_type(race_type), None if is_missing(date) else instant(date)
            season = (start or wall.now()).year
            event = Event(circuit, circuit=circuit)
            SessionKey(Series.LOCAL, season, 0, code)
        key = self._store.create_session(event, season, code)
        session = {
            "session_id": key.session_id, "event_id": key.event_id, "code": code, "name": key.name,
            "status": "created", "start_utc": start,
        }  # fmt: skip
        origin = {
            "session_id": key.session_id, "source": LOCAL_SOURCE, "location": "racelab.get_db",
            "digest": sha256(f"{key} {circuit} {start}".encode()).hexdigest(), "version": "1",
            "read_utc": wall.now(),
        }  # fmt: skip
        rows = {"sessions": session, "ingest_runs": origin}
        self._store.write_tables({table: named_columns(table, [row]) for table, row in rows.items()})
        return key.session_id

    def save_driver_metrics(self, session_id: int, driver_id: str | int, metrics: Mapping[str, Any]) -> None:
        """Save a driver's metrics by name, in the place of those with the same names.

        A value is a number, or anything that JSON can hold; NaN is null. ``sector_strength`` by s1, s2 and s3 is
        kept as a row each, and a metric that is nested under its own name is taken out.

        Raises:
            NotFound: there is no such session, or an ingested one has no such car.
            BadInput: a value cannot be kept.
        """
        key, car = self._session(session_id), _car(driver_id)
        with _reading(f"the metrics of {car}"):
            if not isinstance(metrics, Mapping):
                raise ValueError("they are not given by name")
            if taken := sorted(shown.OWN & set(map(str, metrics))):
                raise ValueError(f"{', '.join(taken)} cannot be a metric's name: the driver's own values have it")
            rows = metric_rows(metrics)
        own = {"session_id": key.session_id, "car_number": car, "seat": _SEAT, "created_utc": wall.now()}
        names = {str(name) for name in metrics} | {row["metric"] for row in rows}
        if "sector_strength" in names:
            names |= set(STRENGTHS)
        columns = named_columns("driver_metrics", [{**own, **row} for row in rows])
        self._name_car(key, car)
        where: dict[str, object] = {name: own[name] for name in ("session_id", "car_number", "seat")}
        self._store.replace_tables({"driver_metrics": columns}, metric=sorted(names), **where)

    def save_lap_data(
        self, session_id: int, driver_id: str | int, lap_number: int, lap_time: float | str | None,
        sectors: Any = None, lap_type: str | None = None, position: int | None = None,
    ) -> None:  # fmt: skip
        """Save a lap of a session that was made here, in the place of the same lap of the driver.

        Args:
            session_id: the session's id.
            driver_id: the driver, or the car's number.
            lap_number: the driver's own count.
            lap_time: seconds, or text such as ``1:33.500``; kept as whole milliseconds, halves rounded up.
            sectors: up to three times in seconds, as a list or by s1, s2 and s3.
            lap_type: any word; ``in-lap`` and ``out-lap`` mark the lap as such.
            position: the place at the lap's end.

        Raises:
            NotFound: there is no such session.
            BadInput: a value cannot be read, or the session's laps came from a source.
        """
        key, car = self._session(session_id), _car(driver_id)
        if key.series is not Series.LOCAL:
            raise BadInput(f"the laps of {key} came from a source: laps are saved to sessions that were made here")
        with _reading(f"lap {lap_number!r} of {car}"):
            row = {
                "session_id": key.session_id, "car_number": car, "lap_number": _count(lap_number, 0, "the lap number"),
                "lap_time_ms": millis(lap_time), **sector_millis(sectors), "lap_type": _text(lap_type, "the lap type"),
                "position": None if is_missing(position) else _count(position, 1, "the position"),
                "pit_in": _word(lap_type) in _IN_LAPS, "pit_out": _word(lap_type) in _OUT_LAPS, "quality": "measured",
            }  # fmt: skip
        entry = named_columns("entries", [{"session_id": key.session_id, "car_number": car}])
        cars = {name: entry[name] for name in ("session_id", "car_number")}
        self._store.write_tables({"entries": cars, "laps": named_columns("laps", [row])})

    def save_prediction(
        self, session_id: int, driver_id: str | int, prediction_type: str, prediction_value: Any,
        model_path: str | None = None, confidence: float | None = None,
    ) -> None:  # fmt: skip
        """Save a prediction beside those that are there; its value is a number, or anything that JSON can hold.

        Raises:
            NotFound: there is no such session, or an ingested one has no such car.
            BadInput: a value cannot be kept, or the confidence is not between 0 and 1.
        """
        key, car = self._session(session_id), _car(driver_id)
        with _reading(f"the prediction for {car}"):
            value, detail = split_value(prediction_value)
            sure = None if is_missing(confidence) else split_value(confidence)[0]
            target, model = _text(prediction_type, "the type"), _text(model_path, "the model's path")
            if not target or (sure is None and not is_missing(confidence)) or not 0 <= (sure or 0) <= 1:
                raise ValueError("it needs a type, and a confidence between 0 and 1 or none")
        self._name_car(key, car)
        row = {
            "session_id": key.session_id, "car_number": car, "target": target, "lap_number": 0,
            "model": model or "", "value": value, "detail": detail, "confidence": sure, "quality": "predicted",
            "created_utc": wall.now(),
        }  # fmt: skip
        self._store.append("predictions", row)

    def save_simulation(self, session_id: int, driver_paces: Any, n_laps: int, iterations: int, results: Any) -> None:
        """Save a run of simulated races beside those that are there; paces and results are anything JSON can hold.

        Raises:
            NotFound: there is no such session.
            BadInput: a value cannot be kept.
        """
        key = self._session(session_id)
        with _reading("the simulation"):
            row = {
                "session_id": key.session_id, "run_id": uuid4().hex, "driver_paces": to_json(driver_paces),
                "laps": _count(n_laps, 0, "n_laps"), "races": _count(iterations, 1, "iterations"),
                "results": to_json(results), "created_utc": wall.now(),
            }  # fmt: skip
        self._store.upsert("simulation_runs", [row])

    def get_session_metrics(self, session_id: int) -> list[dict[str, Any]]:
        """The metrics of each driver of a session (in a crew: of each seat), those that ingest computed too.

        Raises:
            NotFound: there is no such session.
        """
        key = self._session(session_id)
        return shown.metrics(self._store.read("driver_metrics", key), self._written(key))

    def get_session_laps(self, session_id: int) -> list[dict[str, Any]]:
        """The laps of a session, by driver and number; times in seconds.

        Raises:
            NotFound: there is no such session.
        """
        key = self._session(session_id)
        return shown.laps(self._store.read("laps", key), self._written(key))

    def get_session_predictions(self, session_id: int) -> list[dict[str, Any]]:
        """The predictions for a session; those of models that predict laps have a ``lap_number``.

        Raises:
            NotFound: there is no such session.
        """
        return shown.predictions(self._store.read("predictions", self._session(session_id)))

    def get_sessions(self, circuit: str | None = None) -> list[dict[str, Any]]:
        """All sessions, or those of a circuit (its name in any case), the oldest season first."""
        return shown.sessions(self._store.sessions(), self._store.read("ingest_runs"), circuit)

    def _session(self, session_id: int) -> SessionKey:
        return self._store.find(session_id)

    def _written(self, key: SessionKey) -> str | None:
        return shown.written(self._store.read("ingest_runs", key)).get(key.session_id)

    def _name_car(self, key: SessionKey, car: str) -> None:
        """Let no row be of a car that the session has not: one made here gets it, an ingested one must have it."""
        if not self._store.read("entries", key, car_number=car).empty:
            return
        if key.series is not Series.LOCAL:
            raise NotFound(f"session {key} has no car {car!r}: drivers of ingested sessions go by their car's number")
        self._store.write_tables({"entries": {"session_id": [key.session_id], "car_number": [car]}})


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Say of what a value cannot be read."""
    try:
        yield
    except (ValueError, TypeError, OverflowError) as error:
        raise BadInput(f"{what} cannot be saved: {error}") from error


def _car(driver_id: str | int) -> str:
    text = str(driver_id).strip() if isinstance(driver_id, str | Integral) and not isinstance(driver_id, bool) else ""
    if not text:
        raise BadInput(f"no driver is named {driver_id!r}: give an id or a car's number as text")
    return text


def _count(given: Any, low: int, what: str) -> int:
    if isinstance(given, bool) or int(given) != given or given < low:
        raise ValueError(f"{what} is {given!r}, not a whole number from {low}")
    return int(given)


def _text(given: object, what: str) -> str | None:
    if is_missing(given):
        return None
    if not isinstance(given, str):
        raise ValueError(f"{what} is {given!r}, which is no text")
    return given


def _word(text: object) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum()) if isinstance(text, str) else ""
