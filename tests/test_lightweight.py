"""The lightweight interface: the calls and keys of its description, the same on every kind of store."""

import datetime as dt
import math
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import KEY, session_data
from hypothesis import given
from hypothesis import strategies as st

import racelab
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput, NotFound, StoreError
from racelab.load import load_laps, load_predictions
from racelab.runs.derived import ensure_metrics
from racelab.store.lightweight import RaceStorage, get_db
from racelab.store.open import open_store
from racelab.store.spec import millis, read_race_type, row_id, sector_millis

CALLS = {
    "create_session", "save_driver_metrics", "save_lap_data", "save_prediction", "save_simulation",
    "get_session_metrics", "get_session_laps", "get_session_predictions", "get_sessions", "close",
}  # fmt: skip
METRICS: dict[str, Any] = {
    "consistency_index": 0.92, "aggression_score": 0.65, "sector_strength": {"s1": 0.01, "s3": -0.02},
    "pace_stability": {"slope": 0.1, "laps": [1, 2]}, "fatigue_dropoff": {},
}  # fmt: skip


@pytest.fixture
def db(backend_url: str) -> Iterator[RaceStorage]:
    with get_db(backend_url) as opened:
        yield opened


@pytest.fixture
def session(db: RaceStorage) -> int:
    return db.create_session("Barber Motorsports Park", "2024-01-15T10:00:00", "race")


def test_it_has_the_calls_of_its_description_and_no_others() -> None:
    assert {name for name in dir(RaceStorage) if not name.startswith("_")} == CALLS


def test_the_example_of_its_description_works_on_the_store_that_the_settings_name(
    backend_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RACELAB_DB", backend_url)
    racelab.settings.get_settings.cache_clear()
    db = racelab.get_db()
    session_id = db.create_session(circuit="Barber Motorsports Park", race_type="race")
    db.save_driver_metrics(
        session_id, "driver_1", {"consistency_index": 0.92, "aggression_score": {"aggression_score": 0.65}}
    )
    found = db.get_session_metrics(session_id)
    db.close()
    assert len(found) == 1
    assert found[0] | {"id": 0, "created_at": ""} == {
        "id": 0, "session_id": session_id, "driver_id": "driver_1", "seat": 1, "consistency_index": 0.92,
        "aggression_score": 0.65, "sector_strength": None, "pace_stability": None, "fatigue_dropoff": None,
        "created_at": "",
    }  # fmt: skip
    with open_store(backend_url) as store:
        assert store.read("entries")["car_number"].tolist() == ["driver_1"]


def test_a_session_has_the_keys_of_the_description(db: RaceStorage, session: int) -> None:
    assert isinstance(session, int)
    found = db.get_sessions()
    written = dt.datetime.fromisoformat(found[0].pop("created_at"))
    assert abs(written - dt.datetime.now(dt.UTC).replace(tzinfo=None)) < dt.timedelta(minutes=5)
    assert found[0].pop("updated_at") == written.isoformat()
    assert found == [
        {"id": session, "circuit": "Barber Motorsports Park", "date": "2024-01-15T10:00:00", "race_type": "race"}
    ]


def test_sessions_are_found_by_circuit(db: RaceStorage, session: int) -> None:
    other = db.create_session("Sebring", race_type="practice")
    assert [one["id"] for one in db.get_sessions("barber motorsports park")] == [session]
    assert [(one["id"], one["date"], one["race_type"]) for one in db.get_sessions("SEBRING")] == [
        (other, None, "practice")
    ]
    assert {one["id"] for one in db.get_sessions()} == {session, other}
    assert db.get_sessions("Monza") == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2024-01-15", "2024-01-15T00:00:00"), (dt.date(2024, 1, 15), "2024-01-15T00:00:00"),
        ("2024-01-15T10:00:00+02:00", "2024-01-15T08:00:00"), ("2024-01-15T10:00:00Z", "2024-01-15T10:00:00"),
        (dt.datetime(2024, 1, 15, 10, 0, 0, 5), "2024-01-15T10:00:00.000005"),
    ],
)  # fmt: skip
def test_a_date_in_any_form_is_kept_in_utc(given: Any, kept: str) -> None:
    with get_db("sqlite://") as db:
        db.create_session("Barber", given)
        assert db.get_sessions()[0]["date"] == kept


@pytest.mark.parametrize(
    "wrong", [{"circuit": " "}, {"circuit": None}, {"date": "soon"}, {"race_type": "picnic"}, {"date": 5}]
)
def test_a_session_that_cannot_be_read_is_one_line(wrong: dict[str, Any]) -> None:
    with get_db("sqlite://") as db:
        with pytest.raises(BadInput, match="a session cannot be saved") as caught:
            db.create_session(**({"circuit": "Barber"} | wrong))
        assert "\n" not in str(caught.value)
        assert db.get_sessions() == []


