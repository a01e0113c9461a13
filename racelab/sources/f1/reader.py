"""One session from FastF1 into a SessionData: load, put on racelab's clock, convert, name what is missing."""

from datetime import UTC, datetime
from importlib.metadata import version
from time import perf_counter
from typing import Any

import pandas as pd

from racelab.domain.records import Provenance, SessionData
from racelab.domain.sessions import Event, Session, SessionKey
from racelab.errors import SessionMissing, SourceUnavailable
from racelab.sources.f1.clock import Clock, find_origin, stream_start, to_datetime
from racelab.sources.f1.columns import durations
from racelab.sources.f1.connection import Connection, explain
from racelab.sources.f1.digest import digest_frames
from racelab.sources.f1.laps import contradictions, generated_repairs, make_laps, usable_rows
from racelab.sources.f1.messages import make_race_control, make_session_status, make_track_status, make_weather
from racelab.sources.f1.results import is_official, make_entries, make_results
from racelab.sources.f1.specification import ORDERED
from racelab.sources.f1.stops import find_stops
from racelab.sources.f1.telemetry import make_telemetry
from racelab.sources.hints import Took

SOURCE = "f1"
READER = "2"
_FRAMES = {
    "results": "results",
    "laps": "laps",
    "weather": "weather_data",
    "track_status": "track_status",
    "session_status": "session_status",
    "race_control": "race_control_messages",
}
# The part of the live-timing archive without which a session has no laps.
_LAPS = "TimingData.jsonStream"
# A session with none of these is not worth a row in the store.
_WORTH = ("laps", "results", "weather", "race_control", "telemetry")


def read_session(
    session: Any, key: SessionKey, connection: Connection, *, telemetry: bool, took: Took | None = None
) -> SessionData:
    """Load a FastF1 session and convert it; to be called within `connected`. ``took`` gets FastF1's own time.

    Raises:
        SessionMissing: the source has nothing of the session.
        SourceUnavailable: it could not be asked, or its answers cannot be read.
    """
    _load(session, telemetry, took or Took())
    _refuse_partial(key, connection)
    frames = {name: _frame(session, attribute) for name, attribute in _FRAMES.items()}
    samples = {kind: _part(session, kind, {}) if telemetry else {} for kind in ("car_data", "pos_data")}
    clock = _clock(session, frames)
    location = f"{connection.location}{session.api_path}"
    digest = _digest(frames, samples, _part(session, "session_info", {}))
    data = SessionData(
        _event(session), _session(session, key, frames["session_status"], clock),
        Provenance(SOURCE, location, digest, f"fastf1 {version('fastf1')}, reader {READER}"),
    )  # fmt: skip
    _fill(data, frames, clock)
    if any(samples.values()):
        data.telemetry = make_telemetry(samples["car_data"], samples["pos_data"], clock)
    data.missing = _missing(data, frames, samples if telemetry else {}, clock)
    if all(getattr(data, part) is None or not len(getattr(data, part)) for part in _WORTH):
        why = explain(connection, "the source lacks them; try another session, or again some hours after its end")
        lacks = not connection.troubles and any(address.endswith(_LAPS) for address in connection.absent)
        kind = SessionMissing if lacks else SourceUnavailable
        raise kind(f"no laps, results, weather or messages of {key} at {connection.location}: {why}")
    return data


def _load(session: Any, telemetry: bool, took: Took) -> None:
    start = perf_counter()
    try:
        session.load(laps=True, telemetry=telemetry, weather=True, messages=True)
    finally:
        took.seconds = perf_counter() - start


def _refuse_partial(key: SessionKey, connection: Connection) -> None:
    """FastF1 goes on without the parts that it could not get; what is stored must not depend on the day's network."""
    if connection.troubles:
        why = explain(connection, "")
        raise SourceUnavailable(f"{key} cannot be read whole at {connection.location}: {why}; nothing of it is stored")


def _digest(frames: dict[str, pd.DataFrame], samples: dict[str, dict[str, pd.DataFrame]], info: dict[str, Any]) -> str:
    """The digest of all but the telemetry, and behind a plus sign that of the telemetry where it was read."""
    parts = {name: _in_order(frame) for name, frame in frames.items()}
    # With telemetry FastF1 works out the date of each lap; without, the same laps have none.
    parts["laps"] = parts["laps"].drop(columns="LapStartDate", errors="ignore")
    # The reader is a part of it: what a newer one makes of the same answers replaces what an older one made.
    parts["info"] = pd.DataFrame([{"info": repr(sorted(info.items())), "reader": READER}])
    digest = digest_frames(parts)
    if not any(samples.values()):
        return digest
    cars = {f"{kind}/{car}": frame for kind, found in samples.items() for car, frame in found.items()}
    return f"{digest}+{digest_frames(cars)}"


