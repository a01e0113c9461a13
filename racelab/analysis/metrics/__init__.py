"""Driver metrics from lap times: plain formulas, each with its unit and standard error, none a judgement of character."""

import pandas as pd

from racelab.analysis.metrics import duels, steadiness, strength, wear
from racelab.analysis.metrics.definitions import METRICS, NAMES, STANDARD_ERROR, Metric
from racelab.analysis.metrics.duels import passes
from racelab.analysis.metrics.expected import clean, off_expected, seated
from racelab.analysis.metrics.rows import joined

__all__ = ["METRICS", "NAMES", "STANDARD_ERROR", "Metric", "driver_metrics", "passes"]


def driver_metrics(laps: pd.DataFrame, weather: pd.DataFrame | None = None) -> pd.DataFrame:
    """Metrics of every car and driver, in long form: ``session_id, car_number, seat, metric, value, n``.

    `METRICS` and docs/metrics.md define each. Beside a metric stands its standard error, as a row under the metric's
    name with ``_se``; value plus and less 1.645 of it is an interval of 90 %.

    Args:
        laps: a frame of `load_laps`, of one session or more; a missing seat counts as seat 1.
        weather: a frame of `load_weather` of the same sessions; it tells wet laps where the source has no compounds.

    Returns:
        One row a metric, with ``n`` the laps, duels or stints behind it; a driver without enough of them has no row.
    """
    field = seated(laps)
    parts = [*duels.aggression(field), strength.wet(field, weather)]
    driven = clean(field)
    if len(driven.laps):
        off, _ = off_expected(driven)
        parts += [steadiness.consistency(off, driven), steadiness.stability(driven), *strength.sectors(driven)]
        parts += [wear.stint_dropoff(off, driven), wear.double_dropoff(off, driven)]
        parts += [wear.tyres(off, driven), wear.traffic(off, driven, field.laps)]
    return joined(parts)
