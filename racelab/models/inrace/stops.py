"""Stops done and still owed, what a stop costs, and the tyres, at a moment of a race."""

import numpy as np

from racelab.models.inrace.grouped import Floats, by_kind, median
from racelab.models.inrace.state import State

_FALLBACK_LOSS = 0.35  # time lost by a stop in laps, until the race itself shows it
_LEAST_LOSS, _MOST_LOSS, _LEAST_STOPS = 0.02, 3.0, 3
_SHORT_STINT = 3.0  # laps; what is shorter was no stint by plan
_LEAST_STINT = 5.0


def stops(now: State, laps_left: Floats) -> dict[str, Floats]:
    """Each car's stops, the laps since the last, the share of a usual stint that they are, stops owed, tyres and losses.

    ``owed`` is what is left and was driven since the last stop, in usual stints of the class: its whole part is the stops
    that are still needed. ``loss_laps`` is what a stop costs in laps of the class, the median so far.
    """
    laps = now.laps
    pits = [each[laps["pit_in"][each] == 1] for each in laps.of_car]
    last_in = np.array([laps["lap"][each].max() if len(each) else 0.0 for each in pits])
    stint = now.column("laps") - last_in
    usual = _usual_stint(now, stint)
    return {
        "stops": np.array([float(len(each)) for each in pits]),
        "stint_laps": stint,
        "stint_share": stint / usual,
        "owed": (laps_left + stint) / usual,
        "in_pit": np.nan_to_num(laps.last("pit_in")),
        "loss_laps": _losses(now),
        **{name: laps.last(name) for name in ("tyre_age", "soft", "wet_tyre")},
    }


def _losses(now: State) -> Floats:
    """Time that a stop costs, in laps, as a value a car: in-lap and out-lap over two usual laps, the class's median."""
    laps = now.laps
    order = np.lexsort((laps["lap"], laps.car))
    car, time = laps.car[order], laps["time_ms"][order]
    after = np.where(np.r_[car[1:] == car[:-1], False], np.r_[time[1:], np.nan], np.nan) if len(car) else time
    lost = (time + after) / now.column("reference_ms")[car] - 2
    stop = (laps["pit_in"][order] == 1) & (laps["lap"][order] > 1) & (lost >= _LEAST_LOSS) & (lost <= _MOST_LOSS)
    lost, kinds = lost[stop], now.kinds[car[stop]]
    field = float(np.median(lost)) if len(lost) >= _LEAST_STOPS else _FALLBACK_LOSS
    counted = by_kind(lost, kinds, lambda values: float(len(values)))
    usual = {kind: value for kind, value in by_kind(lost, kinds, median).items() if counted[kind] >= _LEAST_STOPS}
    return np.array([usual.get(kind, field) for kind in now.kinds])


def _usual_stint(now: State, stint: Floats) -> Floats:
    """Laps of a usual stint of the class so far: the 70 % quantile of those that ended, and no less than runs now."""
    laps = now.laps
    lengths, kinds = [], []
    for index, each in enumerate(laps.of_car):
        ended = np.diff(np.r_[0.0, np.sort(laps["lap"][each[laps["pit_in"][each] == 1]])])
        lengths += ended[ended > _SHORT_STINT].tolist()
        kinds += [now.kinds[index]] * int((ended > _SHORT_STINT).sum())
    ended_by = by_kind(np.array(lengths), np.array(kinds, dtype=object), lambda values: float(np.quantile(values, 0.7)))
    runs = now.column("stopped") == 0
    running = by_kind(stint[runs], now.kinds[runs], median)
    return np.array([max(ended_by.get(kind, 0.0), running.get(kind, 0.0), _LEAST_STINT) for kind in now.kinds])
