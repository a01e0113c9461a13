"""The finishing-order model: three learners of the order, one of the winner, one of retirement, and their spread."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from racelab.models.finish.distribution import DRAWS, chances, draw_orders, place_matrix
from racelab.models.finish.linear import Floats, Linear, logistic, ridge
from racelab.models.finish.plackett import expected_places, plackett_luce
from racelab.models.finish.trees import fit_trees, load_trees

LEAST_RACES = 8  # orders under which nothing is learned
SPREAD = 3.5  # places; before any prediction has been scored
LEAN = 0.5  # on the naive order; before any prediction has been scored
_WIDER = 1.5  # a car that nothing is known of misses by so much more


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a series' model is made of.

    ``features`` of the linear learners; ``trees`` those of the trees, which see each car's rank in its race but for
    ``whole``; ``monotone`` says which way a feature may go; ``risk`` those of retirement. A season counts half after
    ``half_life`` seasons, for retirement after ``risk_half_life``. ``paid``: places that score points. ``winner``: the
    features of the winner's model, all where none is named; ``winner_penalty`` is its penalty, None is no such model.
    ``blend``: the learners of the order, averaged. ``naive``: the place in a naive order, to lean on.
    """

    features: tuple[str, ...]
    trees: tuple[str, ...]
    risk: tuple[str, ...]
    monotone: Mapping[str, int] = field(default_factory=dict)
    whole: tuple[str, ...] = ()
    half_life: float = 8.0
    risk_half_life: float = 8.0
    penalty: float = 100.0
    paid: int = 10
    winner_penalty: float | None = 30.0
    winner: tuple[str, ...] = ()
    blend: tuple[str, ...] = ("ridge", "plackett", "trees")
    naive: str = ""


