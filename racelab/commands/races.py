"""Race models of the stored races, written down: one file a series, its last race."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from racelab.domain.series import Series
from racelab.domain.sessions import RACES, SessionKey
from racelab.errors import NotFound
from racelab.store.protocol import Store


def fit_races(store: Store, folder: Path, series: Series | None) -> list[dict[str, Any]]:
    """Fit the race model of each series' last race and write its figures as ``race_<series>.json``.

    Raises:
        NotFound: the store has no race.
    """
    held = store.sessions()
    held = held[held["session"].isin(RACES) & (held["laps"] > 0)]
    done = []
    for each in [series] if series else list(Series):
        ids = held.loc[held["series"] == each.value, "id"]
        if len(ids):
            done.append(_fit(store, folder, SessionKey.of_id(int(ids.max()))))
    if not done:
        raise NotFound("no race in the store: fill it with `racelab ingest`, for one `racelab ingest sample`")
    return done


def _fit(store: Store, folder: Path, key: SessionKey) -> dict[str, Any]:
    from racelab.strategy.simulate import fit_session

    model = fit_session(store, key)
    values = {name: np.asarray(value).tolist() for name, value in model.arrays._asdict().items()}
    document = {
        "target": "race", "series": key.series.value, "session": str(key), "fitted_from": model.fitted_from,
        "n": len(store.read("laps", key)), "cars": model.numbers, "classes": model.classes,
        "compounds": model.compounds, "figures": values,
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"race_{key.series.value}.json"
    path.write_text(json.dumps(document, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return {**{name: document[name] for name in ("target", "series", "session", "fitted_from", "n")}, "path": str(path)}
