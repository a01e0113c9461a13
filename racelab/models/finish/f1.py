"""What is known of each starter of a grand prix before it begins."""

from dataclasses import replace

import numpy as np
import pandas as pd

from racelab.models.finish.form import Memory, decayed
from racelab.models.finish.model import Recipe

# Form of drivers and of teams: the value, its prior, the weight of the prior.
_FORMS = {
    "ended": (0.6, 1.5), "finish": (0.6, 1.5), "qualifying_gap": (0.3, 1.5), "pace": (0.2, 1.5),
    "fastest": (0.2, 1.5), "gain": (0.0, 4.0), "points": (1.0, 1.5),
}  # fmt: skip
_RACES, _DRIVER_SEASON, _TEAM_SEASON = 12, 0.7, 0.4
_WEEKEND = (
    "grid", "log_grid", "pit_lane", "front_row", "qualifying", "qualifying_gap", "best_gap", "penalty", "no_time",
    "to_mate", "team_grid", "team_gap",
)  # fmt: skip
_FORM = tuple(f"{who}_{what}" for who in ("driver", "team") for what in _FORMS)
_REST = ("driver_to_mate", "driver_finish_to_mate", "experience", "circuit_order_held", "grid_held")
# Forms of retiring, the share of the race's field, of this circuit's, this team's and this driver's cars.
RISK = ("field_out", "circuit_out", "team_out", "driver_out")
FEATURES = (*_WEEKEND, *_FORM, *_REST, *RISK)
# More of it goes with a worse place (1) or a better one (-1); trees may not learn the opposite from few races.
MONOTONE = {
    **dict.fromkeys(("grid", "log_grid", "qualifying", "qualifying_gap", "best_gap", "team_grid", "team_gap"), 1),
    **{name: (-1 if name.endswith(("gain", "points")) else 1) for name in _FORM},
    "driver_finish_to_mate": 1,
}  # fmt: skip

# The trees do best with few features; every other one is a car's rank in its race.
_TREES = (
    "grid", "log_grid", "pit_lane", "qualifying", "qualifying_gap", "team_grid", "team_gap", "experience",
    "circuit_order_held", "grid_held", "driver_finish_to_mate", "driver_to_mate",
    *(f"{who}_{what}" for who in ("driver", "team") for what in ("ended", "finish", "pace", "qualifying_gap", "points")),
)  # fmt: skip
_WHOLE = ("grid", "log_grid", "pit_lane", "experience", "circuit_order_held", "grid_held")
RECIPE = Recipe(FEATURES, _TREES, (*RISK, "grid", "pit_lane"), MONOTONE, _WHOLE, risk_half_life=1.5)
# The best laps of practice, where a provider tells them: they tell the order of the cars, yet not who wins.
PRACTICE = ("practice_1", "practice_2", "practice_3", "practice_best", "practice_mean")
RICHER = replace(RECIPE, features=(*FEATURES, *PRACTICE), trees=(*_TREES, *PRACTICE), winner=FEATURES)


def features(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of `history.starters` with `FEATURES`, none of which knows what the race brought.

    Gaps are % over the field's median, forms decayed means of past races (`form`), places run from 0 (first) to 1.
    """
    return _with_history(_with_forms(_with_weekend(rows))).fillna(dict.fromkeys(PRACTICE, 0.0))


def _with_weekend(rows: pd.DataFrame) -> pd.DataFrame:
    races = rows["race"]
    grid = (rows["grid"] - 0.5) / rows["cars"]
    qualified = ((rows["qualifying"].groupby(races).rank() - 0.5) / rows["cars"]).fillna(grid)
    gaps = {name: _or_worst(rows[name], races) for name in ("qualifying_gap", "best_gap")}
    team = [races, rows["constructor"]]
    return rows.assign(
        grid_place=rows["grid"],
        own_gap=rows["qualifying_gap"],
        own_to_mate=rows["to_mate"],
        no_time=rows["qualifying_gap"].isna().astype("float64"),
        grid=grid,
        log_grid=np.log(rows["grid"]),
        front_row=rows["grid"].le(2).astype("float64"),
        qualifying=qualified,
        **gaps,
        penalty=grid - qualified,
        to_mate=rows["to_mate"].fillna(0.0),
        team_grid=grid.groupby(team).transform("min"),
        team_gap=gaps["qualifying_gap"].groupby(team).transform("min"),
    )


def _with_forms(rows: pd.DataFrame) -> pd.DataFrame:
    source = rows.assign(qualifying_gap=rows["own_gap"])
    found = {}
    for who, season in (("driver", _DRIVER_SEASON), ("team", _TEAM_SEASON)):
        for what, (prior, weight) in _FORMS.items():
            found[f"{who}_{what}"] = decayed(source, who, what, Memory(_RACES, prior, weight, season))
    return rows.assign(**found)


def _with_history(rows: pd.DataFrame) -> pd.DataFrame:
    whole = rows.assign(field="field")
    held = decayed(rows, "circuit", "order_held", Memory(80, 0.72, 60))
    return rows.assign(
        driver_to_mate=decayed(rows, "driver", "own_to_mate", Memory(_RACES, 0, 4)),
        driver_finish_to_mate=decayed(rows, "driver", "finish_to_mate", Memory(_RACES, 0, 4)),
        experience=np.log1p(rows.groupby("driver").cumcount().clip(upper=300)),
        circuit_order_held=held,
        grid_held=(rows["grid"] - 0.5) * held,
        field_out=decayed(whole, "field", "out", Memory(20, 0.15, 40)),
        circuit_out=decayed(rows, "circuit", "out", Memory(4, 0.15, 60)),
        team_out=decayed(rows, "team", "out", Memory(_RACES, 0.15, 12, 0.6)),
        driver_out=decayed(rows, "driver", "out", Memory(30, 0.15, 20, 0.8)),
    )


def _or_worst(gap: pd.Series, races: pd.Series) -> pd.Series:
    """A car without a time counts as the slowest; in a race without any time nobody has a gap."""
    return gap.fillna(gap.groupby(races).transform("max")).fillna(0.0).clip(-2, 3)