@dataclass(frozen=True)
class FinishModel:
    """A fitted model.

    ``spread``: standard deviation in places of where a finishing car ends about where it should. ``lean``: the weight
    of the naive order beside the learners', from 0 to 1.
    """

    recipe: Recipe
    linear: Mapping[str, Linear]
    trees: Any
    spread: float = SPREAD
    lean: float = LEAN

    @classmethod
    def fit(cls, rows: pd.DataFrame, recipe: Recipe) -> Self:
        """Learn from finished races.

        Args:
            rows: ``race``, ``season``, ``cars``, ``place``, ``out`` and the recipe's features, a row a car.
            recipe: what to make.
        """
        rows = rows[rows["place"].notna()].sort_values(["race", "place"])
        x = _matrix(rows, recipe.features)
        weight, recent = (_weight(rows, each) for each in (recipe.half_life, recipe.risk_half_life))
        place, race = rows["place"].to_numpy(dtype="float64"), rows["race"].to_numpy(dtype="int64")
        ended = ((rows["place"] - 0.5) / rows["cars"]).to_numpy(dtype="float64")
        out = rows["out"].to_numpy(dtype="float64")
        home = out == 0
        linear = {
            "ridge": ridge(x, ended, weight, recipe.penalty),
            "plackett": plackett_luce(x[home], place[home], race[home], weight[home], recipe.penalty),
            "risk": logistic(_matrix(rows, recipe.risk), out, recent, recipe.penalty),
        }
        if recipe.winner_penalty is not None:
            named = _matrix(rows, recipe.winner or recipe.features)
            linear["winner"] = plackett_luce(named, place, race, weight, recipe.winner_penalty, places=1)
        trees = fit_trees(_ranked(rows, recipe), ended, weight, recipe) if "trees" in recipe.blend else None
        return cls(recipe, linear, trees)

    def expect(self, rows: pd.DataFrame) -> pd.DataFrame:
        """What is expected of each car: a row a car.

        Returns:
            Each learner's expected place, their mean (``blend``) and that leaning on the naive order (``order``),
            ``first`` (strength for the win, missing without a model of it) and ``p_retires``.
        """
        x = _matrix(rows, self.recipe.features)
        cars = rows["cars"].to_numpy(dtype="float64")
        risk = 1 / (1 + np.exp(-self.linear["risk"](_matrix(rows, self.recipe.risk))))
        found = pd.DataFrame({"p_retires": risk, "first": np.nan}, index=rows.index)
        if "winner" in self.linear:
            found["first"] = self.linear["winner"](_matrix(rows, self.recipe.winner or self.recipe.features))
        strength = pd.Series(self.linear["plackett"](x), index=rows.index)
        found["ridge"] = self.linear["ridge"](x) * cars + 0.5
        for _, part in found.groupby(rows["race"], sort=False):
            places = expected_places(strength[part.index].to_numpy(), part["p_retires"].to_numpy())
            found.loc[part.index, "plackett"] = places
        if self.trees is not None:
            found["trees"] = self.trees.predict(_ranked(rows, self.recipe)) * cars + 0.5
        found["blend"] = found[list(self.recipe.blend)].mean(axis=1)
        naive = self.recipe.naive
        leant = leaning(found["blend"], rows[naive], rows["race"], self.lean) if naive else found["blend"]
        return found.assign(order=leant)

    def matrix(self, found: pd.DataFrame, unknown: Floats, draws: int = DRAWS, seed: int = 1) -> Floats:
        """The chance of each place (column) for each car (row) of one race.

        Args:
            found: of `expect`, the rows of one race.
            unknown: 1 for a car of which nothing was known, else 0.
            draws: races to draw.
            seed: the same seed gives the same matrix.
        """
        spread = self.spread * np.where(unknown > 0, _WIDER, 1.0)
        columns = [found[name].to_numpy(dtype="float64") for name in ("first", "order", "p_retires")]
        return place_matrix(draw_orders(columns[0], columns[1], spread, columns[2], draws, seed))

    def predict(self, rows: pd.DataFrame, draws: int = DRAWS, seed: int = 1) -> pd.DataFrame:
        """The chances of every car of the rows' races: `distribution.chances`, ``p_retires`` and `expect`'s columns.

        Without a model of the winner ``place`` is the expected order itself, free of the noise of the draws.
        """
        found = self.expect(rows)
        unknown = rows["unknown"].to_numpy(dtype="float64") if "unknown" in rows else np.zeros(len(rows))
        parts = []
        for positions in rows.groupby("race", sort=False).indices.values():
            matrix = self.matrix(found.iloc[positions], unknown[positions], draws, seed)
            parts.append(chances(matrix, self.recipe.paid).set_index(rows.index[positions]))
        drawn = pd.concat(parts)
        return found.join(drawn if "winner" in self.linear else drawn.assign(place=found["order"]))

    def tuned(self, spread: float, lean: float) -> "FinishModel":
        """The same model with another spread, leaning otherwise."""
        return replace(self, spread=spread, lean=lean)

    def parts(self) -> dict[str, Any]:
        """The model as parts for the registry."""
        plain = {"recipe": asdict(self.recipe), "spread": self.spread, "lean": self.lean}
        linear = {name: each.plain() for name, each in self.linear.items()}
        return {"model": {**plain, "linear": linear}, **({} if self.trees is None else {"trees": self.trees})}

    @classmethod
    def of_parts(cls, parts: Mapping[str, Any]) -> Self:
        """The model that `parts` made, as the registry gives it back."""
        plain = parts["model"]
        recipe: dict[str, Any] = dict(plain["recipe"])
        recipe |= {name: tuple(value) for name, value in recipe.items() if isinstance(value, list)}
        linear = {name: Linear.of(each) for name, each in plain["linear"].items()}
        return cls(
            Recipe(**recipe), linear, load_trees(parts.get("trees")), float(plain["spread"]), float(plain["lean"])
        )


def leaning(expected: pd.Series, naive: pd.Series, race: pd.Series, lean: float) -> pd.Series:
    """Expected places leaning on a naive order, whose places are drawn together until they spread as the expected do.

    Args:
        expected: places, a row a car.
        naive: the places of the naive order.
        race: the order that each row belongs to.
        lean: the weight of the naive order, from 0 (none) to 1 (it alone).
    """
    middle, naive_middle = (each.groupby(race).transform("mean") for each in (expected, naive))
    size, naive_size = (each.groupby(race).transform("std").fillna(0.0) for each in (expected, naive))
    own = (naive - naive_middle) * size / naive_size.where(naive_size > 0, 1.0)
    return middle + (1 - lean) * (expected - middle) + lean * own


def _weight(rows: pd.DataFrame, half_life: float) -> Floats:
    age = rows["season"].max() - rows["season"]
    return np.asarray(0.5 ** (age / half_life), dtype="float64")


def _matrix(rows: pd.DataFrame, names: tuple[str, ...]) -> Floats:
    return np.asarray(rows[list(names)], dtype="float64")


def _ranked(rows: pd.DataFrame, recipe: Recipe) -> Floats:
    """The features of the trees: each car's rank in its race, from 0 to 1, but for those of the race as a whole."""
    names = list(recipe.trees)
    ranks = rows[names].groupby(rows["race"]).rank(pct=True)
    ranks[list(recipe.whole)] = rows[list(recipe.whole)]
    return np.asarray(ranks, dtype="float64")
