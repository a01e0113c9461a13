"""The load_* functions: one obvious call for each data set, each a frame with a declared schema."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from racelab.analysis.metrics import driver_metrics
from racelab.analysis.stints import STINT_COLUMNS, stints
from racelab.domain.sessions import SessionKey
from racelab.store.frames import typed
from racelab.store.open import open_store
from racelab.store.protocol import Store
from racelab.store.tables import JOINED

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

Reference = str | int
TELEMETRY_KINDS = ["car", "position"]


def load_sessions(*, db: str | None = None) -> pd.DataFrame:
    """All sessions of the store: id, series, season, round, event, session, entries, laps, status, start, circuit."""
    with open_store(db) as store:
        return store.sessions()


def load_entries(session: Reference, *, db: str | None = None) -> pd.DataFrame:
    """Cars of a session: class, team, maker, vehicle and colour."""
    return _load("entries", session, db)


def load_drivers(session: Reference, *, db: str | None = None) -> pd.DataFrame:
    """Crews of a session: one row a seat."""
    return _load("drivers", session, db)


def load_laps(session: Reference, *, db: str | None = None, car_number: str | None = None) -> pd.DataFrame:
    """Laps of a session, or of one car: times in ms, stint, tyre, flag and quality."""
    return _load("laps", session, db, car_number=car_number)


def load_stints(session: Reference, *, db: str | None = None) -> pd.DataFrame:
    """Stints of a session: first and last lap, laps, compound, seat, median and best clean lap in ms.

    They are computed from the stored laps; clean laps are those of `racelab.analysis.pace.clean_laps`.
    """
    with open_store(db) as store:
        key = store.find(session)
        frame = stints(classed_laps(store, key))
        frame = _join(store, key, frame, ("car_class", "team", "driver"))
    from racelab.store.schemas import stints_schema

    return _checked(stints_schema((*STINT_COLUMNS, "car_class", "team", "driver")), key, frame)


def load_driver_metrics(session: Reference, *, db: str | None = None) -> pd.DataFrame:
    """Metrics of every car and driver, a row a metric, and a row for its standard error (its name and _se).

    They are computed from the stored laps and weather; docs/metrics.md defines each. A driver without enough laps for
    a metric has no row of it.
    """
    with open_store(db) as store:
        key = store.find(session)
        metrics = driver_metrics(classed_laps(store, key), store.read("weather", key)).assign(
            detail=None, created_utc=None
        )
        frame = _join(store, key, metrics, JOINED["driver_metrics"])
    return _validated("driver_metrics", key, frame)


def classed_laps(store: Store, key: SessionKey) -> pd.DataFrame:
    """A session's laps with each car's class, as the functions of `analysis` take them."""
    classes = store.read("entries", key)[["car_number", "car_class"]]
    return store.read("laps", key).merge(classes, on="car_number", how="left")


def load_pit_stops(session: Reference, *, db: str | None = None) -> pd.DataFrame:
    """Stops of a session by their in-lap; durations in ms in the pit lane."""
    return _load("pit_stops", session, db)


def load_results(session: Reference, *, db: str | None = None, kind: str | None = None) -> pd.DataFrame:
    """Classification of a session, every kind that is known or one of official, provisional, road."""
    frame = _load("results", session, db, kind=kind)
    return frame.sort_values(["kind", "position"], ignore_index=True)


def load_weather(session: Reference, *, db: str | None = None) -> pd.DataFrame:
    """Weather of a session: °C, %, hPa, km/h."""
    return _load("weather", session, db)


def load_track_status(session: Reference, *, db: str | None = None) -> pd.DataFrame:
    """Flags of a session: each holds from its time_ms until the next."""
    return _load("track_status", session, db)


def load_session_status(session: Reference, *, db: str | None = None) -> pd.DataFrame:
    """Changes of the session's own state: started, aborted, finished."""
    return _load("session_status", session, db)


def load_race_control(session: Reference, *, db: str | None = None) -> pd.DataFrame:
    """Messages of race control in their order."""
    return _load("race_control", session, db)


def load_incidents(session: Reference, *, db: str | None = None) -> pd.DataFrame:
    """Incidents of a session that was followed live or replayed: what race control told, and what its timing lets infer.

    ``phase`` is candidate, confirmed or cleared; ``origin`` is race_control or inferred, and the text says which.
    """
    return _load("incidents", session, db)


def load_repairs(session: Reference, *, db: str | None = None) -> pd.DataFrame:
    """What named rules changed or left out in a session; a row whose value after is the one before is a note."""
    return _load("repairs", session, db)


