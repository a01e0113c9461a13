"""The lap-time model: a median of the next lap and intervals around it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from racelab.errors import BadInput, NotFound
from racelab.models.features import in_ms, matrix, names, target, weights
from racelab.models.laptime.candidates import CANDIDATES, Regressor, predicted, quick
from racelab.models.laptime.conformal import LEVELS, bounds, width
from racelab.models.laptime.sizes import Sizes, learn_sizes

FILTER = "filter"
_LEAST = 60  # clean laps; fewer teach nothing
# Clean laps, of about four races: trees that fewer taught were off by 473 ms against the filter's 464 ms on the first
# races of 2018 and by 430 ms against 425 ms on those of 2022; from five races on they are better.
_ENOUGH = 3000
# Half widths in units of the target of a filter that nothing taught: of F1 from 2019 to 2022, rounded up.
_UNTAUGHT = {80: 2.0, 90: 3.0}
# The same for a car without a clean lap yet, of 1,399 such laps of those years (1.1 and 2.2), rounded up.
_UNTAUGHT_FIRST = {80: 2.0, 90: 3.0}
_LEAST_FIRST = 100  # such laps, about five races of them; fewer tell no width
_SHRINK = 150.0  # laps of a race that weigh as much as all that was learned before, for the width of intervals
_MOST_CHANGE = 3.0  # by which a race may widen or narrow the intervals


@dataclass(frozen=True, slots=True)
class LapTimeModel:
    """What the next lap of a car takes, from its features.

    ``kind`` names the candidate, ``learned`` holds its members (none for the filter, whose base is the answer),
    ``sizes`` how far off it is, ``features`` the columns it reads and ``stretch`` by how much the race that it was
    taught last is more or less predictable than others. Of a car without a clean lap yet the base is the answer, for
    what is learned reads the car's own laps; ``first`` holds half the width of its intervals, in units of the target.
    """

    kind: str
    features: tuple[str, ...]
    learned: tuple[Regressor, ...] = ()
    sizes: Sizes = field(default_factory=lambda: Sizes(None, dict(_UNTAUGHT)))
    stretch: float = 1.0
    first: dict[int, float] = field(default_factory=lambda: dict(_UNTAUGHT_FIRST))

    @classmethod
    def fit(cls, rows: pd.DataFrame, kind: str = "blend") -> "LapTimeModel":
        """Learn from rows of `lap_features`, of one series.

        Args:
            rows: laps that were driven.
            kind: a name of `candidates.CANDIDATES`, or filter, which learns only how far off it is.

        Raises:
            NotFound: there are too few laps to learn from.
            BadInput: there is no such kind.
        """
        if kind != FILTER and kind not in CANDIDATES:
            raise BadInput(f"no lap-time model {kind!r}: use one of {', '.join((FILTER, *CANDIDATES))}")
        first, rows = _first_widths(rows), learnable(rows)
        if len(rows) < _LEAST:
            raise NotFound(f"{len(rows)} clean laps are not enough to learn lap times from, at least {_LEAST} are")
        x, y, w = matrix(rows), target(rows), weights(rows)
        learned = () if kind == FILTER else tuple(CANDIDATES[kind](x, y, w))
        learn = (lambda *_: []) if kind == FILTER else quick
        sizes = learn_sizes(x, y, w, rows["session_id"].to_numpy(), learn)
        return cls(kind, names(rows), learned, sizes, first=first)

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The prediction of each row in ms: ``value, low_80, high_80, low_90, high_90``, with the index of the rows.

        Raises:
            BadInput: the rows lack features that the model reads.
        """
        x = self._matrix(rows)
        is_first = without_lap(rows)
        value = in_ms(rows, np.where(is_first, 0.0, predicted(self.learned, x)))
        unit = rows["scale"].to_numpy(dtype="float64") * self.stretch * value
        sizes = self.sizes.half(x)
        half = {level: np.where(is_first, self.first[level], sizes[level]) * unit for level in LEVELS}
        return pd.DataFrame({"value": value, **bounds(value, half)}, index=rows.index).replace(np.inf, np.nan)

    def updated(self, rows: pd.DataFrame) -> "LapTimeModel":
        """A model that also knows how predictable the race of ``rows`` is: its errors so far set the intervals' width.

        The pace of the race itself needs no learning: the features carry it. On the 18,683 laps of 2023, taught every five
        laps, 5 to 30 more trees made the mean error 0.5 to 27 ms larger, and a bias of the car or the tyre 0.3 % smaller
        at best, while the widths' share of laps per race varied by 1.8 points instead of 3.0. The model given stays as it
        is, so that whoever predicts with it meanwhile is not disturbed.
        """
        rows = learnable(rows)
        if rows.empty:
            return self
        x = self._matrix(rows)
        error = np.abs(target(rows) - predicted(self.learned, x)) / self.sizes.expected(x)
        middle = (self.sizes.widths[80] * self.sizes.widths[90]) ** 0.5
        own = float(np.quantile(error, 0.85)) / middle
        if not np.isfinite(own) or own <= 0:
            return self
        share = len(rows) / (len(rows) + _SHRINK)
        stretch = float(np.clip(np.exp(share * np.log(own)), 1 / _MOST_CHANGE, _MOST_CHANGE))
        return replace(self, stretch=stretch)

    def parts(self) -> dict[str, Any]:
        """Everything that it is made of, as the registry keeps it: plain data and fitted models by name."""
        meta = {
            "kind": self.kind, "features": list(self.features), "members": len(self.learned), "stretch": self.stretch,
            "widths": {str(level): _finite(self.sizes.widths[level]) for level in LEVELS},
            "has_sizes": self.sizes.model is not None,
            "first": {str(level): _finite(self.first[level]) for level in LEVELS},
        }  # fmt: skip
        members = {f"member_{place}": each for place, each in enumerate(self.learned)}
        return {"meta": meta, **members, **({"sizes": self.sizes.model} if self.sizes.model is not None else {})}

    @classmethod
    def of_parts(cls, parts: Mapping[str, Any]) -> "LapTimeModel":
        """The model that `parts` took apart.

        Raises:
            BadInput: a part is missing.
        """
        try:
            meta = parts["meta"]
            widths = {level: _width(meta["widths"][str(level)]) for level in LEVELS}
            members = tuple(parts[f"member_{place}"] for place in range(meta["members"]))
            sizes = Sizes(parts["sizes"] if meta["has_sizes"] else None, widths)
            first = {level: _width(meta["first"][str(level)]) for level in LEVELS}
            return cls(meta["kind"], tuple(meta["features"]), members, sizes, float(meta["stretch"]), first)
        except (KeyError, TypeError) as error:
            raise BadInput(f"the lap-time model lacks {error}: train it again") from error

    def _matrix(self, rows: pd.DataFrame) -> np.ndarray:
        if names(rows) != self.features:
            raise BadInput("the laps have other features than the model learned: train it again, or take its series")
        return matrix(rows)


