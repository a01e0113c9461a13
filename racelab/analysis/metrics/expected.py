"""The lap that was to be expected: a driver's own mean, the class's track at that time, the class's tyres at that age."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from racelab.analysis.pace import class_keys, clean_laps, robust_sd
from racelab.analysis.stints import number_stints

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
KEYS = ["session_id", "car_number", "seat"]
_ROUNDS = 10  # alternating means settle to 0.001 % of a lap in so many
# Steps of time and of age, in laps: a coarse one, and fine ones within it that lean on it as if by so many laps.
_COARSE, _FINE, _PRIOR = 12.0, 3.0, 2.0
_BEYOND_SD = 4.0  # laps so far off teach the effects nothing


@dataclass(frozen=True, slots=True)
class Seated:
    """Laps of drivers as arrays: ``laps`` has the columns of the source, the codes are one a row.

    ``driver`` is a car's seat in a session, ``group`` a class of a session, ``stint`` a stint of a driver;
    ``drivers`` names the drivers by their code, and ``of_group`` gives each driver's group.
    """

    laps: pd.DataFrame
    driver: Ints
    group: Ints
    stint: Ints
    drivers: pd.DataFrame
    of_group: Ints

    def take(self, rows: np.ndarray) -> "Seated":
        """Some of the rows, by mask or position; codes keep their meaning."""
        kept = self.laps[rows] if rows.dtype == bool else self.laps.iloc[rows]
        return Seated(kept, self.driver[rows], self.group[rows], self.stint[rows], self.drivers, self.of_group)

    def numbers(self, column: str) -> Floats:
        """A column as floats, NaN where it is missing or the frame lacks it."""
        if column not in self.laps:
            return np.full(len(self.laps), np.nan)
        return np.asarray(self.laps[column].to_numpy(dtype="float64", na_value=np.nan))


def seated(laps: pd.DataFrame) -> Seated:
    """Laps with drivers, classes and stints as codes, in the order of drivers and laps; a missing seat is seat 1."""
    frame = number_stints(laps)
    frame = frame.assign(seat=frame["seat"].fillna(1)).sort_values([*KEYS, "lap_number"], ignore_index=True)
    driver = frame.groupby(KEYS, sort=False).ngroup().to_numpy(dtype=np.int64)
    group = frame.groupby(class_keys(frame), dropna=False, sort=False).ngroup().to_numpy(dtype=np.int64)
    stint = frame.assign(driver=driver).groupby(["driver", "stint"], sort=False, dropna=False).ngroup()
    first = np.unique(driver, return_index=True)[1]
    drivers = frame.loc[first, KEYS].reset_index(drop=True)
    return Seated(frame, driver, group, stint.to_numpy(dtype=np.int64), drivers, group[first])


def clean(field: Seated) -> Seated:
    """The laps that show pace, as `racelab.analysis.pace.clean_laps` takes them."""
    return field.take(clean_laps(field.laps).index.to_numpy(dtype=np.int64))


def age(field: Seated) -> Floats:
    """Laps of age: the tyres' where the source tells it, else those since the stint began."""
    number = field.numbers("lap_number")
    since = number - pd.Series(number).groupby(field.stint).transform("min").to_numpy()
    tyre = field.numbers("tyre_age")
    return np.where(np.isnan(tyre), since, tyre)


def off_expected(field: Seated, column: str = "lap_time_ms") -> tuple[Floats, Floats]:
    """How far each lap is off what was to be expected of it, and each driver's own mean, both as shares of a lap.

    The expected time adds three means, fitted in turn (backfitting, Buja, Hastie and Tibshirani 1989): the driver's
    own, the class's at that time of the session (track, weather, and fuel where all cars carry the same) and the
    class's at that age of the same compound, or of the stint where the source tells no tyres (fuel and tyres).

    Args:
        field: clean laps that have the column's time.
        column: lap_time_ms, or a sector's time.
    """
    times, group = field.numbers(column), field.group
    usual = pd.Series(times).groupby(group).transform("median").to_numpy()
    share = times / usual - 1
    effects = [
        field.driver,
        *(steps(field, width) for width in (_COARSE, _FINE) for steps in (_time_steps, _age_steps)),
    ]
    priors = [0.0, 0.0, 0.0, _PRIOR, _PRIOR]
    found = [np.zeros(len(share)) for _ in effects]
    weight = np.ones(len(share))
    for turn in range(_ROUNDS):
        for place, codes in enumerate(effects):
            rest = share - sum(found) + found[place]
            found[place] = _means(codes, rest, weight, priors[place])[codes]
        if turn == 1:
            weight = _near(share - sum(found), group)
    own = np.full(len(field.drivers), np.nan)
    own[field.driver] = found[0]
    return np.asarray(share - sum(found)), own


def _time_steps(field: Seated, width: float) -> Ints:
    """Spells of a session by class, ``width`` laps of the class long; times of laps that are not known are one spell."""
    lap = pd.Series(field.numbers("lap_time_ms")).groupby(field.group).transform("median").to_numpy()
    return _codes(field.group, np.nan_to_num(np.floor(field.numbers("end_ms") / (width * lap)), nan=-1))


def _age_steps(field: Seated, width: float) -> Ints:
    compound = pd.factorize(field.laps["compound"])[0] if "compound" in field.laps else np.zeros(len(field.driver))
    return _codes(field.group, compound, np.floor(age(field) / width))


def _codes(*columns: np.ndarray) -> Ints:
    frame = pd.DataFrame(dict(enumerate(columns)))
    return np.asarray(frame.groupby(list(frame.columns), sort=False).ngroup(), dtype=np.int64)


def _means(codes: Ints, values: Floats, weight: Floats, prior: float) -> Floats:
    total = np.bincount(codes, weights=values * weight)
    count = np.bincount(codes, weights=weight)
    return np.asarray(np.divide(total, count + prior, out=np.zeros_like(total), where=count + prior > 0))


def _near(rest: Floats, group: Ints) -> Floats:
    spread = pd.Series(rest).groupby(group).transform(lambda own: robust_sd(own.to_numpy())).to_numpy()
    return np.asarray((np.abs(rest) <= _BEYOND_SD * np.maximum(spread, 1e-6)).astype(float))
