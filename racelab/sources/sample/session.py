"""One session of the sample season, made from its seed."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from zlib import crc32

import numpy as np

from racelab.domain.flags import SessionStatus
from racelab.domain.laps import Lap
from racelab.domain.records import Provenance, SessionData
from racelab.domain.sessions import Session, SessionKey
from racelab.sources.sample.around import messages, weather
from racelab.sources.sample.field import Racer, make_field
from racelab.sources.sample.incidents import Script, draw_script
from racelab.sources.sample.qualifying import qualifying
from racelab.sources.sample.race import Car, Race
from racelab.sources.sample.records import finish_laps, results, stops, track_status
from racelab.sources.sample.season import PLANS, Plan

VERSION = "sample-1"


@dataclass(frozen=True, slots=True)
class SampleSession:
    """A session that can be read; ``label`` is for people."""

    plan: Plan
    seed: int

    @property
    def key(self) -> SessionKey:
        """What names the session in the store."""
        return self.plan.key

    @property
    def label(self) -> str:
        """The event and session in words."""
        return f"{self.plan.event.name}, {self.plan.key.name}"

    def read(self) -> SessionData:
        """Make the session; the same seed makes the same one."""
        return _read(self.plan, self.seed)


@dataclass(frozen=True, slots=True)
class Cast:
    """All that is drawn before a session: the grid in order, what will happen, the wear of the day."""

    grid: list[Racer]
    script: Script
    wear: float


def generate(seed: int = 1) -> list[SampleSession]:
    """The sessions of the sample season of a seed: F1 qualifying and two races, a WEC race, two GR Cup races."""
    return [SampleSession(plan, seed) for plan in PLANS]


def stream(seed: int, *names: object) -> np.random.Generator:
    """The random numbers for one purpose: the seed and its name, so that purposes do not disturb each other."""
    return np.random.default_rng([seed, *(crc32(str(name).encode()) for name in names)])


def cast(plan: Plan, seed: int) -> Cast:
    """The field in the order of the grid, the script of the race and the day's wear."""
    racers = make_field(plan.model, stream(seed, plan.model.series, "field"))
    rng = stream(seed, plan.key, "script")
    held = next((p for p in PLANS if p.key.event_id == plan.key.event_id and p.key.code == "Q"), None)
    if held is not None:
        places = {r.car_number: r.position or 0 for r in qualifying(held, racers, stream(seed, held.key))[1]}
        grid = sorted(racers, key=lambda racer: places[racer.entry.car_number])
    else:
        laps = {racer.entry.car_number: racer.car_class.pace * (1 + min(racer.pace) + rng.normal(0, racer.car_class.noise / 2)) for racer in racers}  # fmt: skip
        grid = sorted(racers, key=lambda racer: laps[racer.entry.car_number])
    return Cast(grid, draw_script(plan, grid, rng), float(np.exp(rng.normal(0, plan.model.wear_spread))))


def _read(plan: Plan, seed: int) -> SessionData:
    if plan.key.is_race:
        data = _race(plan, cast(plan, seed), stream(seed, plan.key))
    else:
        racers = make_field(plan.model, stream(seed, plan.model.series, "field"))
        data = _qualifying(plan, racers, stream(seed, plan.key))
    digest = hashlib.sha256(_text(data).encode()).hexdigest()
    return replace(data, provenance=Provenance("sample", f"sample season, seed {seed}", digest, VERSION))


def _blank(plan: Plan, end_ms: int) -> SessionData:
    session = Session(plan.key, plan.start, plan.start + timedelta(milliseconds=end_ms), plan.duration_ms, plan.laps, plan.length_m)  # fmt: skip
    return SessionData(plan.event, session, Provenance("sample", "", "", VERSION))


def _race(plan: Plan, parts: Cast, rng: np.random.Generator) -> SessionData:
    cars: list[Car] = Race(plan, parts.grid, parts.script, parts.wear, rng).run()
    laps = finish_laps(cars, plan.model, parts.script.windows, rng)
    placed = results(cars, plan.model.series)
    flag_ms, end_ms = placed[0].total_time_ms or 0, _end(laps)
    status = track_status(parts.script.windows, flag_ms)
    data = _blank(plan, end_ms)
    data.entries = [car.racer.entry for car in cars]
    data.laps, data.results, data.pit_stops = laps, placed, stops(laps)
    data.track_status, data.weather = status, weather(plan, end_ms, rng)
    data.session_status = [SessionStatus(0, "started"), SessionStatus(end_ms, "finished")]
    data.race_control = messages(plan, cars, parts.script, status)
    return data


def _qualifying(plan: Plan, racers: list[Racer], rng: np.random.Generator) -> SessionData:
    laps, placed = qualifying(plan, racers, rng)
    end_ms = max(plan.duration_ms or 0, _end(laps))
    data = _blank(plan, end_ms)
    data.entries, data.laps, data.results = [racer.entry for racer in racers], laps, placed
    data.track_status = track_status((), end_ms)
    data.session_status = [SessionStatus(0, "started"), SessionStatus(end_ms, "finished")]
    data.weather = weather(plan, end_ms, rng)
    return data


def _end(laps: list[Lap]) -> int:
    return max(lap.end_ms or 0 for lap in laps)


def _text(data: SessionData) -> str:
    return json.dumps({name: value for name, value in asdict(data).items() if name != "provenance"}, default=str)
