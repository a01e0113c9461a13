"""What will happen in a race beside racing: retirements, neutralisations and mishaps, drawn before the start.

Drawing them first keeps a lap that is under way when the safety car comes out consistent with it.
"""

from dataclasses import dataclass

import numpy as np

from racelab.domain.flags import Flag
from racelab.sources.sample.field import Racer
from racelab.sources.sample.parameters import Neutral
from racelab.sources.sample.season import Plan

# Chosen: what a mishap costs, in ms, and how often it is which.
_LOSS = {"spin": (4_000, 25_000), "puncture": (20_000, 50_000), "loss of power": (1_500, 4_000)}
_SHARES = (0.6, 0.15, 0.25)
_POWER_LAPS = 5


@dataclass(frozen=True, slots=True)
class Window:
    """From start to end (ms of session time) the track is under a flag and laps take ``ratio`` times as long."""

    start_ms: int
    end_ms: int
    flag: Flag
    ratio: float
    bunches: bool


@dataclass(frozen=True, slots=True)
class Mishap:
    """A car loses time on a lap; a puncture also sends it to the pits."""

    kind: str
    loss_ms: int


@dataclass(frozen=True, slots=True)
class Script:
    """All that is drawn before the start. ``retirements`` gives the lap that a car does not complete."""

    windows: tuple[Window, ...]
    retirements: dict[str, int]
    mishaps: dict[tuple[str, int], Mishap]


def race_laps(plan: Plan) -> int:
    """Laps of the fastest class in the race, about, where it runs for a time."""
    return plan.laps or round((plan.duration_ms or 0) / plan.lap_ms)


def draw_script(plan: Plan, racers: list[Racer], rng: np.random.Generator) -> Script:
    """Retirements by hazard, neutralisations by rate (at least one, most after a retirement), mishaps by rate."""
    total = race_laps(plan)
    laps = rng.geometric(plan.model.retire, len(racers))
    retired = {racer.entry.car_number: int(lap) for racer, lap in zip(racers, laps, strict=True) if lap <= total * 0.9}
    causes = sorted(lap * plan.lap_ms for lap in retired.values() if 3 <= lap <= total - 8)
    windows = _windows(plan, causes, total, rng)
    return Script(windows, retired, _mishaps(plan, racers, total, rng))


def _windows(plan: Plan, causes: list[int], total: int, rng: np.random.Generator) -> tuple[Window, ...]:
    kinds = [kind for kind in plan.model.neutrals for _ in range(rng.poisson(kind.per_race))]
    windows: list[Window] = []
    for kind in kinds or [plan.model.neutrals[0]]:
        start = causes.pop(0) if causes else int(rng.uniform(4, total - 10) * plan.lap_ms)
        window = _window(plan, kind, start + int(rng.uniform(20_000, 60_000)), rng)
        if all(window.start_ms > other.end_ms + plan.lap_ms or window.end_ms + plan.lap_ms < other.start_ms for other in windows):  # fmt: skip
            windows.append(window)
    return tuple(sorted(windows, key=lambda window: window.start_ms))


def _window(plan: Plan, kind: Neutral, start_ms: int, rng: np.random.Generator) -> Window:
    laps = max(1.2, rng.normal(kind.laps, kind.laps_sd))
    return Window(start_ms, start_ms + int(laps * kind.ratio * plan.lap_ms), kind.flag, kind.ratio, kind.bunches)


def _mishaps(plan: Plan, racers: list[Racer], total: int, rng: np.random.Generator) -> dict[tuple[str, int], Mishap]:
    found: dict[tuple[str, int], Mishap] = {}
    for racer in racers:
        for lap in np.flatnonzero(rng.random(total) < plan.model.mishap) + 1:
            kind = str(rng.choice(list(_LOSS), p=_SHARES))
            low, high = _LOSS[kind]
            for offset in range(_POWER_LAPS if kind == "loss of power" else 1):
                loss = int(rng.uniform(low, high))
                if lap > 2:
                    found[racer.entry.car_number, int(lap) + offset] = Mishap(kind, loss)
    return found
