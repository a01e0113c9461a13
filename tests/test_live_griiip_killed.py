"""A process that follows WEC's service is killed in mid-race, and the next one goes on: nothing but the gap is left."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from emulators.harness import interruptions, until
from emulators.server import serve
from test_live_griiip import KEY, RACE, START, Run, same

from racelab.live.recorder import RecordedFeed

FOLLOWER = """
import asyncio, sys
from datetime import datetime
from pathlib import Path
sys.path.insert(0, {tests!r})
from emulators.harness import run_feed
from racelab.live.clock import ManualClock
from racelab.live.feeds.griiip import GriiipFeed
from racelab.settings import Settings
from racelab.store.open import open_store
from test_live_griiip import SESSION

class Still(ManualClock):
    async def wait(self, seconds):
        await asyncio.sleep(0.02)

clock = Still(datetime.fromisoformat({at!r}))
feed = GriiipFeed(Settings(griiip_url={url!r}, griiip_mode="rest"), clock, SESSION)
with open_store({store!r}) as store:
    run_feed(feed, SESSION, store, Path({folder!r}), clock, lambda state: False, 60.0)
"""


def test_a_killed_process_leaves_no_trace_but_the_gap(tmp_path, empty_sqlite):
    calm = Run(tmp_path / "calm", empty_sqlite).go()
    run = Run(tmp_path / "killed", empty_sqlite)
    run.clock.at = START + timedelta(seconds=100)
    with serve(run.service.app) as served:
        program = FOLLOWER.format(
            tests=str(Path(__file__).parent), at=run.clock.at.isoformat(), url=served.url, store=run.store.url,
            folder=str(run.folder),
        )  # fmt: skip
        with subprocess.Popen([sys.executable, "-c", program]) as child:
            until(lambda: len(run.store.read("laps", KEY)) >= 10)
            os.kill(child.pid, signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    assert len(run.store.read("laps", KEY)) < sum(len(car.laps) for car in RACE.field_)
    recorded = len(list(RecordedFeed(run.recording).frames()))
    run.clock.at = START + timedelta(seconds=130)
    run.go()
    assert len(list(RecordedFeed(run.recording).frames())) > recorded > 0
    same(calm, run)
    assert interruptions(run.store, KEY) == ["2026-06-13T14:01:40Z to 2026-06-13T14:02:10Z"]
