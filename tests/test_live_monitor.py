"""A race day without a person at the keyboard, on a fast clock: from the calendar's row to the report."""

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scripted_race import PROTOCOL, Busy, ScriptedFeed, ScriptParser, VirtualClock, race_script

from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import RunFailed
from racelab.live.identity import recording_path
from racelab.live.protocols import PROTOCOLS
from racelab.runs.monitor import jobs, lease
from racelab.runs.monitor.monitor import Monitor
from racelab.runs.monitor.status import monitor_status
from racelab.settings import get_settings
from racelab.store.open import open_store

KEY = SessionKey(Series.WEC, 2031, 1, "R")
BEGIN = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
BUSY = Busy()
HEAD = "season,round,name,circuit,dates,start_utc,hours,code,aliases"


class Inline:
    """A worker in a thread of the test; ``done`` are its jobs."""

    def __init__(self, done: list[tuple[str, dict[str, Any]]], fails: frozenset[str] = frozenset()) -> None:
        self.done, self.fails = done, fails

    async def run(self, job: str, **arguments: Any) -> str:
        self.done.append((job, arguments))
        if job in self.fails:
            raise RunFailed(f"{job} is not to be had")
        return "the page" if job == "report" else await asyncio.to_thread(jobs.do, job, arguments)

    async def close(self) -> None:
        return None


def even_chances(model: Any, *, races: int, cache: Path) -> pd.DataFrame:
    """Every place is as likely as any other: the compiled simulator has tests of its own."""
    cars = model.numbers
    rows = [(car, None, place, 1 / len(cars), None) for car in cars for place in range(1, len(cars) + 1)]
    return pd.DataFrame(rows, columns=["car_number", "car_class", "position", "probability", "class_probability"])


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """No compiling, the parser of scripts."""
    import racelab.runs.monitor.strategy as strategy

    monkeypatch.setattr(strategy, "simulate", even_chances)
    plain = asyncio.to_thread
    monkeypatch.setattr(asyncio, "to_thread", lambda work, *given: BUSY.while_(plain(work, *given)))
    monkeypatch.setitem(PROTOCOLS, PROTOCOL, lambda manifest, session: ScriptParser())


def calendar(*rows: str) -> None:
    folder = get_settings().data / "calendars"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wec.csv").write_text("\n".join([HEAD, *rows]), encoding="utf-8")


def day(store, begin=BEGIN, before_s=930.0, **more):
    """A monitor of WEC alone on a clock that begins before the race, and its jobs."""
    done: list[tuple[str, dict[str, Any]]] = []
    clock = VirtualClock(begin - timedelta(seconds=before_s), BUSY)
    settings = get_settings().model_copy(
        update={"monitor_series": "wec", "monitor_races": 10, "monitor_lease_s": 5.0, **more.pop("settings", {})}
    )
    fails = more.pop("fails", frozenset())
    monitor = Monitor(store, settings, clock, workers=lambda: Inline(done, fails), **more)
    if not fails:
        # What each lap sets off is to see the store with this lap.
        clock.holds = lambda: any(race.due for race in monitor.races.values())
    return monitor, done


async def until(monitor, condition, timeout_s=120.0):
    """Run the monitor until something has come about, then end it as Ctrl-C does."""
    stop = asyncio.Event()
    clock, task = asyncio.create_task(monitor.clock.run()), asyncio.create_task(monitor.run(stop))
    try:
        async with asyncio.timeout(timeout_s):
            while not condition() and not task.done():
                await asyncio.sleep(0.01)
    finally:
        stop.set()
        await task
        clock.cancel()


def health(store) -> dict[str, tuple[str, str]]:
    return {row.part: (row.health, row.detail) for row in store.read("monitor_parts").itertuples()}


def reported(store):
    return lambda: health(store).get(f"report {KEY}", ("", ""))[0] in ("ok", "failed")


def _predictions_and_chances(store):
    predictions = store.read("predictions", KEY)
    live = predictions[predictions["model"].str.startswith("live/laptime_wec/")]
    assert set(live["car_number"]) == {str(10 + place) for place in range(10)}
    assert live["lap_number"].min() > 10
    assert live["value"].between(59_000, 64_000).all()
    known = live[live["low_80"].notna()]
    assert len(known)
    assert (known["low_90"] <= known["low_80"]).all()
    assert (known["low_80"] < known["value"]).all()
    chances = store.read("simulations", KEY)
    assert chances["from_lap"].nunique() > 3
    assert chances.groupby(["from_lap", "car_number"])["probability"].sum().round(6).eq(1).all()