def test_metrics_come_back_as_they_were(db: RaceStorage, session: int) -> None:
    db.save_driver_metrics(session, 7, {**METRICS, "own": "fast", "flag": True, "list": [1, None, "x"]})
    found = db.get_session_metrics(session)[0]
    assert {key: found[key] for key in METRICS} == METRICS
    assert (found["driver_id"], found["own"], found["flag"], found["list"]) == ("7", "fast", True, [1, None, "x"])


def test_metrics_overwrite_those_of_the_same_name_and_leave_the_others(db: RaceStorage, session: int) -> None:
    db.save_driver_metrics(session, "a", METRICS)
    db.save_driver_metrics(session, "b", {"consistency_index": 0.1})
    db.save_driver_metrics(session, "a", {"consistency_index": np.float32(0.5), "sector_strength": {"best": "s2"}})
    ours, other = db.get_session_metrics(session)
    assert (ours["consistency_index"], ours["sector_strength"]) == (0.5, {"best": "s2"})
    assert ours["pace_stability"] == METRICS["pace_stability"]
    assert (other["driver_id"], other["consistency_index"]) == ("b", 0.1)
    assert ours["id"] != other["id"]


def test_a_metric_that_is_no_number_is_null_and_an_infinite_one_refused(db: RaceStorage, session: int) -> None:
    db.save_driver_metrics(session, "a", {"consistency_index": math.nan, "pace_stability": None, "own": [math.nan]})
    found = db.get_session_metrics(session)[0]
    assert (found["consistency_index"], found["pace_stability"], found["own"]) == (None, None, [None])
    for wrong in (math.inf, object()):
        with pytest.raises(BadInput, match="the metrics of a cannot be saved"):
            db.save_driver_metrics(session, "a", {"own": wrong})


def test_what_stands_beside_a_nested_metric_is_kept(db: RaceStorage, session: int) -> None:
    nested = {"aggression_score": 0.65, "passes": 3}
    db.save_driver_metrics(session, "a", {"aggression_score": nested})
    assert db.get_session_metrics(session)[0]["aggression_score"] == nested


def test_laps_come_back_in_seconds_and_are_kept_in_whole_milliseconds(
    db: RaceStorage, session: int, backend_url: str
) -> None:
    db.save_lap_data(session, "driver_1", 2, "1:33.500", {"S1": 30, "sector2": "31.25"}, "in-lap")
    db.save_lap_data(session, "driver_1", 1, 93.4565, [30.1, 31.2, 32.1565], "normal", 3)
    db.save_lap_data(session, 7, 1, None)
    other, first, second = db.get_session_laps(session)
    assert first | {"id": 0, "created_at": ""} == {
        "id": 0, "session_id": session, "driver_id": "driver_1", "lap_number": 1, "lap_time": 93.457,
        "sectors": {"s1": 30.1, "s2": 31.2, "s3": 32.157}, "lap_type": "normal", "position": 3, "created_at": "",
    }  # fmt: skip
    assert (second["lap_time"], second["sectors"], second["position"]) == (93.5, {"s1": 30.0, "s2": 31.25}, None)
    assert (other["driver_id"], other["lap_time"], other["sectors"]) == ("7", None, None)
    laps = load_laps(session, db=backend_url)
    assert laps["lap_time_ms"].isna().tolist() == [True, False, False]
    assert laps["pit_in"].tolist() == [False, False, True]


def test_a_lap_that_is_saved_again_is_overwritten(db: RaceStorage, session: int) -> None:
    db.save_lap_data(session, "a", 1, 93.1, [1, 2, 3], "normal", 2)
    db.save_lap_data(session, "a", 1, 92)
    found = db.get_session_laps(session)
    assert [(lap["lap_time"], lap["sectors"], lap["lap_type"], lap["position"]) for lap in found] == [
        (92.0, None, None, None)
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"lap_time": "fast"}, {"lap_time": -1}, {"lap_time": math.inf}, {"lap_time": 1e9}, {"lap_time": True},
        {"lap_number": -1}, {"lap_number": 1.5}, {"lap_number": "x"}, {"sectors": [1, 2, 3, 4]}, {"sectors": "x"},
        {"sectors": {"s1": 1, "S1": 2}}, {"position": 0}, {"driver_id": ""}, {"driver_id": None}, {"lap_type": 5}, {"driver_id": 7.0},
    ],
)  # fmt: skip
def test_a_lap_that_cannot_be_read_is_one_line_and_nothing_is_saved(wrong: dict[str, Any]) -> None:
    with get_db("sqlite://") as db:
        session = db.create_session("Barber")
        with pytest.raises(BadInput) as caught:
            db.save_lap_data(**({"session_id": session, "driver_id": "a", "lap_number": 1, "lap_time": 90} | wrong))
        assert "\n" not in str(caught.value)
        assert db.get_session_laps(session) == []


