"""What a running race sets off: work by lap, the worker's process, predictions, next stops; and what others see of it."""

import asyncio
import io
import json
import logging
import os
import signal
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from builders import KEY, session_data

from racelab import wall
from racelab.api import create_app
from racelab.domain.flags import Flag, TrackStatus
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput, NotFound, RunFailed
from racelab.live.clock import ManualClock, SystemClock
from racelab.live.feeds.health import CONNECTED, LOST, FeedHealth
from racelab.models.features import lap_features, names, next_lap_features, race_laps
from racelab.runs.monitor import lease
from racelab.runs.monitor.following import feed_words
from racelab.runs.monitor.jobs import do
from racelab.runs.monitor.laps import Helpers, LapWork, training_lap
from racelab.runs.monitor.monitor import Monitor
from racelab.runs.monitor.once import look_once
from racelab.runs.monitor.parts import Parts
from racelab.runs.monitor.predicting import model_path, predict_next_laps
from racelab.runs.monitor.strategy import next_stops
from racelab.runs.monitor.training import KEEP, live_score, retrain
from racelab.runs.monitor.warmup import warm_up
from racelab.runs.monitor.worker import ProcessWorker, serve
from racelab.settings import get_settings
from racelab.strategy.fit import fit_race
from racelab.strategy.simulate import read_frames

