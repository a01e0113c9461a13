"""The parts of a model as files: XGBoost's own JSON, skops with a list of trusted types, or plain JSON; never a pickle."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from racelab.errors import BadInput

# Beyond what skops trusts by itself: the nodes of scikit-learn's trees and the kinds of numbers, data without code.
TRUSTED = (
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)
_XGBOOST = ("Booster", "XGBClassifier", "XGBRanker", "XGBRegressor")
_PLAIN = (dict, list, tuple, str, int, float, bool, type(None), np.ndarray, np.generic)


def write_part(folder: Path, name: str, value: Any) -> dict[str, str]:
    """Write one part; returns its file, kind and SHA-256 for the card.

    Raises:
        BadInput: plain data that JSON does not hold, such as a NaN.
    """
    kind = _kind(value)
    file = folder / f"{name}.{'json' if kind == 'plain' else 'skops' if kind == 'skops' else 'xgboost.json'}"
    if kind == "plain":
        file.write_text(_json(name, value), encoding="utf-8")
    elif kind == "skops":
        from skops.io import dump

        dump(value, file)
    else:
        value.save_model(file)
    return {"file": file.name, "kind": kind, "sha256": _digest(file)}


def read_part(folder: Path, entry: dict[str, Any]) -> Any:
    """The part that a card names.

    Raises:
        BadInput: its file is missing, damaged, or holds what racelab does not write.
    """
    file = folder / Path(str(entry.get("file"))).name
    try:
        if _digest(file) != entry.get("sha256"):
            raise BadInput(f"{file} is not as it was written: remove its folder and train again")
        return _read(file, str(entry.get("kind")))
    except OSError as error:
        raise BadInput(f"{file} cannot be read ({error.strerror}): remove its folder and train again") from error


def _read(file: Path, kind: str) -> Any:
    if kind == "plain":
        try:
            return json.loads(file.read_bytes())
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{file} is no JSON: remove its folder and train again") from error
    if kind == "skops":
        return _read_skops(file)
    if kind in _XGBOOST:
        return _read_xgboost(file, kind)
    raise BadInput(f"{file} is of the kind {kind!r}, which racelab does not write: train the model again")


def _read_skops(file: Path) -> Any:
    from zipfile import BadZipFile

    from skops.io import get_untrusted_types, load
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        unknown = set(get_untrusted_types(file=file)) - set(TRUSTED)
        if unknown:
            names = ", ".join(sorted(unknown))
            raise BadInput(f"{file} holds {names}, which racelab does not write: train the model again")
        return load(file, trusted=list(TRUSTED))
    except (
        BadZipFile,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        ImportError,
        UntrustedTypesFoundException,
    ) as error:
        raise BadInput(f"{file} is no model that racelab wrote ({type(error).__name__}): train it again") from error


def _read_xgboost(file: Path, kind: str) -> Any:
    import xgboost

    model = getattr(xgboost, kind)()
    try:
        model.load_model(file)
    except (xgboost.core.XGBoostError, ValueError, TypeError, KeyError) as error:
        raise BadInput(f"{file} is no model of XGBoost: train it again") from error
    return model


def _kind(value: Any) -> str:
    if type(value).__module__.startswith("xgboost"):
        name = type(value).__name__
        if name not in _XGBOOST:
            raise BadInput(f"a model of XGBoost's kind {name} cannot be kept: use one of {', '.join(_XGBOOST)}")
        return name
    return "plain" if isinstance(value, _PLAIN) else "skops"


def _json(name: str, value: Any) -> str:
    try:
        return json.dumps(value, default=_as_plain, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise BadInput(f"the part {name} holds what JSON does not ({error}): make it plain numbers and text") from error


def _as_plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(type(value).__name__)


def _digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()
