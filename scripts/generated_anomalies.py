"""How many mishaps of generated seasons the anomalies find: ``python scripts/generated_anomalies.py 40-49``.

Each season is scored by itself, as `racelab backtest anomaly` does after `racelab ingest sample --seed N`; events are
counted over all of them. One line a series and answer: labels, precision, recall, and the recall at a precision of 0.8.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from racelab.domain.sessions import SessionKey
from racelab.models.anomaly.backtest import backtest
from racelab.models.anomaly.generated import generated_labels
from racelab.models.anomaly.scoring import curve, score
from racelab.sources.sample import generate
from racelab.store.sql import SqlStore

_APART = 1_000  # session ids of two seeds are the same: the seed goes behind them


def seasons(text: str) -> range:
    """Seeds: 40 or 40-49."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def scored(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The judged laps of a season and what was to be found in them."""
    with tempfile.TemporaryDirectory() as folder, SqlStore(f"sqlite:///{Path(folder) / 'season.db'}") as store:
        for found in generate(seed):
            store.write_session(found.read())
        rows = backtest(store, None).rows
    keys = [SessionKey.of_id(int(each)) for each in rows["session_id"].unique()]
    labels = pd.concat([generated_labels(key, seed) for key in keys], ignore_index=True)
    return tuple(each.assign(session_id=each["session_id"] * _APART + seed) for each in (rows, labels))  # type: ignore[return-value]


def table(rows: pd.DataFrame, labels: pd.DataFrame) -> Iterator[str]:
    """The lines to be printed."""
    yield f"{'series':8} {'answer':10} {'labels':>6} {'precision':>9} {'recall':>7} {'at 0.8':>7}"
    for name in [*rows["series"].unique(), "all"]:
        own = rows[(rows["series"] == name) | (name == "all")].reset_index(drop=True)
        known = labels[labels["session_id"].isin(own["session_id"].unique())].reset_index(drop=True)
        best = curve(own, own["score"], known)
        for answer, column in (("the model", "flagged"), ("four_sd", "naive")):
            found = score(own, own[column], known)
            at = str(best) if answer == "the model" else ""
            yield f"{name:8} {answer:10} {found['labels']:6} {found['precision']:9.3f} {found['recall']:7.3f} {at:>7}"


if __name__ == "__main__":
    parts = [scored(seed) for seed in seasons(sys.argv[1])]
    together = [pd.concat(each, ignore_index=True) for each in zip(*parts, strict=True)]
    sys.stdout.write("\n".join(table(*together)) + "\n")
