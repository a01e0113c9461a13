"""Two cars of a class at a moment: the one ahead, the one behind, and what bears on whether they change places."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from racelab.models.inrace.features import CAR_FEATURES, RACE_FEATURES

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

MOMENT = ["session_id", "at_ms", "car_class"]
# Values of both cars that stand beside their difference.
_BOTH = (
    "place",
    "gap_losses",
    "projected",
    "pace_recent",
    "stopped",
    "idle_laps",
    "owed",
    "form_place",
    "pace_all",
    "stops",
)
# More of it in the car behind never makes a change of places likelier (-1) or less likely (1).
_DIRECTION = {
    **dict.fromkeys(("place", "gap_losses", "gap_laps", "projected", "projected_bare", "owed", "stopped", "idle_laps"), -1),
    **dict.fromkeys(("pace_recent", "pace_all", "pace_best", "pace_stint", "ace_pace", "form_place", "form_pace", "spread"), -1),
    "stops": 1,
}  # fmt: skip
PAIR_FEATURES = (
    *(f"{name}_difference" for name in CAR_FEATURES),
    *(f"{name}_ahead" for name in _BOTH),
    *(f"{name}_behind" for name in _BOTH),
    *RACE_FEATURES,
)
MONOTONE = tuple(_DIRECTION.get(name, 0) for name in CAR_FEATURES) + (0,) * (2 * len(_BOTH) + len(RACE_FEATURES))
_PACE_LIMIT = 0.04


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of rows: positions of the car ahead and the one behind in the frame, and their features.

    ``x`` has the `PAIR_FEATURES` (trees take them; NaN is unknown), ``linear`` the same matters in the form of a linear
    model, without nulls.
    """

    ahead: Places
    behind: Places
    x: Floats
    linear: Floats


def pairs(rows: pd.DataFrame) -> Pairs:
    """All pairs within each class and moment, the car ahead by ``place`` first.

    Args:
        rows: of `features.features`, of one moment or many.
    """
    ahead, behind = _indices(rows)
    cars = rows[list(CAR_FEATURES)].to_numpy(dtype="float64")
    race = rows[list(RACE_FEATURES)].to_numpy(dtype="float64")
    both = [CAR_FEATURES.index(name) for name in _BOTH]
    difference = cars[behind] - cars[ahead]
    x = np.hstack([difference, cars[ahead][:, both], cars[behind][:, both], race[ahead]])
    return Pairs(ahead, behind, x, _linear(rows, ahead, behind, difference))


def swapped(rows: pd.DataFrame, found: Pairs) -> Places:
    """Whether the car behind ended ahead: 1 or 0 a pair, from the column ``final``."""
    final = rows["final"].to_numpy()
    return np.asarray(final[found.behind] < final[found.ahead], dtype="int64")


def expected_places(cars: int, found: Pairs, chance: Floats) -> Floats:
    """Each car's expected place: 1 and the chances of all others of its class to end ahead of it."""
    places = np.ones(cars)
    np.add.at(places, found.ahead, chance)
    np.add.at(places, found.behind, 1 - chance)
    return places


def _indices(rows: pd.DataFrame) -> tuple[Places, Places]:
    place = rows["place"].to_numpy()
    ahead, behind = [np.empty(0, dtype="int64")], [np.empty(0, dtype="int64")]
    for group in rows.groupby(MOMENT, sort=False).indices.values():
        ordered = group[np.argsort(place[group], kind="stable")]
        first, second = np.triu_indices(len(ordered), 1)
        ahead.append(ordered[first])
        behind.append(ordered[second])
    return np.concatenate(ahead), np.concatenate(behind)


def _linear(rows: pd.DataFrame, ahead: Places, behind: Places, difference: Floats) -> Floats:
    """Differences tamed by logarithms and limits, each also times what is left and times a caution."""
    d = {name: np.nan_to_num(difference[:, k]) for k, name in enumerate(CAR_FEATURES)}
    field = {name: np.nan_to_num(rows[name].to_numpy(dtype="float64")) for name in ("left", "laps_left", "class_cars", "neutral", "stopped", "in_pit")}  # fmt: skip
    left, size = field["left"][ahead], field["class_cars"][ahead]
    pace = {name: np.clip(d[name], -_PACE_LIMIT, _PACE_LIMIT) for name in ("pace_recent", "pace_all", "pace_best")}
    reach = field["laps_left"][ahead] / np.sqrt(np.maximum(1.0, np.abs(d["gap_laps"])))
    main = [
        d["place"] / size, _log(d["place"]), _log(d["gap_losses"]), np.tanh(d["gap_losses"]), _log(d["projected"]),
        _log(d["projected_bare"]), np.tanh(d["projected"]), *pace.values(), pace["pace_all"] * reach, d["form_place"],
        d["form_pace"], d["form_retired"], np.clip(d["stops"], -3, 3), np.clip(d["owed"], -3, 3),
        np.clip(d["stint_share"], -2, 2), d["place_gain"] / size, d["place_first"] / size,
    ]  # fmt: skip
    shared = np.stack(main, axis=1)
    stopped, neutral = field["stopped"], field["neutral"][ahead]
    alone = [
        stopped[ahead], stopped[behind], stopped[ahead] * left, stopped[behind] * left, left, neutral,
        _log(d["idle_laps"]), field["in_pit"][ahead], field["in_pit"][behind],
    ]  # fmt: skip
    return np.hstack([shared, shared * left[:, None], shared * neutral[:, None], np.stack(alone, axis=1)])


def _log(values: Floats) -> Floats:
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)), dtype="float64")
