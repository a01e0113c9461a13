"""What the laps of the other cars that had ended tell: rain, a drying or cooling track, a class's pace."""

import numpy as np

from racelab.models.features.earlier import Floats, Ints, Work, median, places, rolled, taken
from racelab.models.features.race import Race

_SHOCK_LAPS = 60  # of a class or the field, looked back on
_DRIVER_LAPS = 60  # a driver's laps behind the level


def class_shocks(the: Race, rows: np.ndarray, asked: np.ndarray, surprise: Floats, change: Floats) -> dict[str, Floats]:
    """How the newest laps of the class and of the field differed from what their cars had driven before.

    Args:
        the: the race.
        rows: positions of the laps that tell, of green ones.
        asked: positions of the laps to be described.
        surprise: of each of ``rows``, log of its time over its car's median of five before it; NaN where it tells nothing.
        change: the same over the car's fading mean.

    Returns:
        Medians, as logs: ``class_new`` (8 laps), ``class_20``, ``class_60``, ``field_20``, ``field_60``,
        ``class_change`` (10 laps).
    """
    seen, field = newest(the, rows[np.isfinite(surprise)], asked)
    told = np.full(len(the.car), np.nan)
    told[rows] = surprise
    changed = np.full(len(the.car), np.nan)
    changed[rows] = change
    of_class, of_field = taken(told, seen), taken(told, field)
    return {
        "class_new": median(of_class[:, :8], least=3), "class_20": median(of_class[:, :20], least=3),
        "class_60": median(of_class, least=3), "field_20": median(of_field[:, :20], least=3),
        "field_60": median(of_field, least=3), "class_change": median(taken(changed, seen[:, :10]), least=3),
    }  # fmt: skip


def newest(the: Race, rows: np.ndarray, asked: np.ndarray) -> tuple[Ints, Ints]:
    """Positions of the newest `_SHOCK_LAPS` laps among ``rows`` that had ended when each asked one began.

    Returns:
        Those of its class and those of the field, as `earlier.places` gives them.
    """
    own, zeros, nought = the.car_class, np.zeros(len(rows), dtype=np.int64), np.zeros(len(asked), dtype=np.int64)
    ends, starts = the.end[rows], the.start[asked]
    found = (
        places(own[rows], ends, own[asked], starts, _SHOCK_LAPS),
        places(zeros, ends, nought, starts, _SHOCK_LAPS),
    )
    whole = [np.where(each >= 0, rows[np.clip(each, 0, None)] if len(rows) else -1, -1) for each in found]
    return whole[0], whole[1]


def class_pace(the: Race, rows: np.ndarray) -> dict[str, Floats]:
    """The class's pace when each row's lap begins, in ms: ``class_median`` of 20 green laps, ``class_fast`` of 40."""
    green = the.green

    def pace(work: Work) -> Floats:
        own = the.car_class[rows]
        return rolled(the.time[green], the.car_class[green], the.end[green], own, the.start[rows], work)

    return {
        "class_median": pace(lambda times: times.rolling(20, min_periods=3).median()),
        "class_fast": pace(lambda times: times.rolling(40, min_periods=5).quantile(0.1)),
    }


def driver_level(the: Race, rows: np.ndarray, asked: np.ndarray, relative: Floats) -> dict[str, Floats]:
    """The level of the driver at the wheel, and of the car, against its class: medians of log time over class pace.

    Whoever takes over from a co-driver brings the level of the own earlier stints.

    Args:
        the: the race.
        rows: positions of the laps that tell, green ones.
        asked: positions of the laps to be described.
        relative: of each of ``rows``, log of its time over the class's median when it began; NaN where it tells nothing.
    """
    known = rows[np.isfinite(relative)]
    values = relative[np.isfinite(relative)]

    def level(groups: Ints, depth: int) -> Floats:
        at = places(groups[known], the.lap[known], groups[asked], the.lap[asked] - 1, depth)
        return taken(values, at)

    crew = level(the.crew, _DRIVER_LAPS)
    return {
        "driver_level": median(crew, least=5), "driver_newer": median(crew[:, :15], least=5),
        "car_level": median(level(the.car, 100), least=5),
    }  # fmt: skip