@pytest.mark.parametrize("given", [np.float32(93.5), np.float64(93.5), Decimal("93.5"), "1:33.5"])
def test_a_number_of_numpy_is_a_lap_time_like_any_other(given: Any) -> None:
    with get_db("sqlite://") as db:
        session = db.create_session("Barber")
        db.save_lap_data(session, np.int64(7), np.int64(1), given, np.array([30.5, np.nan, 32.0]), position=np.int64(2))
        lap = db.get_session_laps(session)[0]
        assert (lap["driver_id"], lap["lap_time"], lap["position"]) == ("7", 93.5, 2)
        assert lap["sectors"] == {"s1": 30.5, "s3": 32.0}


@pytest.mark.parametrize("missing", [None, math.nan, np.float32("nan"), pd.NA, pd.NaT])
def test_every_mark_for_missing_is_none_wherever_a_value_may_be_missing(missing: Any) -> None:
    with get_db("sqlite://") as db:
        session = db.create_session("Barber", missing)
        db.save_lap_data(session, "a", 1, missing, missing, missing, missing)
        db.save_driver_metrics(session, "a", {"consistency_index": missing})
        db.save_prediction(session, "a", "lap_time", missing, missing, missing)
        assert db.get_sessions()[0]["date"] is None
        told = ("lap_time", "sectors", "lap_type", "position")
        assert [db.get_session_laps(session)[0][name] for name in told] == [None] * 4
        assert db.get_session_metrics(session)[0]["consistency_index"] is None
        told = ("prediction_value", "model_path", "confidence")
        assert [db.get_session_predictions(session)[0][name] for name in told] == [None] * 3


@pytest.mark.parametrize("name", ["id", "session_id", "driver_id", "seat", "created_at"])
def test_a_metric_cannot_take_the_name_of_what_the_dictionary_says_of_its_driver(name: str) -> None:
    with get_db("sqlite://") as db:
        session = db.create_session("Barber")
        with pytest.raises(BadInput, match=f"{name} cannot be a metric's name"):
            db.save_driver_metrics(session, "a", {"consistency_index": 0.9, name: "b"})
        assert db.get_session_metrics(session) == []


@pytest.mark.parametrize("metrics", [None, [("a", 1)], "a"])
def test_metrics_that_are_not_given_by_name_are_one_line(metrics: Any) -> None:
    with get_db("sqlite://") as db:
        session = db.create_session("Barber")
        with pytest.raises(BadInput, match="the metrics of a cannot be saved: they are not given by name"):
            db.save_driver_metrics(session, "a", metrics)


def test_a_text_that_cannot_be_kept_is_told_with_its_table_by_every_store(db: RaceStorage) -> None:
    with pytest.raises(StoreError, match="column name of events"):
        db.create_session("a\x00b")


def test_predictions_are_appended_and_come_back_as_they_were(db: RaceStorage, session: int, backend_url: str) -> None:
    for value in (93.2, 93.2, {"p1": 0.5}, "pit now", None):
        db.save_prediction(session, "a", "lap_time", value, "m.json", 0.9)
    db.save_prediction(session, "a", "place", 3)
    found = db.get_session_predictions(session)
    assert [one["prediction_value"] for one in found] == [93.2, 93.2, {"p1": 0.5}, "pit now", None, 3.0]
    assert len({one["id"] for one in found}) == 6
    assert found[0] | {"id": 0, "created_at": ""} == {
        "id": 0, "session_id": session, "driver_id": "a", "prediction_type": "lap_time", "prediction_value": 93.2,
        "model_path": "m.json", "confidence": 0.9, "created_at": "", "lap_number": None,
    }  # fmt: skip
    assert (found[5]["model_path"], found[5]["confidence"]) == (None, None)
    assert len(load_predictions(session, db=backend_url)) == 6


@pytest.mark.parametrize(
    "wrong",
    [
        {"confidence": 1.5},
        {"confidence": "high"},
        {"prediction_type": ""},
        {"prediction_type": 5},
        {"prediction_value": math.inf},
        {"model_path": Path("m.json")},
    ],
)
def test_a_prediction_that_cannot_be_kept_is_one_line(wrong: dict[str, Any]) -> None:
    with get_db("sqlite://") as db:
        session = db.create_session("Barber")
        given = {"driver_id": "a", "prediction_type": "lap_time", "prediction_value": 1.0} | wrong
        with pytest.raises(BadInput, match="the prediction for a cannot be saved"):
            db.save_prediction(session, **given)


