"""When a car stops: by its tyre plan in F1, by its tank in endurance races, by need after a puncture."""

from dataclasses import dataclass

import numpy as np

from racelab.sources.sample.parameters import CarClass, Tyre

_TWO_STOPS = 0.7  # chosen so that cars stop about 1.9 times, as measured, with those by safety car and mishap
_LAST_LAPS = 3  # chosen: no planned stop so close to the end
_CHEAP_STOP_AGE = 8  # chosen: a tyre of this age is changed under the safety car ...
_CHEAP_STOP = 0.5  # ... by this share of the cars


@dataclass(slots=True)
class TyrePlan:
    """The sets a car means to use and the laps at which it means to change."""

    tyres: list[Tyre]
    changes: list[int]


def tyre_plan(tyres: tuple[Tyre, ...], laps: int, rng: np.random.Generator) -> TyrePlan:
    """One or two stops on different compounds, stints in proportion to what the compounds last."""
    if not tyres:
        return TyrePlan([], [])
    sets = [tyres[index] for index in rng.permutation(len(tyres))]
    sets = sets if rng.random() < _TWO_STOPS else sets[:2]
    life = np.array([tyre.life for tyre in sets], dtype=float)
    ends = np.cumsum(life / life.sum() * laps)[:-1] + rng.normal(0, 2, len(sets) - 1)
    return TyrePlan(sets, [int(min(max(end, 3), laps - _LAST_LAPS)) for end in ends])


def wants_stop(
    plan: TyrePlan, car_class: CarClass, lap: int, stint_lap: int, left: float, neutral: bool, rng: np.random.Generator
) -> bool:
    """Whether a car stops at the end of this lap; ``left`` is about how many laps it still has after it."""
    if left < _LAST_LAPS:
        return False
    if car_class.tank_laps:
        return stint_lap >= car_class.tank_laps - (rng.random() < 0.3)
    if not plan.changes:
        return False
    cheap = neutral and stint_lap >= _CHEAP_STOP_AGE and rng.random() < _CHEAP_STOP
    return lap >= plan.changes[0] or bool(cheap)
