"""The work of the pipeline notebooks, one call each: ingest, train, simulate, export."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from racelab.errors import BadInput
from racelab.exports.files import export_folder, write_race
from racelab.exports.tables import write_tables
from racelab.runs.ingest import Found, ingest
from racelab.settings import get_settings
from racelab.sources.hints import Hints
from racelab.store.open import open_store

SOURCES = ("sample", "f1", "alkamel", "laps", "recording")
MODELS = ("laptime", "anomaly", "finish", "inrace")


def ingest_source(
    source: str, *, paths: Sequence[str] = (), season: int = 0, event: str = "", sessions: Sequence[str] = (),
    telemetry: bool = False, seed: int = 1, force: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """Read sessions into the store; one row a session with what became of it and its rows by table.

    Args:
        source: one of `SOURCES`.
        paths: files or folders, for alkamel, laps and recording.
        season: the year, for f1.
        event: a round, a name or all, for f1.
        sessions: session codes, for f1; none is race and sprint.
        telemetry: car and position samples too, for f1.
        seed: of the sample season.
        force: write sessions again that have not changed.

    Raises:
        BadInput: there is no such source, or nothing to read.
    """
    if source in ("sample", "f1"):
        found: list[Found] = _made(source, season, event, sessions, telemetry, seed)
    else:
        found = [one for path in paths for one in _reader(source).find_sessions(Path(path), Hints())]
    if not found:
        raise BadInput(f"nothing to ingest from {source}: give paths for files, season and event for f1")
    with open_store() as store:
        outcomes = list(ingest(found, store, force=force))
    keys = ["id", "series", "season", "round", "event", "session", "change", "error"]
    counts = [{table: outcome["rows"].get(table) for table in ("laps", "pit_stops", "results")} for outcome in outcomes]
    frame = pd.DataFrame(outcomes)[keys].join(pd.DataFrame(counts).astype("Int64"))
    return frame.drop(columns="error") if frame["error"].isna().all() else frame


def train(model: str) -> pd.DataFrame:
    """Train a kind of model for each series that the store holds and keep it; one row a series with its scores.

    Raises:
        BadInput: there is no such kind of model.
        NotFound: the store has no race with enough laps.
    """
    from racelab.models.targets import package  # imported here: other notebooks need no xgboost

    trained = package(model)
    with open_store() as store:
        cards = trained.train(store, get_settings().data / "models", None)
    return pd.DataFrame([_flat(card) for card in cards])


def simulate(session: str | int, *, races: int, from_lap: int, seed: int) -> pd.DataFrame:
    """Simulate a stored race; one row a car and place with its probability, kept in the store too.

    Raises:
        BadInput: the session is no race, or has too few laps.
    """
    from racelab.strategy.simulate import simulate_session  # imported here: numba takes a second

    cache = get_settings().data / "cache" / "numba"
    with open_store() as store:
        return simulate_session(store, store.find(session), races=races, from_lap=from_lap, seed=seed, cache=cache)


def chances(places: pd.DataFrame) -> pd.DataFrame:
    """One row a car of `simulate`'s frame: chance of the win and the podium in per cent, expected place."""
    from racelab.strategy.simulate import summarise

    frame = summarise(places)
    percent = {key: (frame[key] * 100).round(1) for key in ("win", "podium", "class_win")}
    table = frame[["car_number", "car_class"]].assign(**percent, expected=frame["expected_position"].round(1))
    one_class = table["car_class"].nunique() < 2
    return table.drop(columns=["car_class", "class_win"]) if one_class else table


def export(session: str | int, table_format: str | None = None) -> list[Path]:
    """Write the race JSON of a session and, in a format, its tables; returns the files."""
    with open_store() as store:
        key, folder = store.find(session), export_folder()
        tables = write_tables(store, key, folder, table_format) if table_format else []
        return [write_race(store, key, folder), *tables]


def sizes(paths: Iterable[Path]) -> pd.DataFrame:
    """Files with their size in kB."""
    return pd.DataFrame([(path.name, math.ceil(path.stat().st_size / 1000)) for path in paths], columns=["file", "kB"])


def _made(source: str, season: int, event: str, sessions: Sequence[str], telemetry: bool, seed: int) -> list[Found]:
    if source == "sample":
        from racelab.sources import sample

        return list(sample.generate(seed))
    from racelab.sources import f1

    return list(f1.find_sessions(season, event, sessions, telemetry=telemetry, settings=get_settings()))


def _reader(source: str) -> ModuleType:
    from racelab.sources import alkamel, laptables, timing71

    readers = {"alkamel": alkamel, "laps": laptables, "recording": timing71}
    if source not in readers:
        raise BadInput(f"no source {source!r}: use one of {', '.join(SOURCES)}")
    return readers[source]


def _flat(card: dict[str, Any]) -> dict[str, Any]:
    """A model's series, kind, laps and verdict, its scores (coverage in per cent) and the naive answers' first score."""
    tested = card["backtest"]
    scores = {key: value for key, value in tested["score"].items() if value is not None}
    first = next(iter(scores), None)
    shares = {key: round(100 * value, 1) if key.startswith("coverage") else value for key, value in scores.items()}
    naive = {name: each.get(first) for name, each in tested["baselines"].items()}
    plain = {"series": card["series"], "model": card["model"], "learned": card["data"]["n"], "n": tested["n"]}
    answers = {f"{name}_ms" if first == "mae_ms" else f"{name} {first}": value for name, value in naive.items()}
    return {**plain, **shares, **answers, "passed": "yes" if card["passed"] else "no"}