def without_lap(rows: pd.DataFrame) -> np.ndarray:
    """Which rows are of a car that has driven no clean lap yet."""
    return np.asarray(np.isnan(rows["naive_ms"].to_numpy(dtype="float64", na_value=np.nan)))


def _first_widths(rows: pd.DataFrame) -> dict[int, float]:
    """How far off the base is, in units of the target, where the car has driven no clean lap before."""
    if rows.empty:
        return dict(_UNTAUGHT_FIRST)
    error = target(rows[without_lap(rows)])
    error = error[np.isfinite(error)]
    return {level: width(error, level) for level in LEVELS} if len(error) >= _LEAST_FIRST else dict(_UNTAUGHT_FIRST)


def worth_teaching(rows: pd.DataFrame, kind: str) -> str:
    """The kind of model that rows are enough for: of few laps the filter, which needs none, tells more than trees."""
    return kind if len(learnable(rows)) >= _ENOUGH else FILTER


def learnable(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose target is known and whose car has driven a clean lap before: a first one teaches little but noise."""
    if rows.empty:
        return rows
    columns = ("lap_time_ms", "base_ms", "naive_ms")
    known = [np.isfinite(rows[name].to_numpy(dtype="float64", na_value=np.nan)) for name in columns]
    return rows[np.logical_and.reduce(known)]


def _finite(width: float) -> float | None:
    return width if np.isfinite(width) else None


def _width(width: float | None) -> float:
    return float("inf") if width is None else float(width)