def _fill(data: SessionData, frames: dict[str, pd.DataFrame], clock: Clock) -> None:
    key = data.session.key
    rows, data.repairs = usable_rows(frames["laps"])
    data.quarantine = contradictions(frames["laps"])
    data.laps = make_laps(rows, clock.origin_ms, race=key.is_race)
    data.repairs += generated_repairs(data.laps)
    data.entries = make_entries(frames["results"])
    data.results = make_results(frames["results"], data.laps, key.code)
    data.weather = make_weather(frames["weather"], clock)
    data.track_status = make_track_status(frames["track_status"], clock)
    data.session_status = make_session_status(frames["session_status"], clock)
    data.race_control = make_race_control(frames["race_control"], clock)
    if key.is_race:
        data.pit_stops = find_stops(data.laps, data.track_status)


def _part(session: Any, attribute: str, default: Any) -> Any:
    """A part of the session, or the default where FastF1 has not loaded it."""
    from fastf1.exceptions import DataNotLoadedError

    try:
        found = getattr(session, attribute)
    except DataNotLoadedError:
        return default
    return default if found is None else found


def _frame(session: Any, attribute: str) -> pd.DataFrame:
    # A plain frame: FastF1's subclasses carry their session along and slow every step down.
    return pd.DataFrame(_part(session, attribute, pd.DataFrame())).reset_index(drop=True)


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows by car and lap, where there are such columns: FastF1 may take the cars from a set, in any order."""
    keys = [name for name in ("DriverNumber", "LapNumber") if name in frame.columns]
    return frame.sort_values(keys, kind="stable") if keys else frame


def _clock(session: Any, frames: dict[str, pd.DataFrame]) -> Clock:
    origin = find_origin(frames["session_status"])
    t0 = _part(session, "t0_date", None)
    zero_ms = None if t0 is None or pd.isna(t0) else round(t0.value / 1_000_000)
    seen = zero_ms if zero_ms is not None else stream_start(frames["race_control"], frames)
    if seen is not None and origin is not None:
        return Clock(origin, to_datetime(seen + origin), "messages" if zero_ms is None else "telemetry")
    date = session.date
    scheduled = None if pd.isna(date) else date.to_pydatetime().replace(tzinfo=UTC)
    return Clock(origin or 0, scheduled, "schedule")


def _event(session: Any) -> Event:
    info = _part(session, "session_info", {})
    circuit = info.get("Meeting", {}).get("Circuit", {}).get("ShortName")
    event = session.event
    return Event(str(event["EventName"]), circuit or event["Location"] or None, event["Country"] or None)


def _session(session: Any, key: SessionKey, statuses: pd.DataFrame, clock: Clock) -> Session:
    laps = _part(session, "total_laps", None)
    info = _part(session, "session_info", {})
    first, last = info.get("StartDate"), info.get("EndDate")
    planned = round((last - first).total_seconds() * 1000) if first and last and not key.is_race else None
    return Session(
        key,
        start_utc=clock.start_utc,
        end_utc=_end(statuses, clock),
        scheduled_ms=planned,
        scheduled_laps=int(laps) if laps else None,
    )


def _end(statuses: pd.DataFrame, clock: Clock) -> datetime | None:
    """The last time that the session was finished (qualifying: three times) or stopped and not resumed."""
    if statuses.empty:
        return None
    ends = durations(statuses.loc[statuses["Status"].isin(["Finished", "Aborted"]), "Time"]).dropna()
    return clock.utc(int(ends.iloc[-1]) - clock.origin_ms) if len(ends) else None


def _missing(
    data: SessionData, frames: dict[str, pd.DataFrame], samples: dict[str, dict[str, pd.DataFrame]], clock: Clock
) -> list[str]:
    lacking = [name for name in ("entries", "laps", "weather", "track_status", "session_status", "race_control")
               if not getattr(data, name)]  # fmt: skip
    code = data.session.key.code
    if code in ORDERED and not is_official(frames["results"], code):
        lacking.append("official results")
    lacking += [f"telemetry ({kind})" for kind, cars in samples.items() if not cars]
    if clock.known_from == "schedule":
        lacking.append("start time")
    if data.laps and find_origin(frames["session_status"]) is None:
        lacking.append("session start")
    return lacking
