"""What the newest model that passed its backtest says of a stored race, and why: `rl.predict` and `rl.explain`."""

from collections.abc import Callable

import pandas as pd

from racelab.analysis.crossings import crossings
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput, NotFound
from racelab.models import registry
from racelab.models.targets import TARGETS
from racelab.settings import get_settings
from racelab.store.open import open_store
from racelab.store.protocol import Store

Reference = str | int
_ENDS = ["low_80", "high_80", "low_90", "high_90"]


def predict(
    session: Reference, car: str | None = None, *, laps: int = 1, target: str = "laptime", at: int | None = None,
    db: str | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Predict with the newest model of the session's series that passed its backtest.

    Args:
        session: a stored session, by its id or name.
        car: one car, by its number; default: all.
        laps: how many laps ahead, for laptime.
        target: laptime (the next laps), finish (before the race, from grid, form and qualifying), inrace (the places at
            the end, from the state of the race) or anomaly (laps that do not fit).
        at: a completed lap of the leader, of laptime and inrace: only what had ended by then is known; default: all.
        db: the store's URL.

    Returns:
        laptime: ``car_number, lap_number, value, low_80, high_80, low_90, high_90`` in ms. finish and inrace: a row a
        car with ``p_win, p_podium, p_points, p_retires`` and ``place`` with its interval. anomaly: a row an event.
        ``attrs["model"]`` names the model, ``attrs["why"]`` why it may be used.

    Raises:
        NotFound: the store lacks the session or the car, no model passed (the message says why), or there are too few
            laps to go by.
        BadInput: nothing of that name is predicted, or a number that is none.
    """
    if target not in TARGETS:
        raise BadInput(f"nothing named {target!r} is predicted: use one of {', '.join(TARGETS)}")
    if laps < 1:
        raise BadInput(f"{laps} laps ahead cannot be predicted: use 1 or more")
    if at is not None and target not in _AT_A_LAP:
        raise BadInput(f"{target} knows no lap to predict from: leave at out, or use one of {', '.join(_AT_A_LAP)}")
    with open_store(db) as store:
        key = store.find(session)
        if car is not None:
            _check_car(store, key, car)
        saved = registry.newest(get_settings().data / "models", target, key.series.value)
        found = _TARGETS[target](store, key, saved, at, laps)
    if car is not None:
        found = found[found["car_number"] == car].reset_index(drop=True)
    if found.empty and target != "anomaly":
        who = f"car {car}" if car is not None else "any car"
        raise NotFound(f"not enough data: {key} tells nothing to predict of {who}{_when(at)}: take another car or lap")
    found.attrs = {"session": str(key), "model": saved.name, "why": saved.card["why"]}
    return found


def explain(session: Reference, car: str, *, at: int | None = None, db: str | None = None) -> pd.DataFrame:
    """Why the model predicts what it does for a car's next lap: each feature's share, in ms, the largest first.

    Of boosted trees the shares are exact Shapley values (TreeSHAP), of others sampled ones; the first row is what is
    expected before any feature is looked at, and all together are the prediction.

    Args:
        session: a stored session, by its id or name.
        car: the car's number.
        at: a completed lap of the leader: only what had ended by then is known; default: all.
        db: the store's URL.

    Returns:
        ``feature, value, contribution_ms``; ``attrs["model"]`` names the model, ``attrs["prediction_ms"]`` the sum.

    Raises:
        NotFound: as `predict`.
    """
    from racelab.models.features import next_lap_features
    from racelab.models.laptime.kept import of_parts
    from racelab.models.laptime.why import contributions

    with open_store(db) as store:
        key = store.find(session)
        _check_car(store, key, car)
        saved = registry.newest(get_settings().data / "models", "laptime", key.series.value)
        rows = next_lap_features(*_known(store, key, at))
    own = rows[rows["car_number"] == car].reset_index(drop=True)
    if own.empty:
        raise NotFound(
            f"not enough data: {key} tells nothing to predict of car {car}{_when(at)}: take another car or lap"
        )
    found = contributions(of_parts(saved.parts), own)
    total = float(found["contribution_ms"].sum())
    found.attrs = {"session": str(key), "model": saved.name, "prediction_ms": total}
    return found


def _laptime(store: Store, key: SessionKey, saved: registry.Saved, at: int | None, laps: int) -> pd.DataFrame:
    from racelab.models.laptime.horizon import predict_ahead
    from racelab.models.laptime.kept import of_parts

    known, weather = _known(store, key, at)
    found = predict_ahead(of_parts(saved.parts), known, laps, weather)
    return found[["car_number", "lap_number", "value", *_ENDS]].sort_values(
        ["car_number", "lap_number"], ignore_index=True
    )


def _known(store: Store, key: SessionKey, at: int | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The laps that had ended when the leader completed a lap, or all, and the weather."""
    from racelab.models.features import race_laps

    laps = race_laps(store, key)
    known = laps if at is None else laps[laps["end_ms"] <= _moment(key, laps, at)]
    return known, store.read("weather", key)


def _finish(store: Store, key: SessionKey, saved: registry.Saved, at: int | None, laps: int) -> pd.DataFrame:
    from racelab.models.finish import predict_finish

    return predict_finish(store, key, saved)


def _inrace(store: Store, key: SessionKey, saved: registry.Saved, at: int | None, laps: int) -> pd.DataFrame:
    from racelab.models.inrace import predict_inrace

    moment = None if at is None else _moment(key, store.read("laps", key), at)
    return predict_inrace(store, key, saved, moment)


def _anomaly(store: Store, key: SessionKey, saved: registry.Saved, at: int | None, laps: int) -> pd.DataFrame:
    from racelab.load import classed_laps
    from racelab.models.anomaly import Forest, anomalies

    return anomalies(classed_laps(store, key), store.read("track_status", key), Forest.of_parts(saved.parts))


_AT_A_LAP = ("laptime", "inrace")
_TARGETS: dict[str, Callable[[Store, SessionKey, registry.Saved, int | None, int], pd.DataFrame]] = {
    "laptime": _laptime, "finish": _finish, "inrace": _inrace, "anomaly": _anomaly,
}  # fmt: skip


def _moment(key: SessionKey, laps: pd.DataFrame, at: int) -> int:
    """When the leader completed a lap, in ms of session time."""
    laps = crossings(laps)  # a lap on which a car stopped has an end that is only assumed, often before the leader's
    ends = laps.loc[laps["lap_number"] == at, "end_ms"]
    if ends.empty:
        raise BadInput(f"{key}: nobody completed lap {at}: give a lap that the leader did, or leave it out")
    return int(ends.min())


def _check_car(store: Store, key: SessionKey, car: str) -> None:
    cars = sorted(store.read("entries", key)["car_number"].astype(str), key=lambda each: (len(each), each))
    if car not in cars:
        raise NotFound(f"{key} has no car {car!r}: it has {', '.join(cars) or 'none'}")


def _when(at: int | None) -> str:
    return "" if at is None else f" at lap {at}"
