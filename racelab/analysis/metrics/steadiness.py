"""How steadily a driver laps: near what was expected, and about each stint's own line."""

import numpy as np
import pandas as pd

from racelab.analysis.metrics.definitions import CONSISTENT_WITHIN, LEAST_LAPS
from racelab.analysis.metrics.estimates import Estimates, means, ratio
from racelab.analysis.metrics.expected import Floats, Seated
from racelab.analysis.metrics.rows import long_form

_LINE = 3  # laps that a line needs to leave anything over
_MAD = 1.4826
_MAD_ERROR = 1.167  # the asymptotic standard error of a MAD-based SD is this times SD / sqrt(n) in a normal sample


def consistency(off: Floats, field: Seated) -> pd.DataFrame:
    """consistency_index of every driver with laps enough."""
    found = means((np.abs(off) <= CONSISTENT_WITHIN).astype(float), field)
    return long_form("consistency_index", found, field.drivers, found.n >= LEAST_LAPS)


def stability(field: Seated) -> pd.DataFrame:
    """pace_stability of every driver with laps enough."""
    times, number = field.numbers("lap_time_ms"), field.numbers("lap_number")
    count = np.bincount(field.stint)[field.stint]
    if not (count >= _LINE).any():
        return pd.DataFrame()
    field, times, number = field.take(count >= _LINE), times[count >= _LINE], number[count >= _LINE]
    n = np.bincount(field.driver, minlength=len(field.drivers))
    rest = pd.Series(np.abs(_about_line(times, number, field.stint)))
    spread = _by_driver(_MAD * _freed(rest.groupby(field.driver).median(), field), field)
    share = spread / _by_driver(pd.Series(times).groupby(field.driver).median(), field)
    found = Estimates(1 - share, _MAD_ERROR * share / np.sqrt(np.maximum(n, 1)), n)
    return long_form("pace_stability", found, field.drivers, n >= LEAST_LAPS)


def _freed(spread: "pd.Series[float]", field: Seated) -> "pd.Series[float]":
    """The spread with the two degrees of freedom that each stint's line took."""
    n = pd.Series(field.driver).groupby(field.driver).size()
    lines = pd.Series(field.stint).groupby(field.driver).nunique()
    return spread * np.sqrt(n / (n - 2 * lines).clip(lower=1))


def _by_driver(values: "pd.Series[float]", field: Seated) -> Floats:
    return np.asarray(values.reindex(range(len(field.drivers))).to_numpy(dtype=float))


def _about_line(times: Floats, number: Floats, stint: np.ndarray) -> Floats:
    """Times less their stint's line of least squares over the laps."""
    n = np.maximum(np.bincount(stint), 1)
    x = number - (np.bincount(stint, number) / n)[stint]
    y = times - (np.bincount(stint, times) / n)[stint]
    squares = np.bincount(stint, x * x)
    slope = ratio(np.bincount(stint, x * y), squares)
    return np.asarray(y - slope[stint] * x)
