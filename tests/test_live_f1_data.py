"""Real recordings of Formula 1, told by the emulator and followed by the feed into a store."""

import random

import pandas as pd
import pytest
from emulators.f1 import F1Service, recorded
from emulators.harness import fast_clock, run_feed
from emulators.server import serve
from test_f1live_data import AZERBAIJAN, found_in, recording

from racelab.live.feeds.f1 import F1Feed
from racelab.live.identity import LiveSession
from racelab.settings import Settings
from racelab.sources.f1live.sound import sound

pytestmark = pytest.mark.data
COLUMNS = [
    "car_number", "lap_number", "lap_time_ms", "s1_ms", "s2_ms", "s3_ms", "start_ms", "end_ms", "pit_in", "pit_out",
    "position", "compound", "tyre_age", "stint", "top_speed_kph",
]  # fmt: skip


def followed(name, store, folder, speed, most=None, account=None):
    """The recording's session, as the feed brings it from the emulator into the store."""
    told, found = recorded(recording(name), most), found_in(name)
    session = LiveSession(found.outline.name.event, found.session())
    clock = fast_clock(speed, told[0].at)
    with serve((service := F1Service(told, clock.now)).app) as served:
        settings = Settings(f1_live_url=f"{served.url}/signalrcore", f1_live_silence_s=3_600)
        feed = F1Feed(settings, clock, account, random.Random(1))
        # The last message is read in the tick after it was sent.
        sent = 1 + sum(one.topic in settings.f1_live_topics.split(",") for one in told)
        run_feed(feed, session, store, folder, clock, lambda _: feed.health.frames >= sent, 120.0)
    return service, feed, session.key, told


def rows(laps):
    frame = pd.DataFrame([{name: getattr(lap, name) for name in COLUMNS} for lap in laps]).convert_dtypes()
    return frame.sort_values(["car_number", "lap_number"], ignore_index=True)


# Recordings whose lines stand in the order of their stamps, as the service sends them.
@pytest.mark.soak
def test_a_whole_race_comes_over_the_wire_as_the_importer_reads_it(store, tmp_path):
    _, feed, key, _ = followed(AZERBAIJAN, store, tmp_path / "data", 600)
    assert feed.health.connections == 1
    laps = [sound(lap)[0] for lap in found_in(AZERBAIJAN).read().laps]
    ours, theirs = store.read("laps", key)[COLUMNS].convert_dtypes(), rows(laps)
    differing = [name for name in COLUMNS if not ours[name].astype("string").equals(theirs[name].astype("string"))]
    assert (len(ours), differing) == (841, [])
