"""A model's card: what it is, what it learned from, how well it did, and for what it is not meant."""

import json
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from racelab.errors import BadInput, NotFound

CARD = "card.json"
# What every card says; `save` adds trained_utc, versions and parts where they are not given.
NEEDED = ("target", "series", "model", "data", "features", "seeds", "backtest", "passed", "why", "scope", "limits")
_PACKAGES = ("racelab", "numpy", "pandas", "scikit-learn", "skops", "xgboost", "xgboost-cpu")


def complete(card: Mapping[str, Any], target: str, series: str, now: datetime) -> dict[str, Any]:
    """The card with its target, series, time of training (UTC, ISO 8601) and the versions of what wrote it.

    Raises:
        BadInput: the card lacks something that every card says.
    """
    whole = {"target": target, "series": series, "trained_utc": now.isoformat(), "versions": versions(), **card}
    if lacking := [name for name in NEEDED if name not in whole]:
        raise BadInput(f"the card of {target} for {series} does not say {', '.join(lacking)}: add it")
    return whole


def read_card(path: Path) -> dict[str, Any]:
    """The card of a model's folder, checked to be one.

    Raises:
        NotFound: there is none.
        BadInput: it is no card, or only half of one.
    """
    file = path / CARD
    try:
        found = json.loads(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"{file}: there is no such model: `rl.load_models()` lists those that are kept") from error
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(f"{file} cannot be read ({type(error).__name__}): remove its folder and train again") from error
    if not _is_card(found):
        raise BadInput(f"{file} is no card that racelab wrote: remove its folder and train again")
    return dict(found)


def _is_card(found: Any) -> bool:
    if not isinstance(found, dict) or any(name not in found for name in (*NEEDED, "parts", "trained_utc", "versions")):
        return False
    is_filed = isinstance(found["parts"], dict) and all(isinstance(each, dict) for each in found["parts"].values())
    return is_filed and isinstance(found["passed"], bool) and isinstance(found["data"], dict)


def versions() -> dict[str, str]:
    """Versions of what can read the parts; xgboost's wheel goes by either of two names."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
