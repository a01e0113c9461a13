"""The lap-time models behind the residuals: each taught by races that were over before the ones it judges."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.models.anomaly.expectation import Model
from racelab.models.features import matrix, names, target, weights
from racelab.models.laptime import endurance_model
from racelab.models.laptime.candidates import quick
from racelab.models.laptime.endurance_walk import endurance_rows
from racelab.models.laptime.history import history
from racelab.models.laptime.model import LapTimeModel, learnable
from racelab.models.laptime.sizes import learn_sizes
from racelab.store.protocol import Store

_KIND = "xgboost"
_FEWEST_RACES = 3  # fewer teach less than the filter knows
_FEWEST_LAPS = 60
_MOST_RACES = 40  # older ones teach little
_GROWTH = 1 / 2


def known_rows(store: Store, series: Series, last: int | None = None) -> pd.DataFrame:
    """Rows of `lap_features` of the races of a series up to a season, in their order."""
    if series is Series.F1:
        return history(store, series, last)
    rows = endurance_rows(store, series)
    return rows[rows["season"] <= last] if last is not None and len(rows) else rows


def paces(keys: list[SessionKey], features: pd.DataFrame, begin: int) -> Iterator[tuple[int, Model | None]]:
    """For each race from a place on, the lap-time model of races before it; taught anew as these grow by half.

    Args:
        keys: the races of one series, oldest first.
        features: of `known_rows`, of these races.
        begin: place of the first race that is judged.
    """
    model, learned = None, 0
    for place in range(begin, len(keys)):
        if place >= learned * (1 + _GROWTH) and place >= _FEWEST_RACES:
            earlier = [key.session_id for key in keys[max(0, place - _MOST_RACES) : place]]
            model, learned = learn(features[features["session_id"].isin(earlier)], keys[place].series), place
        yield place, model


def learn(rows: pd.DataFrame, series: Series) -> Model | None:
    """A lap-time model of a series, with intervals from errors on races that it had not learned from.

    Args:
        rows: of `lap_features` of earlier races, in their order.
        series: whose they are.

    Returns:
        None where they are too few to teach more than the untaught filter knows.
    """
    events = list(dict.fromkeys(rows["session_id"])) if len(rows) else []
    if len(events) < _FEWEST_RACES:
        return None
    if series is Series.F1:
        return _quick(rows)
    return _endurance(rows.assign(series=series.value), events, series)


def _quick(rows: pd.DataFrame) -> Model | None:
    """Fewer trees than tell the lap time best: an anomaly is far off what either expects."""
    rows = learnable(rows)
    if len(rows) < _FEWEST_LAPS:
        return None
    x, y, w = matrix(rows), target(rows), weights(rows)
    sizes = learn_sizes(x, y, w, rows["session_id"].to_numpy(), quick)
    return LapTimeModel(_KIND, names(rows), tuple(quick(x, y, w)), sizes)


def _endurance(rows: pd.DataFrame, events: list[int], series: Series) -> Model | None:
    late = rows["session_id"].isin(events[-max(1, len(events) // 4) :])
    first, model = endurance_model.fit(rows[~late], series.value), endurance_model.fit(rows, series.value)
    held = endurance_model.taught(rows[late])
    if first is None or model is None or held.empty:
        return None
    errors = first.errors(held)
    return model.with_widths(errors[np.isfinite(errors["ratio"])])
