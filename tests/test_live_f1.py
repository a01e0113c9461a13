"""Formula 1's feed against an emulator of the service, over real sockets, into a store."""

import random
from datetime import timedelta
from pathlib import Path

import pytest
from emulators.f1 import F1Service, made
from emulators.harness import fast_clock, interruptions, run_feed, same_rows
from emulators.server import serve
from f1live_text import START, race

from racelab.domain.sessions import Event, Session, SessionKey
from racelab.live.feeds.connection import Patience
from racelab.live.feeds.f1 import F1Feed
from racelab.live.identity import LiveSession
from racelab.settings import Settings
from racelab.store.open import open_store

KEY = SessionKey.read("f1/2025/9/R")
SESSION = LiveSession(Event("Spanish Grand Prix"), Session(KEY, start_utc=START, scheduled_laps=5))
SPEED = 900.0
BEGIN = START - timedelta(seconds=200)


def is_ended(state):
    return state.status == "ends"


class Run:
    """The service, the feed and the store of one session."""

    def __init__(self, folder: Path, empty: Path, **switches) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "racelab.db").write_bytes(empty.read_bytes())
        self.folder, self.store = folder, open_store(f"sqlite:///{folder / 'racelab.db'}")
        self.service = F1Service(made(START, race()), lambda: self.clock.now(), **switches)

    def go(self, account=None, patience=None, wire=None, **settings):
        with serve(self.service.app) as served:
            self.served, self.clock = served, fast_clock(SPEED, BEGIN)
            url = f"{wire(served) if wire else served.url}/signalrcore"
            self.feed = F1Feed(
                Settings(**{"f1_live_url": url, "f1_live_silence_s": 900} | settings),
                self.clock,
                account,
                random.Random(3),
                patience,
            )
            self.road = run_feed(self.feed, SESSION, self.store, self.folder, self.clock, is_ended)
        return self


@pytest.fixture(scope="module")
def calm(tmp_path_factory, empty_sqlite):
    return Run(tmp_path_factory.mktemp("calm"), empty_sqlite).go()


def test_a_race_comes_whole(calm):
    laps = calm.store.read("laps", KEY)
    assert len(laps) == 15
    assert calm.feed.health.connections == 1
    assert calm.store.read("repairs", KEY).empty
    print(laps.to_string())


def test_doubled(calm, tmp_path, empty_sqlite):
    run = Run(tmp_path / "a", empty_sqlite, doubled=0.5).go()
    same_rows(calm.store, run.store, KEY)
