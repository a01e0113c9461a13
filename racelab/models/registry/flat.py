"""Models as one flat file each; those who still use it move to `racelab.models.registry`."""

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from racelab.errors import BadInput, NotFound

_PACKAGES = ("racelab", "numpy", "pandas", "scikit-learn", "skops", "xgboost", "xgboost-cpu")
# Beyond what skops trusts by itself: the nodes of scikit-learn's trees and the kinds of numbers, data without code.
_TRUSTED = ("sklearn.tree._tree.Tree", "numpy.dtype")


def save(folder: Path, name: str, model: Any, meta: dict[str, Any]) -> Path:
    """Write a model as ``<name>.xgboost.json`` or ``<name>.skops`` and its meaning as ``<name>.json``.

    Returns:
        The path of the JSON file that describes it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if type(model).__module__.startswith("xgboost"):
        file = f"{name}.xgboost.json"
        model.save_model(folder / file)
    else:
        from skops.io import dump

        file = f"{name}.skops"
        dump(model, folder / file)
    described = {**meta, "name": name, "file": file, "versions": _versions()}
    path = folder / f"{name}.json"
    path.write_text(json.dumps(described, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return path


def load(folder: Path, name: str) -> tuple[Any, dict[str, Any]]:
    """A saved model and what describes it.

    Raises:
        NotFound: there is no such model.
        BadInput: its file holds types that racelab does not write.
    """
    path = folder / f"{name}.json"
    if not path.is_file():
        raise NotFound(f"no model {name} in {folder}: run `racelab train {name.split('_', maxsplit=1)[0]}`")
    meta = json.loads(path.read_text(encoding="utf-8"))
    file = folder / Path(str(meta["file"])).name
    if file.suffix == ".skops":
        return _load_skops(file), meta
    from xgboost import XGBRegressor

    model = XGBRegressor()
    model.load_model(file)
    return model, meta


def _load_skops(file: Path) -> Any:
    from skops.io import get_untrusted_types, load

    unknown = set(get_untrusted_types(file=file)) - set(_TRUSTED)
    if unknown:
        raise BadInput(
            f"{file} holds {', '.join(sorted(unknown))}, which racelab does not write: train the model again"
        )
    return load(file, trusted=list(_TRUSTED))


def _versions() -> dict[str, str]:
    """Versions of what can read the file; xgboost's wheel goes by either of two names."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
