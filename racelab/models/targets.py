"""What can be predicted: one package for each target, which backtests and trains it."""

from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from racelab.domain.series import Series
from racelab.errors import BadInput
from racelab.models.backtests import Backtest
from racelab.store.protocol import Store

TARGETS = ("laptime", "anomaly", "finish", "inrace")


class TargetPackage(Protocol):
    """What the package of a target offers."""

    def backtest(self, store: Store, series: Series | None, first: int | None, last: int | None) -> Backtest:
        """Score its model walk-forward on the seasons from first to last; None is all that the store holds."""

    def train(self, store: Store, folder: Path, series: Series | None) -> list[dict[str, Any]]:
        """Train and keep a model for each series; the cards of those that were kept, each with its ``path``."""


def package(target: str) -> TargetPackage:
    """The package of a target; it is imported now, for whoever only follows a race needs no scikit-learn.

    Raises:
        BadInput: nothing of that name is predicted.
    """
    if target not in TARGETS:
        raise BadInput(f"nothing named {target!r} is predicted: use one of {', '.join(TARGETS)}")
    return cast("TargetPackage", import_module(f"racelab.models.{target}"))
