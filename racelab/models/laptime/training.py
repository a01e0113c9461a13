"""Training the lap-time model: its own backtest first, then a model of all races, kept with its card."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import NotFound
from racelab.models import registry
from racelab.models.laptime.backtest import CHOSEN, TARGET
from racelab.models.laptime.conformal import ENDS
from racelab.models.laptime.endurance_model import EnduranceModel
from racelab.models.laptime.endurance_walk import learned
from racelab.models.laptime.history import history
from racelab.models.laptime.model import LapTimeModel, worth_teaching
from racelab.models.laptime.report import document
from racelab.models.laptime.walkforward import walk
from racelab.store.protocol import Store

_SEASONS = 7  # that teach the model that is kept
_SCORED = 8  # the last so many races are scored, by models of those before
_SCOPE = "the next clean lap of a car on track; not in-laps, out-laps, first laps or laps under caution"
_LIMITS = "rain that begins or ends and restarts are told by the laps of others alone; a circuit never driven before has no reference"  # fmt: skip
_BOUNDS = (0.88, 0.92)  # what the 90 % interval may hold on its own backtest, of many races
# Two standard errors of that share, of one race: from race to race of 2023 it has a standard deviation of 0.03.
_OF_ONE_RACE = 0.06


def train(store: Store, folder: Path, series: Series | None = None) -> list[dict[str, Any]]:
    """Backtest, fit and keep the lap-time model of each series that the store holds.

    The last races are scored by models of the races before them, whose predictions go to the table ``predictions``;
    the model that is kept learns from all races.

    Returns:
        The card of each model that was kept, with its ``path`` and, as before, the keys of its backtest's document.

    Raises:
        NotFound: the store has no race with enough laps.
    """
    done = [card for each in ([series] if series else list(Series)) if (card := _train_one(store, folder, each))]
    if not done:
        raise NotFound("no race with enough clean laps in the store: fill it with `racelab ingest`, for one `racelab ingest sample`")  # fmt: skip
    return done


def _train_one(store: Store, folder: Path, series: Series) -> dict[str, Any] | None:
    found = _learned(store, series) if series is Series.F1 else learned(store, series)
    if found is None:
        return None
    model, rows, scored = found
    scored = scored.assign(series=series.value, model=scored["model"] if "model" in scored else CHOSEN[series])
    card = card_of(model, rows, document(scored, series, ()), series)
    path = registry.save(folder, "laptime", series.value, model.parts(), card, scored)
    _write(store, scored, f"laptime_{series.value}/{model.kind}")
    return {**card["backtest"], **card, "path": str(path)}


def _learned(store: Store, series: Series) -> tuple[LapTimeModel, pd.DataFrame, pd.DataFrame] | None:
    """The model of the newest seasons, what it learned from, and the backtest of the last races."""
    rows = history(store, series)
    if rows.empty:
        return None
    rows = _newest(rows)
    scored = walk(rows, list(dict.fromkeys(rows["session_id"].tolist()))[-_SCORED:], CHOSEN[series])
    try:
        model = LapTimeModel.fit(rows, worth_teaching(rows, CHOSEN[series]))
    except NotFound:
        return None
    return (model, rows, scored) if len(scored) else None


def fit_series(store: Store, series: Series) -> LapTimeModel:
    """The chosen model of a series, taught by the newest seasons of the store, without a backtest.

    Raises:
        NotFound: the store has too few laps of the series.
    """
    rows = _newest(history(store, series))
    return LapTimeModel.fit(rows, worth_teaching(rows, CHOSEN[series]))


def _newest(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["season"] > rows["season"].max() - _SEASONS]


def card_of(
    model: LapTimeModel | EnduranceModel, rows: pd.DataFrame, found: dict[str, Any], series: Series
) -> dict[str, Any]:
    """What the registry keeps beside a model: what it learned from, how it did, and whether it may be used."""
    mean, best = found["score"]["mae_ms"], min(_means(found))
    held = found["score"]["coverage_90"]
    races = sum("session" in each for each in found["by"])
    passed = mean < best and held is not None and holds(held, races)
    sessions = [str(SessionKey.of_id(int(each))) for each in (rows["session_id"].min(), rows["session_id"].max())]
    return {
        "series": series.value,
        "model": model.kind,
        "learns": "the logarithm of a clean lap over what is expected of it, in units of how far off that may be",
        "data": {"sessions": int(rows["session_id"].nunique()), "first": sessions[0], "last": sessions[1], "n": len(rows)},
        "features": list(model.features),
        "seeds": [0, 1, 2],
        "backtest": found,
        "passed": bool(passed),
        "why": f"mean error {mean} ms against {best} ms of the best naive answer on {found['n']} laps; the 90 % interval holds {held}",
        "scope": _SCOPE,
        "limits": _LIMITS,
    }  # fmt: skip


def holds(share: float, races: int) -> bool:
    """Whether a 90 % interval held about that share of the laps of so many races, as far as so few can tell."""
    slack = _OF_ONE_RACE / float(np.sqrt(max(races, 1)))
    return _BOUNDS[0] - slack <= share <= _BOUNDS[1] + slack


def _means(found: dict[str, Any]) -> list[float]:
    return [each["mae_ms"] for name, each in found["baselines"].items() if name in ("last_lap", "median_of_five") and each["mae_ms"]]  # fmt: skip


def _write(store: Store, rows: pd.DataFrame, model: str) -> None:
    whole = rows[["session_id", "car_number", "lap_number", "value", *ENDS]].astype(object)
    whole = whole.where(whole.notna(), None).replace(np.inf, None)
    store.upsert(
        "predictions",
        (
            {**row, "session_id": int(row["session_id"]), "lap_number": int(row["lap_number"]), "target": TARGET,
             "model": model, "sequence": 0, "quality": "predicted"}
            for row in whole.to_dict("records")
        ),
    )  # fmt: skip
