"""All models that are kept: the newest that passed, a list of them, and which may go."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from racelab.errors import BadInput, NotFound, RacelabError
from racelab.models.registry.card import read_card
from racelab.models.registry.folder import ASIDE, Saved, load

log = logging.getLogger("racelab")
COLUMNS = (
    "target", "series", "model", "trained_utc", "passed", "why", "first", "last", "n", "scored", "score", "path",
)  # fmt: skip


def newest(folder: Path, target: str, series: str, passed: bool = True) -> Saved:
    """The newest model of a target and series that passed its backtest, or the newest at all.

    One that is broken is passed over, with a line in the log.

    Raises:
        NotFound: there is none; where some are kept but none passed, the newest one's reason is told.
    """
    for path in _fitting(folder, target, series, passed):
        try:
            return load(path)
        except (BadInput, NotFound) as error:
            _warn(path, error)
    raise NotFound(_none(folder, target, series))


def newest_path(folder: Path, target: str, series: str, passed: bool = True) -> Path:
    """The folder of the model that `newest` would load, its parts unread: for who keeps loaded models at hand.

    Raises:
        NotFound: as `newest`.
    """
    for path in _fitting(folder, target, series, passed):
        return path
    raise NotFound(_none(folder, target, series))


def _fitting(folder: Path, target: str, series: str, passed: bool) -> Iterator[Path]:
    """Folders of models with a sound card that passed, or of all with one, newest first.

    Where others were removed meanwhile, newer ones have come: it looks for these until no more come.
    """
    seen: set[Path] = set()
    while fresh := [path for path in _newest_first(folder / target / str(series)) if path not in seen]:
        seen.update(fresh)
        for path in fresh:
            try:
                card = read_card(path)
            except (BadInput, NotFound) as error:
                _warn(path, error)
                continue
            if card["passed"] or not passed:
                yield path


def _warn(path: Path, error: RacelabError) -> None:
    """Tell of a broken model; one that was removed a moment ago is none."""
    if path.is_dir():
        log.warning("a model is passed over: %s", error)


def _none(folder: Path, target: str, series: str) -> str:
    """Why there is no model to use: none is kept, or the newest one failed for the reason that its card gives."""
    train = f"`racelab train {target} --series {series}`"
    for path in _newest_first(folder / target / str(series)):
        with suppress(BadInput, NotFound):
            why = read_card(path)["why"]
            return f"no {target} model for {series} passed its backtest (the newest: {why}): add sessions, then {train}"
    return f"no {target} model for {series} in {folder}: run {train}"


def listing(folder: Path) -> pd.DataFrame:
    """All models that are kept, newest first within target and series; a broken one has its fault for ``why``.

    Returns:
        ``target, series, model, trained_utc, passed, why``, the seasons or sessions ``first`` to ``last`` and the rows
        ``n`` that it learned from, how many rows were ``scored``, its first ``score`` in words, ``path``.
    """
    homes = sorted(path for path in folder.glob("*/*") if path.is_dir()) if folder.is_dir() else []
    found = ((path, _row(path)) for home in homes for path in _newest_first(home))
    rows = [row for path, row in found if path.is_dir()]  # another process may have removed one meanwhile
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"n": "Int64", "scored": "Int64"})


def prune(folder: Path, target: str, series: str, keep: int) -> int:
    """Remove all but the newest so many models of a target and series; returns how many went."""
    gone = list(_newest_first(folder / target / str(series)))[keep:]
    for path in gone:
        aside = path.with_name(f"{ASIDE}gone-{path.name}")
        try:
            path.rename(aside)  # at once, so that nobody reads half of one
        except FileNotFoundError:
            continue  # another process was quicker
        shutil.rmtree(aside, ignore_errors=True)
    return len(gone)


def _newest_first(home: Path) -> Iterator[Path]:
    if home.is_dir():
        found = (path for path in home.iterdir() if path.is_dir() and not path.name.startswith("."))
        yield from sorted(found, key=lambda path: path.name, reverse=True)


def _row(path: Path) -> dict[str, Any]:
    try:
        card = read_card(path)
    except RacelabError as error:
        return {"target": path.parent.parent.name, "series": path.parent.name, "passed": False, "why": str(error), "path": str(path)}  # fmt: skip
    data, tested = card["data"], card["backtest"] or {}
    score = tested.get("score") or {}
    first = next(iter(score), None)
    return {
        **{name: card[name] for name in ("target", "series", "model", "trained_utc", "passed", "why")},
        **{name: data.get(name) for name in ("first", "last", "n")},
        "scored": tested.get("n"),
        "score": None if first is None else f"{first} {score[first]}",
        "path": str(path),
    }
