"""What a walk-forward backtest hands back, whatever was predicted."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from racelab.errors import BadInput

# The keys of a backtest's document, in their order.
DOCUMENT = ("target", "series", "from", "to", "n", "score", "baselines", "by")
MODEL = "the model"
# Scores of which less is better; of the others more is.
LESS_IS_BETTER = ("mae_ms", "median_ae_ms", "place_mae", "brier_win", "delay_laps", "log_loss_win")

# Where other models compete too: which of the answers are naive.
NAIVE = {"laptime": ("last_lap", "median_of_five"), "finish": ("grid", "lap 1", "grid and lap 1")}


def check_seasons(first: int | None, last: int | None) -> None:
    """Refuse seasons of which the first comes after the last.

    Raises:
        BadInput: they are such.
    """
    if first is not None and last is not None and first > last:
        raise BadInput(f"no season is scored from {first} to {last}: give the earlier one first")


@dataclass(frozen=True, slots=True)
class Backtest:
    """The scores of a walk-forward backtest, and every scored row.

    ``document`` is that of ``racelab backtest --json``: ``{target, series, from, to, n, score, baselines, by}``, where
    ``score`` is the model's, ``baselines`` holds each naive answer's by name, and each row of ``by`` names its cut
    (season, circuit, class, phase or session), its ``n`` and its scores. ``rows`` has a row for each scored lap or car.
    """

    document: dict[str, Any]
    rows: pd.DataFrame

    @property
    def frame(self) -> pd.DataFrame:
        """The scores as a table: the model's row first, then each baseline's; ``answer`` names them.

        ``to_best_baseline`` is the first score over that of the best naive answer.
        """
        answers = {MODEL: self.document["score"], **self.document["baselines"]}
        shares = ratios(self.document) or {}
        return pd.DataFrame(
            [{"answer": name, **score, "to_best_baseline": shares.get(name)} for name, score in answers.items()]
        )

    @property
    def by(self) -> pd.DataFrame:
        """The scores by season, circuit, class, phase or session, whatever was cut by."""
        return pd.DataFrame(self.document["by"])


def ratios(document: dict[str, Any]) -> dict[str, float] | None:
    """The model's and every baseline's first score over that of the best naive answer; the model goes by ``the model``.

    The best one has 1. The model is better below 1 where less is better (`LESS_IS_BETTER`), else above 1. None
    where no naive answer has that score, or the best one's is 0.
    """
    for score, value in document["score"].items():
        held = {name: each[score] for name, each in document["baselines"].items() if each.get(score) is not None}
        naive = [each for name, each in held.items() if name in NAIVE.get(document["target"], held)]
        if value is None or not naive:
            continue
        best = (min if score in LESS_IS_BETTER else max)(naive)
        return {name: round(each / best, 3) for name, each in {MODEL: value, **held}.items()} if best else None
    return None
