"""The order at the end of a race that is running, from the model that is kept."""

import pandas as pd

from racelab.domain.sessions import SessionKey
from racelab.errors import NotFound
from racelab.models.inrace.features import features
from racelab.models.inrace.form import Form
from racelab.models.inrace.leaning import leaned, of_part
from racelab.models.inrace.model import OrderModel, distributions
from racelab.models.inrace.races import Race, read_race
from racelab.models.inrace.state import STOPPED_LAPS
from racelab.models.inrace.walking import unlearned
from racelab.models.registry import Saved
from racelab.store.protocol import Store

COLUMNS = (
    "session_id", "car_number", "car_class", "lap_number", "place_now", "expected", "p_win", "p_podium", "p_points",
    "p_retires", "place", "median", "low_80", "high_80", "low_90", "high_90", "model",
)  # fmt: skip
UNLEARNED = "order_now"
_MOST_WAITING = 0.5  # share of a class still on its first lap


def predict_inrace(store: Store, key: SessionKey, saved: Saved | None, at: float | None = None) -> pd.DataFrame:
    """Every car's chances of its places in class at the end, as they are at a moment of the race.

    Args:
        store: where the laps are.
        key: the race.
        saved: the model of the registry; none: the order as it is, with wide chances.
        at: the moment in ms of session time; none: the last crossing of the line that is known.

    Returns:
        A row a car, in the order of class and ``expected``: ``p_win`` and the other chances, the mean ``place``, its
        ``median`` and intervals, ``place_now``, and ``lap_number`` (laps done by the car).

    Raises:
        NotFound: the store lacks the session, a class had not completed its first lap by then, or nothing tells how long
            the race is to be.
        StoreError: the store cannot be read.
    """
    race = read_race(store, key)
    moment = float(race.laps["end_ms"].max()) if at is None and len(race.laps) else float(at or 0.0)
    if not (race.laps["end_ms"] <= moment).any():
        raise NotFound(
            f"{key}: no car has completed a lap yet, so there is no order to go by: ask again after the first lap"
        )
    _check_length(race)
    form = Form.of_part(saved.parts["form"]) if saved else Form()
    rows = features(race, moment, form.of(race))
    _check_first_lap(key, rows)
    predicted = OrderModel.of_parts(saved.parts).predict(rows) if saved else unlearned(rows)
    leans = of_part(saved.parts.get("leans", [])) if saved else {}
    table = distributions(rows, leaned(rows, predicted, leans)).assign(
        session_id=key.session_id, car_number=rows["car_number"], car_class=rows["car_class"],
        lap_number=rows["laps"].astype("int64"), place_now=rows["place"], model=saved.name if saved else UNLEARNED,
    )  # fmt: skip
    return table.sort_values(["car_class", "expected"], kind="stable", ignore_index=True)[list(COLUMNS)]


def _check_length(race: Race) -> None:
    """What came to be driven is no schedule: by it a race that still runs would be at its end."""
    if not race.length.is_known_before:
        raise NotFound(
            f"{race.key}: nothing tells how many laps or how long the race is to be, so its end cannot be predicted: "
            "ingest its schedule, or for Formula 1 the history (`racelab ingest f1db`)"
        )


def _check_first_lap(key: SessionKey, rows: pd.DataFrame) -> None:
    """Cars that are still on their first lap are in no order yet; that one of them stopped on it shows some laps later."""
    early = rows["laps"].groupby(rows["car_class"]).transform("max") < STOPPED_LAPS
    waiting = (early & rows["laps"].eq(0)).groupby(rows["car_class"]).mean()
    if (waiting > _MOST_WAITING).any():
        raise NotFound(
            f"{key}: most cars of a class have not completed a lap yet, so there is no order to go by: ask again after "
            "the second lap"
        )
