"""Long races: a day at 600 times its speed, half an hour at its own. `make soak` runs them; a short one runs always.

RACELAB_SOAK_S shortens the run at real speed (default 1,800 s).
"""

import os
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from emulators import toy
from emulators.harness import fast_clock, interruptions, run_feed
from emulators.server import serve

from racelab.domain.flags import Flag
from racelab.live.feeds.connection import Patience
from racelab.live.identity import recording_path
from racelab.live.recording import RecordedFeed

SOAK_S = float(os.environ.get("RACELAB_SOAK_S", "1800"))
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_mb():
    """The memory that this process, the emulator in it, holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 1e6


@dataclass
class Soak:
    """A race that is followed to its end, and the memory at each twentieth of it."""

    race: toy.Race
    speed: float
    memory: list[float] = field(default_factory=list)

    def is_over(self, state):
        if state.time_ms >= self.race.end_ms * len(self.memory) / 20:
            self.memory.append(resident_mb())
        laps = sum(car.laps or 0 for car in state.cars.values())
        return state.flag is Flag.CHEQUERED and laps >= self.race.laps

    def run(self, store, folder, patience=None):
        clock = fast_clock(self.speed, toy.lead(self.speed / 2))
        threads = threading.active_count()
        with serve(toy.app(self.race, clock)) as server:
            feed = toy.ToyFeed(server.ws_url, clock, patience)
            limit = self.race.seconds / self.speed * 1.5 + 60
            road = run_feed(feed, toy.SESSION, store, folder, clock, self.is_over, limit)
        assert threading.active_count() <= threads + 1
        return road

    def check(self, store, folder, road):
        """Every lap is stored and recorded, and nothing was missed; what there is to say of the run."""
        laps = store.read("laps", toy.KEY)
        assert len(laps) == self.race.laps
        assert laps.groupby("car_number")["lap_time_ms"].sum().tolist() == self.sums()
        assert interruptions(store, toy.KEY) == []
        path = recording_path(folder, toy.KEY)
        assert len(RecordedFeed(path)) == road.frames
        memory = " ".join(f"{each:.0f}" for each in self.memory)
        said = f"{road.frames} frames, {len(laps)} laps, {path.stat().st_size / 1e6:.1f} MB recorded"
        return f"\n{said}; memory (MB) at each twentieth: {memory}\n"

    def sums(self):
        """The sum of each car's lap times, by its number as text."""
        sums = {}
        for _, told in self.race.told:
            if "ms" in told:
                sums[told["car"]] = sums.get(told["car"], 0) + told["ms"]
        return [sums[car] for car in sorted(sums)]


def test_an_hour_in_three_seconds(store, tmp_path):
    soak = Soak(toy.Race(cars=10, seconds=3600, lap_s=100, sectors=True), 1200.0)
    # At this speed a minute is a twentieth of a second: a busy machine is silent for longer.
    soak.check(store, tmp_path, soak.run(store, tmp_path, Patience(silence_s=3600)))


@pytest.mark.soak
def test_a_day_at_600_times_its_speed(store, tmp_path, capsys):
    soak = Soak(toy.Race(cars=40, seconds=86_400, lap_s=220, sectors=True), 600.0)
    told = soak.check(store, tmp_path, soak.run(store, tmp_path, Patience(silence_s=3600)))
    with capsys.disabled():
        sys.stdout.write(told)
    early, late = soak.memory[4], soak.memory[-1]
    assert late < early + 40, f"memory grew from {early:.0f} to {late:.0f} MB"


@pytest.mark.soak
def test_half_an_hour_at_real_speed(store, tmp_path, capsys):
    soak = Soak(toy.Race(cars=20, seconds=SOAK_S, lap_s=20, sectors=True), 1.0)
    told = soak.check(store, tmp_path, soak.run(store, tmp_path))
    with capsys.disabled():
        sys.stdout.write(told)
    early, late = soak.memory[4], soak.memory[-1]
    assert late < early + 20, f"memory grew from {early:.0f} to {late:.0f} MB"
