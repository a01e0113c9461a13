"""What the laps of the other cars that had ended tell: rain, a drying or cooling track, a class's pace."""

import numpy as np

from racelab.models.features.earlier import Floats, Ints, earlier, median, quantile
from racelab.models.features.race import Race

_DRIVER_LAPS = 60  # a driver's laps behind the level


def class_shocks(the: Race, rows: np.ndarray, surprise: Floats, change: Floats) -> dict[str, Floats]:
    """How the newest laps of the class and of the field differed from what their cars had driven before.

    Args:
        the: the race.
        rows: positions of the green laps and of those to be described.
        surprise: of each row, log of its time over its car's median of five before it; NaN where it is not driven.
        change: the same over the car's last lap.

    Returns:
        Medians, as logs: ``class_new`` (8 laps), ``class_20``, ``class_60``, ``field_20``, ``field_60``,
        ``class_change`` (10 laps).
    """
    zeros = np.zeros(len(rows), dtype=np.int64)

    def middle(values: Floats, groups: Ints, depth: int) -> Floats:
        known = np.isfinite(values)
        ends = the.end[rows]
        found = earlier(values[known], groups[known], ends[known], groups, the.start[rows], depth)
        return median(found, least=3)

    own = the.car_class[rows]
    return {
        "class_new": middle(surprise, own, 8), "class_20": middle(surprise, own, 20), "class_60": middle(surprise, own, 60),
        "field_20": middle(surprise, zeros, 20), "field_60": middle(surprise, zeros, 60),
        "class_change": middle(change, own, 10),
    }  # fmt: skip


def class_pace(the: Race, rows: np.ndarray) -> dict[str, Floats]:
    """The class's pace when each row's lap begins, in ms: ``class_median`` of 20 green laps, ``class_fast`` of 40."""
    green = the.green

    def laps(depth: int) -> Floats:
        own = the.car_class[rows]
        return earlier(the.time[green], the.car_class[green], the.end[green], own, the.start[rows], depth)

    return {"class_median": median(laps(20), least=3), "class_fast": quantile(laps(40), 0.1, least=5)}


def driver_level(the: Race, rows: np.ndarray, relative: Floats) -> dict[str, Floats]:
    """The level of the driver at the wheel, and of the car, against its class: medians of log time over class pace.

    Whoever takes over from a co-driver brings the level of the own earlier stints.

    Args:
        the: the race.
        rows: positions of the green laps and of those to be described.
        relative: of each row, log of its time over the class's median when it began; NaN where it is not driven.
    """
    known = np.isfinite(relative)

    def level(groups: Ints, depth: int) -> Floats:
        own = groups[rows]
        laps = the.lap[rows]
        return median(earlier(relative[known], own[known], laps[known], own, laps - 1, depth), least=5)

    return {
        "driver_level": level(the.crew, _DRIVER_LAPS), "driver_newer": level(the.crew, 15), "car_level": level(the.car, 100),
    }  # fmt: skip
