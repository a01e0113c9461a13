"""A lap-time model made by hand from a frame of laps: trained, scored, saved and read back in a line each."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput, NotFound
from racelab.models import registry
from racelab.models.backtests import Backtest
from racelab.models.features import lap_features, names, next_lap_features
from racelab.models.given import given_laps
from racelab.models.laptime.model import LapTimeModel, worth_teaching
from racelab.models.laptime.training import holds

TARGET = "laptime"
_KIND = (
    "xgboost"  # of many laps, else the filter; quicker than the blend that `racelab train` chooses, and hardly worse
)
_BLOCKS = 4  # of a race's time: the first only teaches where no race is before it
_LEAST = 60  # clean laps under which nothing is learned
_BASELINES = {"last_lap": "naive_ms", "median_of_five": "recent_ms"}


@dataclass(frozen=True, slots=True)
class LapTimes:
    """A trained model, the series it is of, what it learned from, and its scores on laps not learned from."""

    model: LapTimeModel
    series: str
    data: dict[str, Any]
    scores: Backtest

    def predict(self, laps: pd.DataFrame, weather: pd.DataFrame | None = None) -> pd.DataFrame:
        """The lap that each car of one session begins now, after the last of its laps.

        Args:
            laps: as `load_laps` gives them, up to now.
            weather: as `load_weather` gives it.

        Returns:
            ``car_number, lap_number, value, low_80, high_80, low_90, high_90`` in ms; a car in the pits or out of the
            race has no row.

        Raises:
            BadInput: the frame lacks a column, or is of several sessions.
        """
        laps = given_laps(laps)
        if laps["session_id"].nunique() > 1:
            raise BadInput("the laps are of several sessions: give those of the one whose next laps are to be told")
        rows = next_lap_features(laps, weather)
        return rows[["car_number", "lap_number"]].join(self.model.predict(rows))

    def save(self, folder: str | Path) -> Path:
        """Keep the model in a folder of models beside what is there; returns its own folder."""
        score, naive = self.scores.document["score"], self.scores.document["baselines"]
        best = min(each["mae_ms"] for each in naive.values())
        card = {
            "model": "by hand", "data": self.data, "features": list(names(self.scores.rows)), "seeds": [0],
            "backtest": self.scores.document, "passed": score["mae_ms"] < best and holds(score["coverage_90"] or 0.0, len(self.scores.document["by"])),
            "why": f"mean error {score['mae_ms']} ms against {best} ms of the best baseline on laps not learned from; the 90 % interval holds {score['coverage_90']}",
            "scope": "sessions like those of the frame that it was trained on", "limits": "clean laps only",
        }  # fmt: skip
        return registry.save(Path(folder), TARGET, self.series, self.model.parts(), card, self.scores.rows)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The model that was saved in a folder.

        Raises:
            NotFound: there is none.
            BadInput: it is broken, or no lap-time model.
        """
        saved = registry.load(Path(path))
        if saved.card["target"] != TARGET:
            raise BadInput(f"{path} holds a model of {saved.card['target']}, not of {TARGET}: give another folder")
        scores = Backtest(saved.card["backtest"], registry.rows(saved.path))
        return cls(LapTimeModel.of_parts(saved.parts), str(saved.card["series"]), saved.card["data"], scores)


def train(laps: pd.DataFrame, weather: pd.DataFrame | None = None) -> LapTimes:
    """Train on a frame of laps and score what it would have said of them: later ones by models of earlier ones.

    Args:
        laps: of one or more sessions of one series, as `load_laps` gives them.
        weather: their weather, as `load_weather` gives it.

    Raises:
        BadInput: the frame lacks a column, or holds several series.
        NotFound: it has too few clean laps.
    """
    rows = lap_features(given_laps(laps), weather)
    if len(rows) < _LEAST:
        raise NotFound(f"not enough data: {len(rows)} clean laps, {_LEAST} are needed: give more sessions")
    keys = [SessionKey.of_id(int(each)) for each in rows["session_id"].unique()]
    if len({key.series for key in keys}) > 1:
        raise BadInput("the laps are of several series: train a model for each")
    seasons = [key.season for key in keys]
    data = {"sessions": len(keys), "first": min(seasons), "last": max(seasons), "n": len(rows)}
    return LapTimes(LapTimeModel.fit(rows, worth_teaching(rows, _KIND)), keys[0].series.value, data, backtest(rows))


def backtest(rows: pd.DataFrame) -> Backtest:
    """Score models on rows of `lap_features` by what had ended before: race by race, a race in four blocks of time.

    Raises:
        NotFound: there is too little to learn from before any of the blocks.
    """
    found = [
        test.join(LapTimeModel.fit(learned, worth_teaching(learned, _KIND)).predict(test))
        for learned, test in _folds(rows[rows["naive_ms"].notna()])
    ]
    if not found:
        raise NotFound(f"not enough data: {len(rows)} clean laps leave nothing to score: give more sessions")
    scored = pd.concat(found, ignore_index=True)
    scored = scored[scored["follows"].astype(bool)].reset_index(drop=True)
    if scored.empty:
        raise NotFound("not enough data: no clean lap follows a clean one: give more sessions")
    series = SessionKey.of_id(int(scored["session_id"].iloc[0])).series.value
    seasons = [SessionKey.of_id(int(each)).season for each in scored["session_id"].unique()]
    document = {
        "target": TARGET, "series": series, "from": min(seasons), "to": max(seasons), "n": len(scored),
        "score": {**_errors(scored, "value"), "coverage_80": _covered(scored, 80), "coverage_90": _covered(scored, 90)},
        "baselines": {name: _errors(scored, column) for name, column in _BASELINES.items()},
        "by": [{"session": str(SessionKey.of_id(int(str(each)))), "n": len(part), **_errors(part, "value")}
               for each, part in scored.groupby("session_id", sort=False)],
    }  # fmt: skip
    return Backtest(document, scored)


def _folds(rows: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """What had ended before a block of a race began, and the block."""
    order = list(dict.fromkeys(rows["session_id"]))
    place = rows["session_id"].map({each: number for number, each in enumerate(order)})
    for number, session in enumerate(order):
        own = rows["session_id"] == session
        cuts = np.quantile(rows.loc[own, "start_ms"].astype("float64"), np.linspace(0, 1, _BLOCKS + 1))
        for low, high in zip(cuts, [*cuts[1:-1], np.inf], strict=False):
            learned = rows[(place < number) | (own & (rows["end_ms"] <= low))]
            test = rows[own & (rows["start_ms"] >= low) & (rows["start_ms"] < high)]
            if len(learned) >= _LEAST and len(test):
                yield learned.reset_index(drop=True), test.reset_index(drop=True)


def _errors(rows: pd.DataFrame, column: str) -> dict[str, float]:
    error = (rows[column] - rows["lap_time_ms"]).abs()
    return {"mae_ms": round(float(error.mean()), 1), "median_ae_ms": round(float(error.median()), 1)}


def _covered(rows: pd.DataFrame, level: int) -> float | None:
    """The share of laps in their interval; None where none has one."""
    held = rows[rows[f"low_{level}"].notna()]
    inside = held["lap_time_ms"].between(held[f"low_{level}"], held[f"high_{level}"])
    return round(float(inside.mean()), 4) if len(held) else None
