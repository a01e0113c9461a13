"""What a walk-forward backtest hands back, whatever was predicted."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

# The keys of a backtest's document, in their order.
DOCUMENT = ("target", "series", "from", "to", "n", "score", "baselines", "by")
# Scores of which less is better; of the others more is.
LESS_IS_BETTER = ("mae_ms", "median_ae_ms", "place_mae", "brier_win", "delay_laps", "log_loss_win")
# What decides between a model and the best baseline, for each target.
DECIDES = {"laptime": "mae_ms", "finish": "spearman", "inrace": "spearman", "anomaly": "f1"}


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
        """The scores as a table: the model's row first, then each baseline's; ``answer`` names them."""
        answers = {"the model": self.document["score"], **self.document["baselines"]}
        return pd.DataFrame([{"answer": name, **score} for name, score in answers.items()])

    @property
    def by(self) -> pd.DataFrame:
        """The scores by season, circuit, class, phase or session, whatever was cut by."""
        return pd.DataFrame(self.document["by"])


def ratios(document: dict[str, Any]) -> tuple[str, float] | None:
    """The best baseline by the first score of the model that both have, and the model's score over that of it.

    Below 1 is better where less is better, above 1 where more is. None where there is no baseline to go by.
    """
    for score, value in document["score"].items():
        held = {name: each[score] for name, each in document["baselines"].items() if each.get(score) is not None}
        if value is None or not held:
            continue
        best = (min if score in LESS_IS_BETTER else max)(held, key=lambda name: held[name])
        return (best, value / held[best]) if held[best] else None
    return None