def test_a_race_day_from_the_calendar_to_the_report(store, caplog):
    caplog.set_level(logging.INFO, "racelab")
    calendar("2031,1,6 Hours of Nowhere,monza,2031-05-04,2031-05-04T12:00Z,0.4,R,")
    script, feeds, seen = race_script(10, 17), [], []

    def feed(live, settings, clock):
        feeds.append(ScriptedFeed(BEGIN, script, clock))
        return feeds[-1]

    monitor, done = day(store, feeds=feed)

    def look():
        if monitor.races and not seen and len(store.read("laps", KEY)) > 30:
            seen.append((store.read("sessions", KEY)["status"].iloc[0], monitor_status(store, monitor.wall.now())))
        return reported(store)()

    asyncio.run(until(monitor, look))

    (status, said) = seen[0]
    assert status == "live"
    assert said["running"]
    assert [one["session"] for one in said["active_sessions"]] == [str(KEY)]
    laps = store.read("laps", KEY)
    assert len(laps) == sum(1 for _, payload in script for kind, *_ in payload if kind == "lap")
    assert laps.groupby("car_number")["lap_number"].max().to_dict()["10"] == 17
    session = store.read("sessions", KEY).iloc[0]
    assert (session["status"], session["status_note"]) == (
        "finished", "the chequered flag was shown and all running cars are home"
    )  # fmt: skip
    flagged = BEGIN + timedelta(milliseconds=int(laps[laps["car_number"] == "10"]["end_ms"].max()))
    assert abs(session["end_utc"] - flagged) < timedelta(minutes=2)
    exports = list((get_settings().data / "exports").glob("*.json"))
    assert len(exports) == 1
    assert exports[0].name.startswith("6_Hours_of_Nowhere_20310504_1")
    document = json.loads(exports[0].read_text(encoding="utf-8"))
    assert document["race_info"]["id"] == KEY.session_id
    assert document["statistics"]["total_laps"] == len(laps)
    parts = health(store)
    assert parts[f"export {KEY}"] == ("ok", str(exports[0]))
    assert parts[f"report {KEY}"] == ("ok", "the page")
    assert parts["monitor"][0] == "off"
    assert not [part for part in parts if part.startswith(("feed", "recorder", "parser"))]
    assert len(feeds) == 1
    assert [job for job, _ in done].count("report") == 1
    assert lease.read(store) is None
    assert [job for job, _ in done].count("train") == 2
    assert {arguments["session"] for job, arguments in done if job == "train"} == {str(KEY)}
    _predictions_and_chances(store)
    text = caplog.text
    for words in ("connecting to the scripted service", "training after lap 10", f"{KEY} is over", str(exports[0])):
        assert words in text


LIGHT = frozenset({"train", "predict", "strategy"})


def followed(feeds, script, breaks=()):
    def make(live, settings, clock):
        feeds.append(ScriptedFeed(BEGIN, script, clock, list(breaks)))
        return feeds[-1]

    return make


def lap_rows(store):
    return set(store.read("laps", KEY)[["car_number", "lap_number"]].itertuples(index=False, name=None))


def told_laps(script):
    return {(row[1], row[2]) for _, payload in script for row in payload if row[0] == "lap"}


def test_a_feed_that_breaks_in_mid_race_is_started_again(store, caplog):
    calendar("2031,1,6 Hours of Nowhere,monza,2031-05-04,2031-05-04T12:00Z,0.4,R,")
    script, feeds = race_script(4, 20), []
    monitor, _ = day(store, feeds=followed(feeds, script, [600.0]), fails=LIGHT)
    asyncio.run(until(monitor, reported(store)))
    assert feeds[0].joined == 2
    assert "the scripted service broke" in caplog.text
    # What was told within the half minute of the pause is missing, and the gap is named.
    assert 1 <= len(told_laps(script) - lap_rows(store)) <= 4
    assert "feed_interrupted" in set(store.read("repairs", KEY)["rule"])
    assert store.read("sessions", KEY)["status"].iloc[0] == "finished"
    assert health(store)[f"export {KEY}"][0] == "ok"


def test_a_monitor_that_ends_in_mid_race_is_followed_by_the_next_one(store, caplog):
    caplog.set_level(logging.INFO, "racelab")
    calendar("2031,1,6 Hours of Nowhere,monza,2031-05-04,2031-05-04T12:00Z,0.4,R,")
    script, feeds = race_script(4, 20), []
    first, _ = day(store, feeds=followed(feeds, script), fails=LIGHT)
    asyncio.run(until(first, lambda: feeds and feeds[0].sent > 40))
    assert store.read("sessions", KEY)["status"].iloc[0] == "live"
    assert not list((get_settings().data / "exports").glob("*.json"))
    assert monitor_status(store, first.wall.now())["running"] is False

    second, done = day(store, begin=first.clock.now(), before_s=-5.0, feeds=followed(feeds, script), fails=LIGHT)
    asyncio.run(until(second, reported(store)))
    assert "frames were recorded before" in caplog.text
    assert lap_rows(store) <= told_laps(script)
    missed = told_laps(script) - lap_rows(store)
    assert len(missed) <= 4, missed
    assert "racelab was not running" in " ".join(store.read("repairs", KEY)["reason"])
    assert [job for job, _ in done].count("report") == 1
    assert len(list((get_settings().data / "exports").glob("*.json"))) == 1