def test_simulations_are_kept_beside_each_other(db: RaceStorage, session: int, backend_url: str) -> None:
    for _ in range(2):
        db.save_simulation(session, {"a": 93.2}, 20, 1000, {"a": {"win": np.float64(0.3), 1: [1]}})
    with open_store(backend_url) as store:
        runs = store.read("simulation_runs")
    assert runs["driver_paces"].tolist() == ['{"a":93.2}'] * 2
    assert runs["results"].tolist() == ['{"a":{"win":0.3,"1":[1]}}'] * 2
    assert (runs["laps"].tolist(), runs["races"].tolist()) == ([20, 20], [1000, 1000])
    with pytest.raises(BadInput, match="iterations is 0"):
        db.save_simulation(session, {}, 20, 0, {})


@pytest.mark.parametrize("session_id", [520240000910113, 1, -1, "x", None, 220240413])
def test_an_unknown_session_is_one_line(db: RaceStorage, session_id: Any) -> None:
    for call in (db.get_session_laps, db.get_session_metrics, db.get_session_predictions):
        with pytest.raises(NotFound) as caught:
            call(session_id)
        assert "\n" not in str(caught.value)
    with pytest.raises(NotFound):
        db.save_driver_metrics(session_id, "a", {"x": 1})


def test_an_ingested_race_is_read_under_the_same_keys(db: RaceStorage, backend_url: str) -> None:
    with open_store(backend_url) as store:
        store.write_session(session_data(laps=12))
        ensure_metrics(store, KEY)
        written = store.read("driver_metrics", KEY).set_index(["car_number", "metric"])["value"]
    listed = db.get_sessions("Le Mans")
    assert [(one["id"], one["race_type"]) for one in listed] == [(KEY.session_id, "race")]
    first = db.get_session_metrics(KEY.session_id)[0]
    assert first["consistency_index"] == written["007", "consistency_index"]
    assert first["sector_strength"]["s1"] == written["007", "sector_strength_s1"]
    assert first["created_at"] == listed[0]["created_at"]
    assert db.get_session_laps(KEY.session_id)[0]["lap_time"] == 210.0
    db.save_prediction(KEY.session_id, "007", "place", 1)
    with pytest.raises(NotFound, match=r"has no car 'VER'"):
        db.save_prediction(KEY.session_id, "VER", "place", 1)
    with pytest.raises(BadInput, match="came from a source"):
        db.save_lap_data(KEY.session_id, "007", 1, 90)
    assert len(db.get_session_laps(KEY.session_id)) == 24


def test_sessions_made_here_are_local_and_sound(db: RaceStorage, session: int, backend_url: str) -> None:
    db.save_prediction(session, "only predicted", "place", 1)
    key = SessionKey.of_id(session)
    assert str(key) == "local/2024/1/R"
    with open_store(backend_url) as store:
        assert store.read("entries", key)["car_number"].tolist() == ["only predicted"]
        assert store.read("ingest_runs", key)["source"].tolist() == ["local"]


@given(st.integers(0, 108_000_000))
def test_whole_milliseconds_come_back_from_seconds_as_number_and_as_text(ms: int) -> None:
    assert millis(ms / 1000) == ms
    assert millis(f"{ms // 1000}.{ms % 1000:03d}") == ms
    assert millis(Decimal(ms) / 1000) == ms
    minutes, rest = divmod(ms, 60_000)
    assert millis(f"{minutes}:{rest // 1000:02d}.{rest % 1000:03d}") == ms


@pytest.mark.parametrize(
    ("given", "ms"), [(0.0005, 1), (0.0004999, 0), (93.4565, 93_457), (1.0015, 1002), (None, None)]
)
def test_half_a_millisecond_is_rounded_up(given: float | None, ms: int | None) -> None:
    assert millis(given) == ms


ANY = st.none() | st.floats() | st.text(max_size=6) | st.integers()


@given(ANY | st.lists(ANY, max_size=4) | st.dictionaries(st.sampled_from(["s1", "S1", "sector 2", "x"]), ANY))
def test_any_time_and_sectors_are_read_or_refused_in_words(given: Any) -> None:
    for read in (millis, sector_millis):
        with suppress(ValueError):
            found = read(given)
            assert all(ms is None or ms >= 0 for ms in (found.values() if isinstance(found, dict) else [found]))


def test_race_types_in_any_spelling() -> None:
    words = [
        "race",
        "Race ",
        "qualifying",
        "practice",
        "Free Practice 2",
        "sprint",
        "warm_up",
        "FP3",
        "sprint_qualifying",
    ]
    assert [read_race_type(word) for word in words] == ["R", "R", "Q", "FP1", "FP2", "S", "WUP", "FP3", "SQ"]


def test_ids_are_whole_numbers_that_javascript_holds() -> None:
    found = {row_id((session, "7", lap)) for session in range(20) for lap in range(100)}
    assert len(found) == 2000
    assert max(found) < 2**53
