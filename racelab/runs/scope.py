"""What a run is about: its session, the version of its data, and the folder that it writes to."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import racelab
from racelab.runs.notebooks import Notebook
from racelab.store.protocol import Store


@dataclass(frozen=True, slots=True)
class Scope:
    """A run's session (if its notebook is about one), data version and folder under `reports/`."""

    session: str | None
    data_version: str
    folder: PurePosixPath


def find_scope(store: Store, notebook: Notebook, values: dict[str, Any]) -> Scope:
    """The scope of a run with these parameters.

    A notebook with a parameter ``session`` writes to series/season/round/session, one with series and
    season to these, one with target and series to models/target_series, any other to its own folder's name.

    Raises:
        NotFound: the store has no such session.
    """
    if values.get("session") is not None:
        key = store.find(values["session"])
        return Scope(str(key), store.digest(key) or "", PurePosixPath(str(key)))
    version = _digest(f"{row.session_id} {row.digest}" for row in store.read("ingest_runs").itertuples())
    if {"series", "season"} <= values.keys():
        parts = [str(values[name]) for name in ("series", "season", "round") if values.get(name) is not None]
        return Scope(None, version, PurePosixPath(*parts))
    if {"target", "series"} <= values.keys():
        return Scope(None, version, PurePosixPath("models", f"{values['target']}_{values['series']}"))
    return Scope(None, version, PurePosixPath(notebook.name).parent)


def code_version(notebook: Notebook) -> str:
    """The package's version, and a digest of its source and of the notebook."""
    digest = _digest([_package_digest(), notebook.path.read_text(encoding="utf-8")])
    return f"{racelab.__version__}+{digest[:12]}"


@lru_cache(maxsize=1)
def _package_digest() -> str:
    root = Path(racelab.__file__).parent
    kinds = ("*.py", "*.j2", "*.css", "*.js", "*.json")
    paths = sorted(path for kind in kinds for path in root.rglob(kind))
    return _digest(f"{path.relative_to(root).as_posix()}\n{path.read_text(encoding='utf-8')}" for path in paths)


def _digest(parts: Any) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(part.encode() + b"\0")
    return total.hexdigest()
