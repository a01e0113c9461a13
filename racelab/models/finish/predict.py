"""Predict how a race ends before it begins (Formula 1) or after its first lap (endurance)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput, NotFound
from racelab.models import registry
from racelab.models.finish.distribution import DRAWS, simulation_rows
from racelab.models.finish.f1_coming import coming
from racelab.models.finish.fields import f1_fields, fields
from racelab.models.finish.history import PROVIDER
from racelab.models.finish.model import FinishModel
from racelab.models.registry import Saved
from racelab.store.protocol import Store

COLUMNS = (
    "car_number", "car_class", "driver", "p_win", "p_podium", "p_points", "p_retires", "place", "median", "low_80",
    "high_80", "low_90", "high_90",
)  # fmt: skip
_STORED = ("p_win", "p_podium", "p_points", "p_retires", "place")
_RUN = "finish"


def predict(store: Store, key: SessionKey, folder: Path) -> pd.DataFrame:
    """How a race ends for each car, by the newest kept model that passed, or else the newest; kept in the store.

    A session that the store has gets its rows in ``predictions`` and ``simulations``.

    Raises:
        NotFound: no model is kept, or nothing is known of the race.
        BadInput: it is no race whose finishing order is predicted.
    """
    series = key.series.value
    try:
        saved = registry.newest(folder, "finish", series, passed=True)
    except NotFound:
        saved = registry.newest(folder, "finish", series, passed=False)
    found = predict_finish(store, key, saved)
    if len(store.read("sessions", key)):
        keep(store, key, found, saved.name)
    return found


def predict_finish(store: Store, key: SessionKey, saved: Saved) -> pd.DataFrame:
    """How a race ends for each car, by a kept model.

    Returns:
        `COLUMNS`, a row a car, likeliest first within its class: chances from 0 to 1, ``place`` the expected one, the
        rest whole places; in endurance places are those in the class. ``attrs`` has ``matrices`` (class -> car
        numbers and the chance of each place) and ``known`` (the sentence that says what was known).

    Raises:
        NotFound: nothing is known of the race.
        BadInput: it is no race whose finishing order is predicted.
    """
    rows = _rows(store, key)
    model = FinishModel.of_parts(saved.parts)
    expected = model.predict(rows).rename(columns={"place": "expected"})
    whole = rows.join(expected).drop(columns="place").rename(columns={"expected": "place"})
    found = whole.sort_values(["car_class", "place"])[list(COLUMNS)].reset_index(drop=True)
    found.attrs["matrices"] = dict(_matrices(model, rows))
    found.attrs["known"] = _known(key, rows)
    return found


def keep(store: Store, key: SessionKey, found: pd.DataFrame, model: str) -> int:
    """Put a prediction into the store's ``predictions`` (lap 0) and ``simulations``; returns the rows written."""
    written = store.upsert("predictions", _predictions(key, found, model))
    places: list[dict[str, Any]] = []
    for cars, matrix in found.attrs["matrices"].values():
        places += simulation_rows(key.session_id, _RUN, cars, matrix, model)
    return written + store.upsert("simulations", places)


def _rows(store: Store, key: SessionKey) -> pd.DataFrame:
    if not key.is_race or (key.series is Series.F1 and key.code != "R"):
        raise BadInput(f"{key}: the finishing order is predicted for races, in Formula 1 for grands prix: name one")
    if key.series is Series.F1:
        ran = store.read("history_results", provider=PROVIDER, season=key.season, round=key.round, code="R")
        rows = f1_fields(store, None if len(ran) else coming(store, key)).rows
        own = rows[rows["race"] == key.season * 100 + key.round]
    else:
        rows = fields(store, key.series)[0].rows
        own = rows[rows["session_id"] == key.session_id]
    if own.empty:
        raise NotFound(f"{key}: nothing is known of its starters: ingest the race or its qualifying first")
    number = own["car_number"].astype(object)
    return own.assign(car_number=number.where(number.notna(), own["driver"]))


def _matrices(model: FinishModel, rows: pd.DataFrame) -> Iterator[tuple[str, tuple[list[str], np.ndarray]]]:
    found = model.expect(rows)
    for name, part in rows.groupby("car_class", sort=False):
        matrix = model.matrix(found.loc[part.index], part["unknown"].to_numpy(dtype="float64"), DRAWS)
        yield str(name), ([str(car) for car in part["car_number"]], matrix)


def _known(key: SessionKey, rows: pd.DataFrame) -> str:
    if key.series is not Series.F1:
        return f"{key}: {len(rows)} starters, the order after the first lap, and the races before it"
    times = "qualifying times" if rows["no_time"].eq(0).any() else "no qualifying times"
    return f"{key}: {len(rows)} starters, the grid, {times}, and the races before it"


def _predictions(key: SessionKey, found: pd.DataFrame, model: str) -> Iterator[dict[str, Any]]:
    for row in found.to_dict("records"):
        for target in _STORED:
            ends = {name: float(row[name]) for name in ("low_80", "high_80", "low_90", "high_90")} if target == "place" else {}  # fmt: skip
            yield {"session_id": key.session_id, "car_number": str(row["car_number"]), "target": target, "lap_number": 0,
                   "model": model, "sequence": 0, "value": float(row[target]), "quality": "predicted",
                   **dict.fromkeys(("low_80", "high_80", "low_90", "high_90")), **ends}  # fmt: skip
