"""How much of each driver metric is the driver: odd races of a season against even ones.

`python scripts/metric_reliability.py SERIES [FIRST LAST] [--db URL]` prints a row a metric: how many drivers' seasons
have it in both halves, the correlation of the halves, what the whole season would reach (Spearman and Brown), and how
wide the halves differ in standard errors (1 where the standard error tells all of the noise).
"""

import argparse
from collections.abc import Iterator

import numpy as np
import pandas as pd

from racelab.analysis.metrics import NAMES, STANDARD_ERROR, driver_metrics
from racelab.domain.sessions import RACES, SessionKey
from racelab.load import classed_laps
from racelab.store.open import open_store
from racelab.store.protocol import Store

_LEAST_RACES = 2  # of a half, with the metric told
_LEAST_CLASS = 3  # drivers of a class in a race that make a mean to compare with
_OWN = ["season", "driver", "metric"]


def races(store: Store, series: str, first: int, last: int) -> Iterator[pd.DataFrame]:
    """The metrics of each race with the drivers' names, and the half of the season that it is in."""
    held = store.sessions()
    held = held[(held["series"] == series) & held["session"].isin(RACES) & (held["laps"] > 0)]
    held = held[held["season"].between(first, last)].sort_values("id")
    held = held.assign(half=held.groupby("season").cumcount() % 2)
    for row in held.itertuples():
        key = SessionKey.of_id(int(row.id))
        laps = classed_laps(store, key)
        found = driver_metrics(laps, store.read("weather", key))
        if found.empty:
            continue
        classes = laps[["car_number", "car_class"]].drop_duplicates()
        names = store.read("drivers", key)[["car_number", "seat", "name"]].rename(columns={"name": "driver"})
        named = found.merge(names, on=["car_number", "seat"], how="left").merge(classes, on="car_number")
        named["driver"] = named["driver"].fillna("#" + named["car_number"])
        yield named.assign(season=row.season, half=row.half)


def halves(rows: pd.DataFrame) -> pd.DataFrame:
    """Each driver's season in two halves: the mean over races weighted by laps, and its standard error.

    A race's value is taken about its class's mean in that race: circuits and classes differ, and that is not the driver.
    """
    errors = rows[rows["metric"].str.endswith(STANDARD_ERROR)]
    errors = errors.assign(metric=errors["metric"].str.removesuffix(STANDARD_ERROR)).rename(columns={"value": "error"})
    keys = ["session_id", "car_number", "seat", "metric"]
    told = rows[rows["metric"].isin(NAMES)].merge(errors[[*keys, "error"]], on=keys)
    told["n"] = told["n"].astype(float)
    usual = told.groupby(["session_id", "car_class", "metric"], dropna=False)["value"]
    told = told.assign(value=told["value"] - usual.transform("mean"))[usual.transform("size") >= _LEAST_CLASS]
    told = told.assign(part=told["value"] * told["n"], square=(told["error"] * told["n"]) ** 2)
    half = told.groupby([*_OWN, "half"]).agg(part=("part", "sum"), n=("n", "sum"), square=("square", "sum"), races=("n", "size"))  # fmt: skip
    half = half[half["races"] >= _LEAST_RACES]
    half = half.assign(value=half["part"] / half["n"], error=np.sqrt(half["square"]) / half["n"])
    return half[["value", "error"]].unstack("half").dropna()


def reliability(wide: pd.DataFrame) -> pd.DataFrame:
    """The table that is printed: by metric, over drivers' seasons."""
    found = []
    for metric, own in wide.groupby("metric"):
        value = own["value"]
        r = float(np.corrcoef(value[0], value[1])[0, 1]) if len(own) > 3 else float("nan")
        ratio = (value[0] - value[1]) / np.sqrt(own["error", 0] ** 2 + own["error", 1] ** 2)
        spread = float(value.to_numpy().std())
        found.append((metric, len(own), r, 2 * r / (1 + r), float(ratio.std()), spread))
    frame = pd.DataFrame(found, columns=["metric", "drivers", "halves", "season", "errors", "spread"])
    return frame.set_index("metric").reindex([name for name in NAMES if name in set(frame["metric"])])


def main() -> None:
    """Read the store and print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("series")
    asked.add_argument("seasons", nargs="*", type=int, default=[1900, 2999])
    asked.add_argument("--db")
    given = asked.parse_args()
    with open_store(given.db) as store:
        rows = pd.concat(races(store, given.series, given.seasons[0], given.seasons[-1]), ignore_index=True)
    print(
        f"{given.series}: {rows['session_id'].nunique()} races, {rows.groupby(['season', 'driver']).ngroups} drivers' seasons"
    )
    print(reliability(halves(rows)).round(4).to_string())


if __name__ == "__main__":
    main()
