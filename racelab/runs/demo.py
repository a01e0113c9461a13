"""The demonstration: a generated season through the whole house; what is there already is left alone."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd

from racelab.domain.sessions import RACES, SessionKey
from racelab.errors import NotFound
from racelab.exports.files import export_folder, safe_name, write_race
from racelab.exports.race import event_name
from racelab.runs.notebooks import find_notebook
from racelab.runs.pipeline import MODELS, ingest_source, simulate, train
from racelab.runs.run import run_notebook
from racelab.settings import get_settings
from racelab.store.open import open_store

SEASON = 2099
RACES_SIMULATED = 1000


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it does, and the doing, which says in a few words what came of it."""

    label: str
    run: Callable[[], str]


def first_step(seed: int) -> tuple[bool, pd.DataFrame]:
    """Generate and ingest the season; whether anything changed, and the outcome of each session."""
    outcomes = ingest_source("sample", seed=seed)
    return bool(outcomes["change"].ne("unchanged").any()), outcomes


def later_steps(changed: bool) -> list[Step]:
    """Training, simulating, exporting and reporting; what stands is repeated only where the season changed."""
    with open_store() as store:
        held = store.sessions()
    season = held[held["season"].eq(SEASON) & held["session"].isin(RACES)]
    keys = [SessionKey.of_id(int(session)) for session in season["id"]]
    return [
        *(Step(f"Train {model}", partial(_train, model, changed)) for model in MODELS),
        *(Step(f"Simulate {key}", partial(_simulate, key, changed)) for key in keys),
        *(Step(f"Export {key}", partial(_export, key, changed)) for key in keys),
        *(Step(f"Report {key}", partial(_report, key)) for key in {key.series: key for key in reversed(keys)}.values()),
    ]


def _train(model: str, changed: bool) -> str:
    if not changed and any((get_settings().data / "models").glob(f"{model}/*/*/card.json")):
        return "is trained already"
    try:
        return f"trained for {len(train(model))} series"
    except NotFound as error:
        return f"is not trained: {error}"  # two races a series teach no order


def _simulate(key: SessionKey, changed: bool) -> str:
    with open_store() as store:
        held = not store.read("simulations", key).empty
    if held and not changed:
        return "is simulated already"
    places = simulate(str(key), races=RACES_SIMULATED, from_lap=0, seed=1)
    best = places[places["position"].eq(1)].sort_values("probability", ascending=False).iloc[0]
    return f"car {best['car_number']} wins {100 * best['probability']:.0f} % of {RACES_SIMULATED} races"


def _export(key: SessionKey, changed: bool) -> str:
    with open_store() as store:
        name = safe_name(event_name(key, store.read("events", event_id=key.event_id)["name"].iloc[0]))
        earlier = sorted(export_folder().glob(f"{name}_[0-9]*_[0-9]*.json"))
        if earlier and not changed:
            return f"stands in {earlier[-1]}"
        return str(write_race(store, key, export_folder()))


def _report(key: SessionKey) -> str:
    return str(run_notebook(find_notebook("reports/race"), {"session": str(key)}).html)