def test_after_an_end_nothing_is_done_twice(store):
    calendar("2031,1,6 Hours of Nowhere,monza,2031-05-04,2031-05-04T12:00Z,0.4,R,")
    feeds: list[ScriptedFeed] = []
    monitor, _ = day(store, feeds=followed(feeds, race_script(3, 8)), fails=LIGHT)
    asyncio.run(until(monitor, reported(store)))
    again, done = day(
        store, begin=monitor.clock.now(), before_s=0.0, feeds=followed(feeds, race_script(3, 8)), fails=LIGHT
    )
    asyncio.run(until(again, lambda: again.clock.now() > BEGIN + timedelta(hours=3)))
    assert len(feeds) == 1
    assert done == []
    assert len(list((get_settings().data / "exports").glob("*.json"))) == 1


@pytest.mark.parametrize("is_written", [False, True])
def test_a_monitor_that_ended_between_export_and_report_leaves_no_second_export(store, is_written):
    """The export stands as waiting, with or without its file, when the process dies."""
    calendar("2031,1,6 Hours of Nowhere,monza,2031-05-04,2031-05-04T12:00Z,0.4,R,")
    monitor, _ = day(store, feeds=followed([], race_script(3, 8)), fails=LIGHT)
    asyncio.run(until(monitor, reported(store)))
    (file,) = (get_settings().data / "exports").glob("*.json")
    before = file.read_bytes()
    if not is_written:
        file.unlink()
    rows = store.read("monitor_parts", part=[f"export {KEY}", f"report {KEY}"])
    store.upsert("monitor_parts", rows.assign(health="waiting").to_dict("records"))
    again, done = day(store, begin=BEGIN + timedelta(hours=1), before_s=0.0, feeds=followed([], []), fails=LIGHT)
    asyncio.run(until(again, reported(store)))
    assert [job for job, _ in done] == ["report"]
    assert [one.read_bytes() for one in (get_settings().data / "exports").glob("*.json")] == [before]


def test_a_report_that_fails_is_told_with_what_to_do(store, caplog):
    calendar("2031,1,6 Hours of Nowhere,monza,2031-05-04,2031-05-04T12:00Z,0.4,R,")
    monitor, _ = day(store, feeds=followed([], race_script(3, 8)), fails=LIGHT | {"report"})
    asyncio.run(until(monitor, reported(store)))
    assert health(store)[f"report {KEY}"][0] == "failed"
    assert f"`racelab run reports/race -p session {KEY}` does it again" in caplog.text


def test_races_that_overlap_are_followed_at_once(store):
    calendar(
        "2031,1,6 Hours of Nowhere,monza,2031-05-04,2031-05-04T12:00Z,0.4,R,",
        "2031,2,Other Hours of Nowhere,spa,2031-05-04,2031-05-04T12:05Z,0.4,R,",
    )
    other = SessionKey(Series.WEC, 2031, 2, "R")
    most = []

    def make(live, settings, clock):
        return ScriptedFeed(live.session.start_utc, race_script(3, 12), clock)

    monitor, _ = day(store, feeds=make, fails=LIGHT)

    def look():
        most.append(len(monitor.races))
        said = health(store)
        return all(said.get(f"report {key}", ("",))[0] == "ok" for key in (KEY, other))

    asyncio.run(until(monitor, look))
    assert max(most) == 2
    assert len(store.read("laps", KEY)) == len(store.read("laps", other)) == len(told_laps(race_script(3, 12)))
    assert len(list((get_settings().data / "exports").glob("*.json"))) == 2


def test_a_race_of_which_nothing_comes_ends_without_an_export(store, caplog):
    calendar("2031,1,6 Hours of Nowhere,monza,2031-05-04,2031-05-04T12:00Z,0.4,R,")
    monitor, done = day(store, feeds=followed([], [(0.0, [])]), fails=LIGHT)
    asyncio.run(
        until(
            monitor,
            lambda: (
                "finished" in set(store.read("sessions", KEY)["status"])
                if monitor.clock.now() > BEGIN + timedelta(hours=1)
                else False
            ),
        )
    )
    assert store.read("sessions", KEY)["status_note"].iloc[0].endswith("no lap was told")
    assert done == []
    assert not (get_settings().data / "exports").exists()
    assert "nothing is exported or reported" in caplog.text


def test_a_session_that_was_ingested_is_not_followed(store):
    from builders import session_data

    calendar("2031,1,6 Hours of Nowhere,monza,2031-05-04,2031-05-04T12:00Z,0.4,R,")
    store.write_session(session_data(KEY))
    monitor, _ = day(store)
    asyncio.run(monitor.almanac.refresh(BEGIN, monitor.parts))
    assert monitor.due(BEGIN) == []
    assert recording_path(get_settings().data, KEY).exists() is False
    assert open_store is not None
