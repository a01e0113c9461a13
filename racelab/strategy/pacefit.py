"""How fast every car is, how tyres wear and what burnt fuel gives back, from its clean laps."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from racelab.strategy.model import Floats, Ints

# Prior SDs as shares of the median lap, to which few laps are shrunk: the root mean squares of wear (0.08 %),
# trend (0.06 %) and compound offset (0.6 %) fitted to the 38 dry grands prix of 2022 and 2023 one by one.
_WEAR_SD, _TREND_SD, _OFFSET_SD = 0.0008, 0.0006, 0.006
_HUBER = 1.345  # 95 % efficiency on normal errors (Huber 1964)
_ROUNDS = 15


@dataclass(frozen=True, slots=True)
class PaceFit:
    """Fitted pace in ms; the arrays are those of `RaceArrays`."""

    base: Floats
    base_sd: Floats
    noise: Floats
    trend: float
    wear: Floats
    offset: Floats

    def expected(self, car: Ints, lap: Ints, compound: Ints, age: Ints) -> Floats:
        """The clean lap that a car would drive; ``lap`` and ``age`` count from 1."""
        wear = self.wear[compound] * age
        return np.asarray(self.base[car] + self.trend * (lap - 1) + self.offset[compound] + wear)


def fit_pace(clean: pd.DataFrame, class_of: Ints, compounds: int) -> PaceFit:
    """Robust regression of clean laps on car, tyre age by compound and lap; cars with few laps go to their class.

    Args:
        clean: clean laps with ``car`` and ``tyre`` as indices, ``age``, ``lap_number`` and ``lap_time_ms``.
        class_of: the class of each car, as an index.
        compounds: the number of compounds; the one with most laps is the reference.
    """
    cars, lap = len(class_of), clean["lap_number"].to_numpy(dtype=float) - 1
    car, tyre = clean["car"].to_numpy(dtype=int), clean["tyre"].to_numpy(dtype=int)
    times, age = clean["lap_time_ms"].to_numpy(dtype=float), clean["age"].to_numpy(dtype=float)
    row = np.arange(len(clean))
    design = np.zeros((len(clean), cars + 2 * compounds + 1))
    design[row, car], design[row, cars + tyre], design[row, cars + compounds + tyre] = 1.0, age, 1.0
    design[:, -1] = lap
    usual = float(np.median(times))
    prior = np.repeat(
        [np.inf, _WEAR_SD * usual, _OFFSET_SD * usual, _TREND_SD * usual], [cars, compounds, compounds, 1]
    )
    reference = int(np.bincount(tyre, minlength=compounds).argmax())
    prior[cars + compounds + reference] = 1e-6 * usual
    solution, residual, scale = _huber(design, times, prior)
    base, base_sd, noise = _shrink(solution[:cars], residual, car, class_of, scale)
    wear, offset = solution[cars : cars + compounds], solution[cars + compounds : -1]
    return PaceFit(base, base_sd, noise, float(solution[-1]), wear, offset)


def _huber(design: Floats, times: Floats, prior: Floats) -> tuple[Floats, Floats, float]:
    """Weighted normal equations, weights by residual; a car without laps keeps a coefficient of 0."""
    weight, scale, solution = np.ones(len(times)), float(np.std(times)), np.zeros(design.shape[1])
    for _ in range(_ROUNDS):
        weighted = design * weight[:, None]
        normal = design.T @ weighted + np.diag((max(scale, 1.0) / prior) ** 2)
        solution = np.linalg.lstsq(normal, weighted.T @ times, rcond=None)[0]
        residual = times - design @ solution
        scale = float(1.4826 * np.median(np.abs(residual)))
        weight = np.minimum(1.0, _HUBER * max(scale, 1.0) / np.maximum(np.abs(residual), 1e-9))
    return solution, residual, max(scale, 1.0)


def _shrink(base: Floats, residual: Floats, car: Ints, class_of: Ints, scale: float) -> tuple[Floats, Floats, Floats]:
    """Empirical Bayes by class: base and noise of a car with few laps lean on its class.

    Laps in a row resemble each other, so their number counts as n (1 - r) / (1 + r), r their correlation.
    """
    laps = np.bincount(car, minlength=len(class_of)).astype(float)
    share = _effective_share(residual, car)
    squares = np.bincount(car, np.minimum(np.abs(residual), 4 * scale) ** 2, minlength=len(class_of))
    noise = np.sqrt((squares + 10 * scale**2) / (laps + 10))  # the field's scatter counts as ten laps
    error = noise / np.sqrt(np.maximum(laps * share, 1e-9))
    shrunk, uncertain = base.copy(), np.zeros(len(base))
    for group in np.unique(class_of):
        members = class_of == group
        known = members & (laps > 0)
        if not known.any():
            known = laps > 0
        middle = float(np.median(base[known]))
        spread2 = max(float(np.var(base[known])) - float(np.mean(error[known] ** 2)), (0.1 * scale) ** 2)
        trust = np.where(laps > 0, spread2 / (spread2 + error**2), 0.0)
        shrunk[members] = (middle + trust * (base - middle))[members]
        uncertain[members] = np.sqrt(spread2 * (1 - trust))[members]
    return shrunk, uncertain, noise


def _effective_share(residual: Floats, car: Ints) -> float:
    same = car[1:] == car[:-1]
    if same.sum() < 20 or float(np.std(residual)) == 0.0:
        return 1.0
    clipped = np.clip(residual, *np.quantile(residual, [0.02, 0.98]))
    r = float(np.clip(np.corrcoef(clipped[1:][same], clipped[:-1][same])[0, 1], 0.0, 0.95))
    return (1 - r) / (1 + r)
