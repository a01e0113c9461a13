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
_WIDER = 1.5  # a car that nothing is known of misses by so much more


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a series' model is made of.

    ``features`` of the linear learners; ``trees`` those of the trees, which see each car's rank in its race but for
    ``whole``; ``monotone`` says which way a feature may go; ``risk`` those of retirement. A season counts half after
    ``half_life`` seasons. ``winner``: the features of the winner's model, all where none is named. ``paid``: places that score points. ``winner_penalty`` is
    that of the winner's model; ``blend``: the learners of the order, averaged.
    """

    features: tuple[str, ...]
    trees: tuple[str, ...]
    risk: tuple[str, ...]
    monotone: Mapping[str, int] = field(default_factory=dict)
    whole: tuple[str, ...] = ()
    half_life: float = 8.0
    penalty: float = 100.0
    paid: int = 10
    winner_penalty: float = 30.0
    winner: tuple[str, ...] = ()
    blend: tuple[str, ...] = ("ridge", "plackett", "trees")


@dataclass(frozen=True)
class FinishModel:
    """A fitted model. ``spread``: standard deviation in places of where a finishing car ends about where it should."""

    recipe: Recipe
    linear: Mapping[str, Linear]
    trees: Any
    spread: float = SPREAD

    @classmethod
    def fit(cls, rows: pd.DataFrame, recipe: Recipe) -> Self:
        """Learn from finished races.

        Args:
            rows: ``race``, ``season``, ``cars``, ``place``, ``out`` and the recipe's features, a row a car.
            recipe: what to make.
        """
        rows = rows[rows["place"].notna()].sort_values(["race", "place"])
        x = _matrix(rows, recipe.features)
        weight = 0.5 ** ((rows["season"].max() - rows["season"]) / recipe.half_life).to_numpy(dtype="float64")
        place, race = rows["place"].to_numpy(dtype="float64"), rows["race"].to_numpy(dtype="int64")
        ended = ((rows["place"] - 0.5) / rows["cars"]).to_numpy(dtype="float64")
        out = rows["out"].to_numpy(dtype="float64")
        home = out == 0
        linear = {
            "ridge": ridge(x, ended, weight, recipe.penalty),
            "plackett": plackett_luce(x[home], place[home], race[home], weight[home], recipe.penalty),
            "winner": plackett_luce(
                _matrix(rows, recipe.winner or recipe.features), place, race, weight, recipe.winner_penalty, places=1
            ),
            "risk": logistic(_matrix(rows, recipe.risk), out, weight, recipe.penalty),
        }
        trees = fit_trees(_ranked(rows, recipe), ended, weight, recipe) if "trees" in recipe.blend else None
        return cls(recipe, linear, trees)

    def expect(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Each learner's expected place, their mean (``order``), the strength for the win and the risk, a row a car."""
        x = _matrix(rows, self.recipe.features)
        cars = rows["cars"].to_numpy(dtype="float64")
        risk = 1 / (1 + np.exp(-self.linear["risk"](_matrix(rows, self.recipe.risk))))
        found = pd.DataFrame(
            {
                "p_retires": risk,
                "first": self.linear["winner"](_matrix(rows, self.recipe.winner or self.recipe.features)),
            },
            index=rows.index,
        )
        strength = pd.Series(self.linear["plackett"](x), index=rows.index)
        found["ridge"] = self.linear["ridge"](x) * cars + 0.5
        for _, part in found.groupby(rows["race"], sort=False):
            places = expected_places(strength[part.index].to_numpy(), part["p_retires"].to_numpy())
            found.loc[part.index, "plackett"] = places
        if self.trees is not None:
            found["trees"] = self.trees.predict(_ranked(rows, self.recipe)) * cars + 0.5
        return found.assign(order=found[list(self.recipe.blend)].mean(axis=1))

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
        """The chances of every car of the rows' races: `distribution.chances`, ``p_retires`` and `expect`'s columns."""
        found = self.expect(rows)
        unknown = rows["unknown"].to_numpy(dtype="float64") if "unknown" in rows else np.zeros(len(rows))
        parts = []
        for positions in rows.groupby("race", sort=False).indices.values():
            matrix = self.matrix(found.iloc[positions], unknown[positions], draws, seed)
            parts.append(chances(matrix, self.recipe.paid).set_index(rows.index[positions]))
        return found.join(pd.concat(parts))

    def with_spread(self, spread: float) -> "FinishModel":
        """The same model with another spread."""
        return replace(self, spread=spread)

    def parts(self) -> dict[str, Any]:
        """The model as parts for the registry."""
        plain = {"recipe": asdict(self.recipe), "spread": self.spread}
        linear = {name: each.plain() for name, each in self.linear.items()}
        return {"model": {**plain, "linear": linear}, **({} if self.trees is None else {"trees": self.trees})}

    @classmethod
    def of_parts(cls, parts: Mapping[str, Any]) -> Self:
        """The model that `parts` made, as the registry gives it back."""
        plain = parts["model"]
        recipe: dict[str, Any] = dict(plain["recipe"])
        recipe |= {name: tuple(value) for name, value in recipe.items() if isinstance(value, list)}
        linear = {name: Linear.of(each) for name, each in plain["linear"].items()}
        return cls(Recipe(**recipe), linear, load_trees(parts.get("trees")), float(plain["spread"]))


def _matrix(rows: pd.DataFrame, names: tuple[str, ...]) -> Floats:
    return np.asarray(rows[list(names)], dtype="float64")


def _ranked(rows: pd.DataFrame, recipe: Recipe) -> Floats:
    """The features of the trees: each car's rank in its race, from 0 to 1, but for those of the race as a whole."""
    names = list(recipe.trees)
    ranks = rows[names].groupby(rows["race"]).rank(pct=True)
    ranks[list(recipe.whole)] = rows[list(recipe.whole)]
    return np.asarray(ranks, dtype="float64")
