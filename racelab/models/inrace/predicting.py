"""The order at the end of a race that is running, from the model that is kept."""

import pandas as pd

from racelab.domain.sessions import SessionKey
from racelab.errors import NotFound
from racelab.models.inrace.features import features
from racelab.models.inrace.form import Form
from racelab.models.inrace.leaning import leaned, of_part
from racelab.models.inrace.model import OrderModel, distributions
from racelab.models.inrace.races import read_race
from racelab.models.inrace.walking import unlearned
from racelab.models.registry import Saved
from racelab.store.protocol import Store

COLUMNS = (
    "session_id", "car_number", "car_class", "lap_number", "place_now", "expected", "p_win", "p_podium", "p_points",
    "p_retires", "place", "median", "low_80", "high_80", "low_90", "high_90", "model",
)  # fmt: skip
UNLEARNED = "order_now"


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
        NotFound: the store lacks the session, or no car had completed a lap by then.
        StoreError: the store cannot be read.
    """
    race = read_race(store, key)
    moment = float(race.laps["end_ms"].max()) if at is None and len(race.laps) else float(at or 0.0)
    if not (race.laps["end_ms"] <= moment).any():
        raise NotFound(
            f"{key}: no car has completed a lap yet, so there is no order to go by: ask again after the first lap"
        )
    form = Form.of_part(saved.parts["form"]) if saved else Form()
    rows = features(race, moment, form.of(race))
    predicted = OrderModel.of_parts(saved.parts).predict(rows) if saved else unlearned(rows)
    leans = of_part(saved.parts.get("leans", [])) if saved else {}
    table = distributions(rows, leaned(rows, predicted, leans)).assign(
        session_id=key.session_id, car_number=rows["car_number"], car_class=rows["car_class"],
        lap_number=rows["laps"].astype("int64"), place_now=rows["place"], model=saved.name if saved else UNLEARNED,
    )  # fmt: skip
    return table.sort_values(["car_class", "expected"], kind="stable", ignore_index=True)[list(COLUMNS)]