def load_quarantine(session: Reference, *, db: str | None = None) -> pd.DataFrame:
    """Records that checks kept out of a session, each with the rule, the reason and the whole record as JSON."""
    return _load("quarantine", session, db)


def load_checks(session: Reference, *, db: str | None = None) -> pd.DataFrame:
    """How many records each rule looked at in a session, and how many it accepted, repaired and quarantined.

    `racelab.domain.checks.RULES` says in words what each rule looks at.
    """
    return _load("checks", session, db)


def load_refusals(*, db: str | None = None) -> pd.DataFrame:
    """Sessions that a source gave and no check let in: what they go by there, why, and when that was."""
    with open_store(db) as store:
        frame = typed(store.read("refusals"))
    from racelab.store.schemas import table_schema

    return table_schema("refusals").validate(frame)


def load_provenance(session: Reference, *, db: str | None = None) -> pd.DataFrame:
    """Where a session came from: source, file or address, digest, when it was read, what the source lacks."""
    return _load("ingest_runs", session, db)


def load_predictions(session: Reference, *, db: str | None = None) -> pd.DataFrame:
    """Predictions for a session, each with its intervals and the model's name."""
    return _load("predictions", session, db)


def load_simulations(session: Reference, *, db: str | None = None) -> pd.DataFrame:
    """Simulated distributions of places for a session."""
    return _load("simulations", session, db)


def load_telemetry(
    session: Reference, car_number: str, *, lap: int | None = None, db: str | None = None
) -> pd.DataFrame:
    """Telemetry of one car, of the whole session or of one lap: km/h, metres, samples of kind car and position.

    It is read from wherever it lies, the store or its archive of Parquet files. Samples of a lap are in the order of
    time, those of a session in the order of kind and time; a lap whose start or end is not known has none.

    Raises:
        NotFound: the store has no such session.
        StoreError: the store cannot be read, or an archive is missing or damaged.
    """
    with open_store(db) as store:
        key = store.find(session)
        if lap is None:
            frame = store.read("telemetry", key, car_number=car_number)
        else:
            low, high = _lap_span(store, key, car_number, lap)
            # With its kinds named, the database goes to the samples by the table's key and reads no others.
            frame = store.read_between("telemetry", key, low, high, car_number=car_number, kind=TELEMETRY_KINDS)
    return _validated("telemetry", key, frame)


def _lap_span(store: Store, key: SessionKey, car_number: str, lap: int) -> tuple[int, int]:
    laps = store.read("laps", key, car_number=car_number, lap_number=lap)
    if laps.empty or laps[["start_ms", "end_ms"]].isna().any(axis=None):
        return 0, 0
    return int(laps["start_ms"].iloc[0]), int(laps["end_ms"].iloc[0])


def _load(table: str, session: Reference, db: str | None, **where: Any) -> pd.DataFrame:
    filters = {name: value for name, value in where.items() if value is not None}
    with open_store(db) as store:
        key = store.find(session)
        frame = store.read(table, key, **filters)
        if joined := JOINED.get(table, ()):
            frame = _join(store, key, frame, joined)
    return _validated(table, key, frame)


def _join(store: Store, key: SessionKey, frame: pd.DataFrame, joined: tuple[str, ...]) -> pd.DataFrame:
    entries = store.read("entries", key)[["car_number", "car_class", "team"]]
    frame = frame.merge(entries, on="car_number", how="left")
    if "driver" not in joined:
        return frame
    drivers = store.read("drivers", key).rename(columns={"name": "driver"})
    if "seat" in frame:
        return frame.merge(drivers[["car_number", "seat", "driver"]], on=["car_number", "seat"], how="left")
    crews = drivers.groupby("car_number")["driver"].agg(" / ".join).reset_index()
    return frame.merge(crews, on="car_number", how="left")


def _validated(table: str, key: SessionKey, frame: pd.DataFrame) -> pd.DataFrame:
    from racelab.store.schemas import frame_schema  # imported here: pandera costs whoever only writes

    return _checked(frame_schema(table), key, frame)


def _checked(schema: "DataFrameSchema", key: SessionKey, frame: pd.DataFrame) -> pd.DataFrame:
    names = {"series": key.series.value, "season": key.season, "round": key.round, "session": key.code}
    frame = typed(frame.assign(**names))[list(schema.columns)]
    frame.attrs["session"] = str(key)
    return schema.validate(frame)
