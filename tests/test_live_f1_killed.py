"""A process that follows Formula 1's service is killed in mid-race, and the next one goes on: what was missed is named."""

import os
import random
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import test_live_f1 as f1
from emulators.harness import fast_clock, interruptions, run_feed, until
from emulators.server import serve

from racelab.live.feeds.f1 import F1Feed
from racelab.live.identity import recording_path
from racelab.live.recorder import RecordedFeed
from racelab.settings import Settings

SPEED, PLACE = 500.0, 82
FOLLOWER = """
import random, sys
from datetime import UTC, datetime
from pathlib import Path
sys.path.insert(0, {tests!r})
import pandas as pd
import test_live_f1 as f1
from emulators.harness import fast_clock, run_feed
from racelab.live.feeds.f1 import F1Feed
from racelab.settings import Settings
from racelab.store.open import open_store

# Everything is there: the service begins, and this clock with its own.
print("ready", flush=True)
began = datetime.fromisoformat(sys.stdin.readline().strip())
clock = fast_clock({speed}, f1.BEGIN + (datetime.now(UTC) - began) * {speed})
feed = F1Feed(Settings(f1_live_url={url!r}, f1_live_silence_s=30_000), clock, None, random.Random(3))
with open_store({store!r}) as store:
    run_feed(feed, f1.SESSION, store, Path({folder!r}), clock, lambda state: False, 60.0)
"""


def test_what_a_killed_process_missed_is_named_and_nothing_else_is_missing(tmp_path, empty_sqlite):
    calm = f1.Run(tmp_path / "calm", empty_sqlite).go()
    run = f1.Run(tmp_path / "killed", empty_sqlite, holds=True, waits_at=PLACE)
    path = recording_path(run.folder, f1.KEY)
    with serve(run.service.app) as served:
        url = f"{served.url}/signalrcore"
        program = FOLLOWER.format(
            tests=str(Path(__file__).parent), speed=SPEED, url=url, store=run.store.url, folder=str(run.folder),
        )  # fmt: skip
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with subprocess.Popen([sys.executable, "-c", program], **pipes) as child:
            assert child.stdout.readline() == "ready\n"
            run.clock, began = fast_clock(SPEED, f1.BEGIN), datetime.now(UTC)
            child.stdin.write(f"{began.isoformat()}\n")
            child.stdin.flush()
            until(lambda: path.exists() and len(list(RecordedFeed(path).frames())) == 1 + PLACE)
            os.kill(child.pid, signal.SIGKILL)
        assert len(run.store.read("laps", f1.KEY)) < len(calm.store.read("laps", f1.KEY))
        run.service.waits_at = None
        feed = F1Feed(Settings(f1_live_url=url, f1_live_silence_s=3_000), run.clock, None, random.Random(3))
        run_feed(feed, f1.SESSION, run.store, run.folder, run.clock, lambda state: state.status == "ends")
    whole, held = (one.store.read("laps", f1.KEY).set_index(["car_number", "lap_number"]) for one in (calm, run))
    repairs = run.store.read("repairs", f1.KEY)
    missed = set(whole.index) - set(held.index)
    # The service goes on while nobody listens: a lap that nobody saw is named, and no other is missing.
    assert {f"{car}/{lap}" for car, lap in missed} == set(repairs.loc[repairs["rule"] == "missed_lap", "record"])
    common = whole.loc[held.index, ["lap_time_ms", "end_ms", "compound", "pit_in", "pit_out"]]
    pd.testing.assert_frame_equal(held[common.columns], common)
    places = [one.store.read("results", f1.KEY)[["car_number", "position", "laps"]] for one in (calm, run)]
    pd.testing.assert_frame_equal(*places)
    assert len(interruptions(run.store, f1.KEY)) == 1
