"""The rows that each series' model learns from and predicts, with features."""

from dataclasses import dataclass

import pandas as pd

from racelab.domain.series import Series
from racelab.errors import BadInput, NotFound
from racelab.models.finish import endurance, f1
from racelab.models.finish.history import starters
from racelab.models.finish.model import Recipe
from racelab.store.protocol import Store

_TAUGHT_FROM = 2006  # forms of Formula 1 have filled up since 2004


@dataclass(frozen=True, slots=True)
class Fields:
    """A series' rows in time with features, its recipe, the naive order's name and column, and the columns to cut by.

    ``richer`` is the recipe for events of which ``richer_known`` is 1: their practice is known.
    """

    series: Series
    rows: pd.DataFrame
    recipe: Recipe
    naive: str
    order: str
    cuts: tuple[str, ...]
    richer: Recipe | None = None

    @property
    def own(self) -> pd.DataFrame:
        """The rows of the series' own finished races, of classes with two cars or more."""
        rows = self.rows
        return rows[rows["series"].eq(self.series.value) & rows["place"].notna() & rows["cars"].gt(1)]


def f1_fields(store: Store, coming: pd.DataFrame | None = None) -> Fields:
    """Formula 1 since 2006.

    Raises:
        NotFound: the store has no history of it.
    """
    rows = f1.features(starters(store, coming))
    rows = rows[rows["season"] >= _TAUGHT_FROM]
    rows = rows.assign(series=Series.F1.value, event=rows["race"], car_class="", unknown=rows["experience"].eq(0) * 1.0)
    return Fields(Series.F1, rows, f1.RECIPE, "grid", "grid_place", ("season", "circuit"), f1.RICHER)


def fields(store: Store, series: Series | None) -> list[Fields]:
    """The rows of one series, or of every series that the store has races of.

    Raises:
        BadInput: nothing is predicted for the series.
        NotFound: the store has none of it.
    """
    if series is Series.F1:
        return [f1_fields(store)]
    if series is Series.LOCAL:
        raise BadInput("no finishing order is predicted for local sessions: use f1, wec, imsa or grcup")
    every = endurance.every_starter(store)
    wanted = [series] if series else [each for each in endurance.ENDURANCE if each.value in set(every["series"])]
    found = [_endurance(every, each) for each in wanted if each.value in set(every["series"])]
    if series is None:
        try:
            found.insert(0, f1_fields(store))
        except NotFound:
            if not found:
                raise
    if not found:
        raise NotFound(f"no race of {series.label if series else 'any series'} with laps in the store: ingest some first")  # fmt: skip
    return found


def _endurance(every: pd.DataFrame, series: Series) -> Fields:
    rows = endurance.features(endurance.ordered(every, series))
    return Fields(series, rows, endurance.RECIPE, "lap 1", "lap1_place", ("season", "car_class"))
