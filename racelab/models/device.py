"""Where XGBoost trains: a setting, and a clear word where that device is not to be had."""

import json
import warnings
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, cast

from racelab.errors import MissingExtra
from racelab.settings import get_settings

_FEW_ROWS = 20_000


def xgboost_device() -> str:
    """The ``device`` for XGBoost's estimators, from RACELAB_XGBOOST_DEVICE: cpu or cuda.

    Predictions of a saved model run on the CPU whatever trained it.

    Raises:
        MissingExtra: it is cuda, and this XGBoost cannot use a GPU or finds none.
    """
    device = get_settings().xgboost_device
    if device == "cuda" and (fault := _cuda_fault()) is not None:
        raise MissingExtra(f"RACELAB_XGBOOST_DEVICE is cuda, but {fault}, or set it to cpu")
    return device


@lru_cache(maxsize=1)
def _cuda_fault() -> str | None:
    """Why cuda cannot be used, and what to do; None where it can."""
    import numpy as np
    import xgboost

    if not xgboost.build_info()["USE_CUDA"]:
        return "this XGBoost was built without CUDA: install the package xgboost in the place of xgboost-cpu"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # XGBoost warns and goes on with the CPU: what it used is asked for below
        tiny = xgboost.train({"device": "cuda"}, xgboost.DMatrix(np.zeros((2, 1)), label=np.zeros(2)), 1)
    used = json.loads(tiny.save_config())["learner"]["generic_param"]["device"]
    return None if used.startswith("cuda") else "XGBoost finds no GPU of NVIDIA's: make one visible"


def limited_threads(rows: int) -> AbstractContextManager[Any]:
    """The same for an estimator that takes its number of threads from OpenMP alone: they are so many inside the block."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    return cast("AbstractContextManager[Any]", threadpool_limits(threads(rows), user_api="openmp"))


def threads(rows: int) -> int:
    """How many threads teach a model of so many rows: one where they are few, for threads that wait for each other cost more."""
    return 1 if rows < _FEW_ROWS else 2
