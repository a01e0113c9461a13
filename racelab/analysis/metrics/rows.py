"""Estimates as rows of the table driver_metrics: a metric and its standard error are two rows."""

import numpy as np
import pandas as pd

from racelab.analysis.metrics.definitions import STANDARD_ERROR
from racelab.analysis.metrics.estimates import Estimates
from racelab.analysis.metrics.expected import KEYS

COLUMNS = [*KEYS, "metric", "value", "n"]


def long_form(metric: str, found: Estimates, drivers: pd.DataFrame, told: np.ndarray) -> pd.DataFrame:
    """A row a driver for whom the metric is told, and one for its standard error."""
    told = told & np.isfinite(found.value) & np.isfinite(found.error)
    own = drivers[told].assign(n=found.n[told])
    value = own.assign(metric=metric, value=found.value[told])
    error = own.assign(metric=metric + STANDARD_ERROR, value=found.error[told])
    return pd.concat([value, error])[COLUMNS]


def joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """All rows, in the order of their natural key; typed where there is none."""
    parts = [part for part in parts if len(part)]
    rows = pd.concat(parts) if parts else pd.DataFrame(columns=COLUMNS)
    rows = rows.astype({"session_id": "Int64", "seat": "Int64", "value": "float64", "n": "Int64", "metric": "string"})
    return rows.sort_values([*KEYS, "metric"], ignore_index=True)
