"""The document of a lap-time backtest: scores as a whole and by season, series, circuit, class, tyre, phase, race and laps ahead."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from racelab.domain.series import Series
from racelab.models.laptime.conformal import LEVELS, coverage
from racelab.models.laptime.horizon import HORIZONS, said_before

BASELINES = ("last_lap", "median_of_five")
_CUTS = ("season", "model", "phase", "tyre", "class", "circuit", "session")
_PHASES = ("first third", "second third", "last third")


def document(rows: pd.DataFrame, series: Series | None, others: Sequence[str]) -> dict[str, Any]:
    """The scores of backtested laps: of the model, of every other answer, and by cut.

    Args:
        rows: of `walkforward.walk`, with ``season``, ``circuit``, ``session`` and ``model``.
        series: the one series that was asked for, or None.
        others: columns of further answers.
    """
    answers = [name for name in dict.fromkeys((*BASELINES, "filter", *others)) if name in rows]
    return {
        "target": "laptime",
        "series": series.value if series else None,
        "from": int(rows["season"].min()),
        "to": int(rows["season"].max()),
        "n": len(rows),
        "score": score(rows),
        "baselines": {name: errors(rows, name) for name in answers},
        "by": [*_by(cut_columns(rows)), *_by_horizon(rows)],
    }


def errors(rows: pd.DataFrame, column: str) -> dict[str, Any]:
    """Mean and median absolute error of a column, in ms, over the rows that have it."""
    error = (rows[column] - rows["lap_time_ms"]).astype("float64").abs().dropna()
    if error.empty:
        return {"mae_ms": None, "median_ae_ms": None}
    return {"mae_ms": round(float(error.mean()), 1), "median_ae_ms": round(float(error.median()), 1)}


def score(rows: pd.DataFrame) -> dict[str, Any]:
    """Errors of the model and the share of laps inside its intervals."""
    shares = {f"coverage_{level}": coverage(rows, level) for level in LEVELS}
    return {**errors(rows, "value"), **{key: None if each is None else round(each, 4) for key, each in shares.items()}}


def cut_columns(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with ``phase`` (a third of the race by time), ``tyre`` and ``class``."""
    length = rows.groupby("session_id")["end_ms"].transform("max").astype("float64")
    third = np.minimum((rows["start_ms"].astype("float64") / length * 3).astype(int), 2)
    return rows.assign(
        phase=[_PHASES[each] for each in third],
        tyre=rows["compound"].astype(object).where(rows["compound"].notna(), None),
        **{"class": rows["car_class"].astype(object).where(rows["car_class"].fillna("") != "", None)},
    )


def _by(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for cut in _CUTS:
        if cut not in rows:
            continue
        parts = sorted(rows.groupby(cut, sort=cut != "session"), key=lambda each: _place(str(each[0])))
        for name, part in parts:
            naive = {f"{each}_mae_ms": errors(part, each)["mae_ms"] for each in BASELINES}
            yield {cut: int(name) if cut == "season" else str(name), "n": len(part), **score(part), **naive}


def _place(name: str) -> int:
    """Phases in the order of the race; everything else stays as it is."""
    return _PHASES.index(name) if name in _PHASES else 0


def _by_horizon(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The scores of what was told so many laps ahead, over laps of a stint of which every lap is scored."""
    for ahead in HORIZONS:
        part = said_before(rows, ahead)
        if len(part):
            naive = {f"{each}_mae_ms": errors(part, each)["mae_ms"] for each in BASELINES}
            yield {"horizon": ahead, "n": len(part), **score(part), **naive}
