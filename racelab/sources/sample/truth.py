"""The truth behind a seed's races: what models may be checked against and timing systems never tell."""

import json
from pathlib import Path
from typing import Any

from racelab.sources.sample.season import PLANS, Plan
from racelab.sources.sample.session import Cast, SampleSession, cast


def ground_truth(seed: int = 1) -> dict[str, Any]:
    """The truth of all races of a seed, ready for JSON; durations in ms, shares of the lap as such.

    Keys: ``seed`` and ``races``, and of each race ``session``, ``lap_ms``, ``fuel_ms_per_lap``,
    ``wear_ms_per_lap`` by compound (``""`` where compounds are not told), ``pit_loss_ms``, ``cars``
    (true clean lap by seat in ms, grid place, lap of retirement or null), ``neutral`` (flag, start and end
    in ms) and ``mishaps`` (car, lap, kind, loss in ms; laps that the car did not reach are left out).
    """
    return {"seed": seed, "races": [_race(plan, seed) for plan in PLANS if plan.key.is_race]}


def _race(plan: Plan, seed: int) -> dict[str, Any]:
    parts, model, pit = cast(plan, seed), plan.model, plan.model.pit
    wear = {str(tyre.compound): tyre.wear * parts.wear * plan.lap_ms for tyre in model.tyres}
    return {
        "session": str(plan.key),
        "lap_ms": plan.lap_ms,
        "fuel_ms_per_lap": round(model.fuel * plan.lap_ms, 1),
        "wear_ms_per_lap": {name: round(ms, 1) for name, ms in (wear or {"": model.worn * plan.lap_ms}).items()},
        "pit_loss_ms": pit.in_loss_ms + pit.out_loss_ms if pit else None,
        "cars": [_car(plan, parts, place) for place in range(len(parts.grid))],
        "neutral": [{"flag": str(w.flag), "start_ms": w.start_ms, "end_ms": w.end_ms} for w in parts.script.windows],
        "mishaps": _mishaps(plan, parts, seed),
    }


def _car(plan: Plan, parts: Cast, place: int) -> dict[str, Any]:
    racer = parts.grid[place]
    number = racer.entry.car_number
    return {
        "car_number": number,
        "car_class": racer.car_class.name,
        "grid_position": place + 1,
        "pace_ms": [round(plan.lap_ms * racer.car_class.pace * (1 + share), 1) for share in racer.pace],
        "retired_on_lap": parts.script.retirements.get(number),
    }


def _mishaps(plan: Plan, parts: Cast, seed: int) -> list[dict[str, Any]]:
    driven = {(lap.car_number, lap.lap_number) for lap in SampleSession(plan, seed).read().laps}
    return [
        {"car_number": number, "lap_number": lap, "kind": mishap.kind, "loss_ms": mishap.loss_ms}
        for (number, lap), mishap in sorted(parts.script.mishaps.items())
        if (number, lap) in driven
    ]


def write_ground_truth(seed: int, folder: Path) -> Path:
    """Write the truth of a seed as ``ground_truth_<seed>.json`` in a folder, which is made where it lacks."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"ground_truth_{seed}.json"
    path.write_text(json.dumps(ground_truth(seed), indent=2) + "\n", encoding="utf-8")
    return path
