"""What a session does when things break that should not: parser, feed, one row, the caller's patience."""

import asyncio
import logging
from datetime import timedelta

import pytest
from emulators import toy
from emulators.harness import interruptions, run_feed

from racelab.domain.frames import Frame
from racelab.errors import BadInput, StoreError
from racelab.live.clock import ManualClock, SystemClock
from racelab.live.feeds.health import FeedHealth
from racelab.live.follow import follow_session
from racelab.live.identity import recording_path, with_session
from racelab.live.recorder import Recorder
from racelab.live.recording import RecordedFeed
from racelab.live.salvage import write_singly
from racelab.store.faults import is_refusal


def lap(number, **more):
    told = {"car": "1", "lap": number, "ms": 1000, "at": number * 1000} | more
    return Frame(toy.BEGIN + timedelta(seconds=number), {"new": told})


class ListFeed:
    """Gives frames, raises what is no frame, and then waits for ever; each connection goes on where the last ended."""

    protocol = toy.PROTOCOL

    def __init__(self, *items):
        self.items, self.manifest, self.health = list(items), {}, FeedHealth("list")

    async def frames(self):
        while self.items:
            item = self.items.pop(0)
            await asyncio.sleep(0)
            if isinstance(item, Exception):
                raise item
            if item is None:
                return
            yield item
        await asyncio.Event().wait()


def run(feed, store, folder, laps):
    clock = ManualClock(toy.BEGIN + timedelta(seconds=60))
    return run_feed(feed, toy.SESSION, store, folder, clock, lambda state: is_done(state, laps), 20.0)


def is_done(state, laps):
    return sum(car.laps or 0 for car in state.cars.values()) >= laps


def stored(store):
    return store.read("laps", toy.KEY)["lap_number"].tolist()


def test_a_frame_that_breaks_the_parser_is_told_once_and_left_out(store, tmp_path, caplog):
    broken = Frame(toy.BEGIN, {"new": {"car": "1"}})
    with caplog.at_level(logging.INFO, "racelab"):
        road = run(ListFeed(lap(1), broken, lap(2), broken, lap(3)), store, tmp_path, 3)
    assert stored(store) == [1, 2, 3]
    assert (road.frames, road.broken) == (5, 2)
    (said,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert "could not be understood and is left out" in said.message
    assert said.exc_info[0] is KeyError
    assert len(RecordedFeed(recording_path(tmp_path, toy.KEY))) == 5


@pytest.mark.parametrize("failure", [ZeroDivisionError("oops"), None])
def test_a_feed_that_fails_in_a_new_way_is_begun_anew_and_the_gap_named(store, tmp_path, caplog, failure):
    run(ListFeed(lap(1), failure, lap(2)), store, tmp_path, 2)
    assert stored(store) == [1, 2]
    (reason,) = store.read("repairs", toy.KEY)["reason"]
    assert reason.startswith("ZeroDivisionError: oops; " if failure else "its frames ended; ")
    assert interruptions(store, toy.KEY) == ["2026-06-13T14:01:00Z to 2026-06-13T14:00:02Z"]
    assert any("nobody foresaw" in each.message for each in caplog.records) == (failure is not None)


def test_an_error_with_words_for_the_user_ends_it(store, tmp_path):
    with pytest.raises(BadInput, match="no such session there"):
        run(ListFeed(lap(1), BadInput("no such session there")), store, tmp_path, 9)
    assert not [each for each in RecordedFeed(recording_path(tmp_path, toy.KEY)).frames() if each != lap(1)]


def test_one_row_that_the_store_refuses_costs_itself_alone(store, tmp_path, caplog):
    with caplog.at_level(logging.INFO, "racelab"):
        run(ListFeed(lap(1), lap(2, ms=2**70), lap(3), lap(4)), store, tmp_path, 4)
    assert stored(store) == [1, 3, 4]
    repairs = store.read("repairs", toy.KEY)
    assert repairs[["rule", "table_name", "record"]].to_numpy().tolist() == [["row_refused", "laps", "1/2"]]
    assert any("the store refused a row of laps (1/2)" in each.message for each in caplog.records)


def test_rows_are_refused_and_a_store_is_away(store):
    refused, away = StoreError("no"), StoreError("locked")
    refused.__cause__ = ValueError("x")
    assert (is_refusal(refused), is_refusal(away)) == (True, False)

    class Away:
        def write_tables(self, tables):
            raise away

    with pytest.raises(StoreError, match="locked"):
        write_singly(Away(), {"laps": {"session_id": [1], "car_number": ["1"], "lap_number": [1]}})


def test_whoever_ends_it_early_has_what_was_read(store, tmp_path):
    async def main():
        feed = ListFeed(*(lap(number) for number in range(1, 40)))
        clock, over = SystemClock(), asyncio.Event()

        def look(state):
            if is_done(state, 39):
                over.set()
            return False

        task = asyncio.create_task(follow_session(feed, toy.SESSION, store, tmp_path, clock, look))
        await over.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    assert stored(store) == list(range(1, 40))
    assert len(RecordedFeed(recording_path(tmp_path, toy.KEY))) == 39


def test_a_recording_of_another_protocol_is_not_mixed(store, tmp_path):
    with Recorder(
        recording_path(tmp_path, toy.KEY), "f1live", with_session({}, toy.SESSION), ManualClock()
    ) as recorder:
        recorder.append(lap(1))
    with pytest.raises(BadInput, match="holds f1live, not toy: move it away"):
        run(ListFeed(lap(1)), store, tmp_path, 1)


def test_a_session_that_is_followed_already_is_not_followed_twice(store, tmp_path):
    with (
        Recorder(recording_path(tmp_path, toy.KEY), "toy", {}, ManualClock()),
        pytest.raises(BadInput, match="recorded already"),
    ):
        run(ListFeed(lap(1)), store, tmp_path, 1)


def test_everything_stored_is_in_the_recording_first(store, tmp_path, monkeypatch):
    """At each commit the file on the disk holds at least the frames of the rows: a crash then loses nothing."""
    path, behind = recording_path(tmp_path, toy.KEY), []
    write = store.write_tables

    def checked(tables):
        rows = len(tables.get("laps", {}).get("lap_number", []))
        behind.append((rows, {each.payload["new"]["lap"] for each in RecordedFeed(path).frames()}, tables))
        return write(tables)

    monkeypatch.setattr(store, "write_tables", checked)
    run(ListFeed(*(lap(number) for number in range(1, 30))), store, tmp_path, 29)
    assert sum(rows for rows, _, _ in behind) == 29
    for _, recorded, tables in behind:
        assert set(tables.get("laps", {}).get("lap_number", [])) <= recorded
