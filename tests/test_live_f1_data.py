"""Real recordings of Formula 1, told by the emulator and followed by the feed into a store."""

import random

import pandas as pd
import pytest
from emulators.f1 import F1Service, recorded
from emulators.harness import fast_clock, run_feed
from emulators.server import serve
from test_f1live_data import AZERBAIJAN, IMOLA, MIAMI, found_in, recording

from racelab.live.feeds.f1 import F1Feed
from racelab.live.identity import LiveSession
from racelab.settings import Settings
from racelab.sources.f1live.sound import sound

pytestmark = pytest.mark.data
COLUMNS = [
    "car_number", "lap_number", "lap_time_ms", "s1_ms", "s2_ms", "s3_ms", "start_ms", "end_ms", "pit_in", "pit_out",
    "position", "compound", "tyre_age", "stint", "top_speed_kph",
]  # fmt: skip
RESULT = ["position", "laps", "best_lap_ms", "best_lap_number", "q1_ms", "q2_ms", "q3_ms", "grid_position"]


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


@pytest.mark.soak
@pytest.mark.parametrize(("name", "count"), [(AZERBAIJAN, 841), (MIAMI, 331), (IMOLA, 286)])
def test_a_whole_session_comes_over_the_wire_as_the_importer_reads_it(name, count, store, tmp_path):
    _, feed, key, _ = followed(name, store, tmp_path / "data", 600)
    assert feed.health.connections == 1
    data = found_in(name).read()
    ours, theirs = store.read("laps", key)[COLUMNS].convert_dtypes(), rows(sound(lap)[0] for lap in data.laps)
    differing = [name for name in COLUMNS if not ours[name].astype("string").equals(theirs[name].astype("string"))]
    assert (len(ours), differing) == (count, [])
    held = store.read("results", key)
    told = {(one.car_number, one.kind.value): [getattr(one, name) for name in RESULT] for one in data.results}
    own = held[RESULT].astype(object).where(held[RESULT].notna(), None).to_numpy().tolist()
    assert dict(zip(zip(held["car_number"], held["kind"], strict=True), own, strict=True)) == told
    assert len(store.read("pit_stops", key)) == len(data.pit_stops)
    named = store.read("repairs", key)
    assert not named.duplicated(["rule", "record", "column_name"]).any()