NOW = datetime(2026, 10, 12, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(("lap", "due"), [(9, None), (10, 10), (14, 10), (15, 15), (23, 20)])
def test_training_is_due_after_ten_laps_and_every_five(lap, due):
    assert training_lap(lap) == due


class Slow:
    """A worker whose jobs end when the test says so."""

    def __init__(self):
        self.begun: list[tuple[str, dict[str, Any]]] = []
        self.go = asyncio.Event()

    async def run(self, job, **arguments):
        self.begun.append((job, arguments))
        await self.go.wait()
        return "done"

    async def close(self):
        return None


def test_a_lap_that_comes_while_the_one_before_is_worked_on_goes_without_and_that_is_said(store, caplog):
    caplog.set_level(logging.INFO, "racelab")

    async def race():
        training, laps = Slow(), Slow()
        work = LapWork(KEY, Parts(store, SystemClock()), Helpers(training, laps), races=10)
        for lap in range(1, 21):
            work.at(lap)
            work.at(lap)
            await asyncio.sleep(0)
        assert [job for job, _ in training.begun] == ["train"]
        assert [(job, given["lap"]) for job, given in laps.begun] == [("predict", 1), ("strategy", 3)]
        training.go.set()
        laps.go.set()
        await asyncio.sleep(0.05)
        work.at(21)
        await work.end(5)
        assert [(job, given["lap"]) for job, given in laps.begun[2:]] == [("predict", 21), ("strategy", 21)]

    asyncio.run(race())
    assert "no training at lap 15, the one before still runs" in caplog.text
    assert "predictions went without laps 2 to 20: too slow" in caplog.text
    parts = dict(store.read("monitor_parts")[["part", "health"]].itertuples(index=False))
    assert parts[f"predictions {KEY}"] == "ok"


def test_work_that_fails_is_told_and_the_race_goes_on(store, caplog):
    class Broken(Slow):
        async def run(self, job, **arguments):
            raise RunFailed("no room on the disk")

    async def race():
        work = LapWork(KEY, Parts(store, SystemClock()), Helpers(Broken(), Broken()), races=10)
        for lap in (4, 20, 21):
            work.at(lap)
            await work.end(5)

    asyncio.run(race())
    parts = {row.part: (row.health, row.detail) for row in store.read("monitor_parts").itertuples()}
    assert parts[f"predictions {KEY}"] == ("failed", "lap 21: no room on the disk")
    assert parts["training"][0] == "failed"
    assert caplog.text.count("predictions wec/2024/4/R: lap 20: no room on the disk") == 1


def test_a_worker_answers_each_line_and_tells_what_failed():
    lines = [json.dumps({"job": job, "arguments": {}}) + "\n" for job in ("fly", "swim")]
    said: list[str] = []
    serve(io.StringIO("".join(lines)), said.append)
    answers = [json.loads(line) for line in said]
    assert [answer["done"] for answer in answers] == [None, None]
    assert answers[0]["error"].startswith("no job 'fly': use one of train")
    with pytest.raises(BadInput, match="no job 'fly'"):
        do("fly", {})


def test_a_worker_is_a_process_that_survives_failures_is_started_again_and_ends(store):
    async def work():
        worker = ProcessWorker()
        try:
            with pytest.raises(RunFailed, match="has no session"):
                await worker.run("predict", session="wec/2024/4/R", lap=1)
            process = worker._process
            with pytest.raises(RunFailed, match="no job 'fly'"):
                await worker.run("fly")
            assert worker._process is process, "the same process"
            os.kill(process.pid, signal.SIGKILL)
            with pytest.raises(RunFailed, match="ended with status -9; it is started again"):
                await worker.run("fly")
        finally:
            await worker.close()
        assert process.returncode == -9

    asyncio.run(work())


def test_features_of_the_next_lap_are_those_that_the_lap_has_once_it_is_driven(season):
    key = SessionKey.read("f1/2099/1/R")
    classes = season.read("entries", key)[["car_number", "car_class"]]
    laps = season.read("laps", key).merge(classes, on="car_number", how="left")
    now = laps.loc[laps["lap_number"] == 20, "end_ms"].min()
    known = laps[laps["end_ms"] <= now]
    coming = next_lap_features(known)
    assert len(coming) >= 15
    driven = lap_features(laps).merge(coming, on=["car_number", "lap_number"], suffixes=("", "_before"))
    assert len(driven) >= 10
    for name in ("recent_ms", "naive_ms", "base_ms", "scale", *names(coming)):
        if name == "lap_number":
            continue
        assert np.allclose(driven[name].astype(float), driven[f"{name}_before"].astype(float), equal_nan=True), name


def test_a_car_in_the_pits_or_out_of_the_race_has_no_next_lap_to_predict(season):
    key = SessionKey.read("f1/2099/1/R")
    classes = season.read("entries", key)[["car_number", "car_class"]]
    laps = season.read("laps", key).merge(classes, on="car_number", how="left")
    now = laps.loc[laps["lap_number"] == 20, "end_ms"].min()
    known = laps[laps["end_ms"] <= now]
    cars = set(next_lap_features(known)["car_number"])
    pitted, gone = sorted(cars)[:2]
    last = known["car_number"].eq(pitted) & known["lap_number"].eq(
        known.loc[known["car_number"].eq(pitted), "lap_number"].max()
    )
    known = known.assign(pit_in=known["pit_in"] | last)
    known = known[~(known["car_number"].eq(gone) & (known["lap_number"] > 10))]
    assert cars - set(next_lap_features(known)["car_number"]) == {pitted, gone}


def test_without_a_model_nothing_is_predicted(store, tmp_path):
    store.write_session(session_data())
    with pytest.raises(NotFound, match=r"no laptime model for wec in .*: run `racelab train laptime --series wec`"):
        predict_next_laps(store, KEY, tmp_path)


def kept_model(folder, store, **more):
    """A model that answers the last lap, taught by the made-up race, as the series' newest."""
    from racelab.models import registry
    from racelab.models.laptime import LapTimeModel

    model = LapTimeModel("filter", names(lap_features(race_laps(store, KEY))))
    card = {"model": "filter", "data": {"n": 1}, "features": [], "seeds": [0], "backtest": {}, "passed": True, "why": "",
            "scope": "", "limits": "", **more}  # fmt: skip
    return registry.save(folder, "laptime", "wec", model.parts(), card)


def test_nothing_is_predicted_while_the_track_is_neutralised(store, tmp_path):
    data = session_data(laps=8)
    data.track_status = [TrackStatus(0, Flag.GREEN)]
    for lap in data.laps:
        lap.pit_in = False
    store.write_session(data)
    kept_model(tmp_path, store)
    count, cars, name = predict_next_laps(store, KEY, tmp_path)
    assert (count, cars, name) == (2, 2, "live/laptime_wec/filter")
    rows = store.read("predictions", KEY)
    assert rows["lap_number"].tolist() == [9, 9]
    assert (rows["low_90"] < rows["low_80"]).all()
    assert (rows["high_80"] > rows["value"]).all()
    store.upsert("track_status", [{"session_id": KEY.session_id, "time_ms": 1_700_000, "flag": "fcy"}])
    assert predict_next_laps(store, KEY, tmp_path)[0] == 0


def test_the_model_that_learned_the_race_last_takes_over_from_the_series_own(store, tmp_path):
    from racelab.models import registry

    data = session_data(laps=40)
    for lap in data.laps:
        lap.pit_in = False
    store.write_session(data)
    own = kept_model(tmp_path, store, model="ridge")
    assert predict_next_laps(store, KEY, tmp_path)[2] == "live/laptime_wec/ridge"
    assert model_path(tmp_path, KEY) == own
    taught = set()
    for _ in range(KEEP + 1):
        said = retrain(store, KEY, tmp_path)
        taught.add(model_path(tmp_path, KEY))
    assert said.startswith("lap times: ridge of ")
    assert len(taught) == KEEP + 1, "each takes the place of the one before"
    kept = registry.listing(tmp_path)
    live = kept[kept["target"] == "laptime_live"]
    assert len(live) == KEEP, "older ones of the race go"
    card = registry.load(model_path(tmp_path, KEY)).card
    assert (card["series"], card["session"]) == ("wec", str(KEY))
    assert card["base"].startswith("laptime/wec/")
    assert card["data"]["until_lap"] == 40
    assert registry.newest_path(tmp_path, "laptime", "wec") == own, "other races go on with the series' own"


def test_live_scores_are_of_predictions_made_before_their_laps(store):
    rows = pd.DataFrame(
        {"car_number": ["1", "1", "2"], "lap_number": [9, 10, 9], "lap_time_ms": [100.0, 110.0, 120.0],
         "naive_ms": [90.0, 100.0, 110.0], "follows": [True, True, False]}
    )  # fmt: skip
    predictions = pd.DataFrame(
        {"car_number": ["1", "1", "2", "1"], "lap_number": [9, 10, 9, 10], "value": [104.0, 108.0, 0.0, 0.0],
         "model": ["live/laptime_wec/a", "live/laptime_wec/a", "live/laptime_wec/a", "laptime_wec/a"]}
    )  # fmt: skip
    found = live_score(predictions, rows)
    assert found == {"n": 2, "score": {"mae_ms": 3.0}, "baselines": {"last_lap": {"mae_ms": 10.0}}}
    assert live_score(predictions.head(0), rows)["score"]["mae_ms"] is None


def test_next_stops_lie_within_the_race_and_their_windows_around_them(season):
    key = SessionKey.read("wec/2099/1/R")
    model = fit_race(read_frames(season, key), [], 30)
    stops = next_stops(model)
    assert len(stops) > 10
    for stop in stops:
        assert (
            stop["lap_number"]
            <= stop["low_90"]
            <= stop["low_80"]
            <= stop["value"]
            <= stop["high_80"]
            <= stop["high_90"]
        )
    late = next_stops(fit_race(read_frames(season, key), [], int(season.read("laps", key)["lap_number"].max()) - 1))
    assert late == [], "nobody stops on the last lap"


def test_the_feeds_health_in_words():
    health = FeedHealth("x")
    assert feed_words(health, NOW) == ("waiting", "connecting (no answer yet)")
    health.become(CONNECTED, NOW)
    health.last_frame = NOW - timedelta(seconds=3)
    assert feed_words(health, NOW) == ("ok", "connected; last frame 3 s ago")
    health.sign_in, health.lacking = "expired", ("CarData.z", "Position.z")
    assert feed_words(health, NOW) == (
        "warning", "connected; last frame 3 s ago; sign-in expired; lacking CarData.z, Position.z"
    )  # fmt: skip
    health.become(LOST, NOW, "nothing came for 60 s")
    assert feed_words(health, NOW)[0] == "failed"
    assert "lost (nothing came for 60 s)" in feed_words(health, NOW)[1]


def test_a_folder_that_cannot_be_written_is_told_before_the_race(store, tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    parts = Parts(store, SystemClock())
    assert warm_up(store, tmp_path, parts)
    assert not warm_up(store, tmp_path / "file", parts)
    assert parts.held["folder"].health == "failed"
    assert "cannot be written" in parts.held["folder"].detail


def test_a_part_keeps_since_when_it_is_so(store):
    clock = ManualClock(NOW)
    parts = Parts(store, clock)
    parts.say("feed", "ok", "a")
    clock.sleep(100)
    parts.say("feed", "ok", "b")
    row = store.read("monitor_parts").iloc[0]
    assert (row["since_utc"], row["updated_utc"]) == (NOW, NOW + timedelta(seconds=100))
    parts.say("feed", "failed", "c")
    assert store.read("monitor_parts").iloc[0]["since_utc"] == NOW + timedelta(seconds=100)


def monitor_at(store, now: datetime, **more) -> Monitor:
    settings = get_settings().model_copy(update={"monitor_series": "wec,imsa", **more})
    return Monitor(store, settings, ManualClock(now))


@pytest.mark.parametrize(
    ("now", "following", "upcoming"),
    [
        ("2026-06-13T13:44", [], "wec/2026/3/R"), ("2026-06-13T13:45", ["wec/2026/3/R"], "wec/2026/3/R"),
        ("2026-06-14T14:20", ["wec/2026/3/R"], "imsa/2026/6/R"), ("2026-06-14T14:31", [], "imsa/2026/6/R"),
        ("2026-10-18T05:50", ["wec/2026/7/R"], "wec/2026/7/R"), ("2026-05-09T12:00", ["wec/2026/2/R"], "imsa/2026/5/R"),
    ],
)  # fmt: skip
def test_one_look_tells_what_is_on_and_what_comes_next(store, now, following, upcoming):
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    seen = asyncio.run(look_once(monitor_at(store, at)))
    assert [one["session"] for one in seen["would_follow"]] == following
    assert seen["next_race"]["session"] == upcoming
    assert seen["last_check"] == at.isoformat(timespec="seconds")
    assert seen["running"] is False
    assert {part["part"]: part["health"] for part in seen["parts"]}.keys() == {"calendar", "folder", "store"}
    assert lease.read(store) is None


def test_one_look_beside_a_running_monitor_only_looks(store):
    lease.take(store, "other", wall.now(), timedelta(minutes=1))
    seen = asyncio.run(look_once(monitor_at(store, NOW)))
    assert (seen["running"], seen["holder"], seen["did"]) == (True, "other", [])
    held = lease.read(store)
    assert held is not None
    assert held.holder == "other"


def test_what_the_running_monitor_follows_is_not_told_as_followed_by_nobody(store):
    lease.take(store, "other", wall.now(), timedelta(minutes=1))
    now = datetime(2026, 6, 13, 13, 50, tzinfo=UTC)
    detail = json.dumps({"active_sessions": [{"session": "wec/2026/3/R", "name": "Le Mans", "laps": 0}]})
    Parts(store, ManualClock(now)).say("monitor", "ok", detail)
    seen = asyncio.run(look_once(monitor_at(store, now)))
    assert ([one["session"] for one in seen["active_sessions"]], seen["would_follow"]) == (["wec/2026/3/R"], [])


def ask(path: str) -> httpx.Response:
    async def get():
        transport = httpx.ASGITransport(create_app())
        async with httpx.AsyncClient(transport=transport, base_url="http://racelab") as client:
            return await client.get(path)

    return asyncio.run(get())


def test_the_status_is_served_whether_or_not_a_monitor_runs(store):
    said = ask("/api/status/monitor").json()
    assert (said["running"], said["next_race"], said["active_sessions"], said["parts"]) == (False, None, [], [])
    lease.take(store, "me", wall.now(), timedelta(minutes=1))
    monitor = monitor_at(store, NOW)
    asyncio.run(monitor.check())
    said = ask("/api/status/monitor").json()
    assert (said["running"], said["holder"], said["check_interval_s"]) == (True, "me", 300.0)
    assert said["next_race"]["session"] == "wec/2026/7/R"
    assert said["last_check"] == "2026-10-12T10:00:00+00:00"
    assert [part["part"] for part in said["parts"]] == ["calendar"]


def test_the_status_of_a_store_that_is_away_is_a_503_in_one_line(monkeypatch):
    monkeypatch.setenv("RACELAB_DB", "postgresql+psycopg://nobody@127.0.0.1:9/none")
    get_settings.cache_clear()
    answer = ask("/api/status/monitor")
    assert answer.status_code == 503
    assert "cannot be opened" in answer.json()["detail"]
