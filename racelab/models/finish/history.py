"""Formula 1's starters since 2004, from the stored history and lap tables: the rows that everything else reads."""

from typing import cast

import numpy as np
import pandas as pd

from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import NotFound
from racelab.models.finish.paces import gap_to_best, lap_pace, race_pace, within_race
from racelab.models.finish.practice import with_practice
from racelab.store.protocol import Store

FIRST_SEASON = 2004  # earlier lists have no fastest laps, and other points, tyres and qualifyings
PROVIDER = "ergast"
_DID_NOT_START = ("DNS", "DNQ", "DNPQ", "WD", "EX")
_CLASSIFIED = 0.9  # of the winner's laps: who did fewer is not classified (FIA), also where a list gives it a place
_LAST = 99  # a car without a grid place starts from the pit lane, behind all others
# The team that raced on under another name: what its cars were is what the next ones come from.
_LINEAGE = {
    "racing_point": "aston_martin", "force_india": "aston_martin", "spyker": "aston_martin", "spyker_mf1": "aston_martin",
    "mf1": "aston_martin", "jordan": "aston_martin", "renault": "alpine", "lotus_f1": "alpine", "toro_rosso": "rb",
    "alphatauri": "rb", "minardi": "rb", "alfa": "sauber", "bmw_sauber": "sauber", "bar": "mercedes",
    "honda": "mercedes", "brawn": "mercedes", "lotus_racing": "caterham", "virgin": "manor", "marussia": "manor",
}  # fmt: skip
_QUALIFYING = ["q1_ms", "q2_ms", "q3_ms"]


def starters(store: Store, coming: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row for each car that started a grand prix since 2004, races in their order.

    Args:
        store: with the history (`racelab ingest ergast`); stored laps of races add their pace.
        coming: rows of a race that has not been run, in the columns of ``history_results``, code R and Q.

    Returns:
        ``race`` (season times 100 plus round), ``season``, ``round``, ``circuit``, ``driver``, ``constructor``,
        ``team`` (constructor under its present name), ``car_number``, ``cars``, ``place`` (by the provider's order,
        which puts the retired behind in the order of their laps), ``out`` (1: not classified, or fewer than nine tenths of the winner's laps), ``grid`` (1 is first;
        who starts from the pit lane is last, by qualifying), ``pit_lane``, ``qualifying``, ``qualifying_gap`` and
        ``best_gap`` (% over the field's median), ``sprint``, the paces of `paces` and of `practice`. Cars that did not start
        are left out. What the race brought is missing where it is still to come.

    Raises:
        NotFound: the store has no history of Formula 1.
    """
    lists = _lists(store, coming)
    rows = _classified(lists[lists["code"] == "R"])
    rows = _with_qualifying(rows, lists[lists["code"] == "Q"])
    rows = _with_list(rows, lists[lists["code"] == "S"], "sprint")
    rows = _with_grid(rows)
    rows = rows.merge(_circuits(store), on=["season", "round"], how="left")
    rows = _with_paces(store, rows, lists[lists["code"] == "FL"])
    return with_practice(store, rows).reset_index(drop=True)


def _lists(store: Store, coming: pd.DataFrame | None) -> pd.DataFrame:
    kept = store.read("history_results", provider=PROVIDER, code=["R", "Q", "S", "FL"])
    kept = kept[kept["season"] >= FIRST_SEASON]
    if kept.empty:
        raise NotFound("no history of Formula 1 in the store to learn from: fill it with `racelab ingest ergast ZIP`")
    if coming is not None:
        races = set((coming["season"] * 100 + coming["round"]).astype("int64"))
        same = (kept["season"] * 100 + kept["round"]).isin(races)
        kept = pd.concat([kept[~same].astype(object), coming.astype(object)], ignore_index=True)
    numbers = [*_QUALIFYING, "grid_position", "position", "laps", "total_time_ms", "gap_ms", "points", "best_lap_ms"]
    kept = kept.assign(**{name: pd.to_numeric(kept[name]).astype("float64") for name in numbers})
    kept = kept.assign(**{name: kept[name].astype("int64") for name in ("season", "round", "sequence")})
    return kept.assign(race=kept["season"] * 100 + kept["round"])


def _classified(results: pd.DataFrame) -> pd.DataFrame:
    rows = results[~results["position_text"].isin(_DID_NOT_START)].sort_values(["race", "sequence"])
    rows = rows.rename(columns={"driver_ref": "driver", "constructor_ref": "constructor"})
    rows = rows.drop_duplicates(["race", "driver"])
    run = rows["position_text"].notna()
    most = rows["laps"].groupby(rows["race"]).transform("max")
    return rows.assign(
        team=rows["constructor"].replace(_LINEAGE),
        cars=rows.groupby("race")["driver"].transform("size"),
        place=rows.groupby("race")["sequence"].rank().where(run),
        out=(rows["position"].isna() | rows["laps"].lt(_CLASSIFIED * most)).astype("float64").where(run),
    )[["race", "season", "round", "driver", "constructor", "team", "car_number", "cars", "place", "out",
       "grid_position", "laps", "total_time_ms", "points"]]  # fmt: skip


def _with_qualifying(rows: pd.DataFrame, lists: pd.DataFrame) -> pd.DataFrame:
    lists = lists.drop_duplicates(["race", "driver_ref"])
    gaps = pd.DataFrame({part: gap_to_best(lists, part) for part in _QUALIFYING})
    found = pd.DataFrame(
        {"race": lists["race"], "driver": lists["driver_ref"], "qualifying": lists["sequence"].astype("float64"),
         "qualifying_gap": gaps.mean(axis=1), "best_gap": gaps.min(axis=1)}
    )  # fmt: skip
    rows = rows.merge(found, on=["race", "driver"], how="left")
    return rows.assign(**{name: within_race(rows, name, 6.0) for name in ("qualifying_gap", "best_gap")})


def _with_list(rows: pd.DataFrame, lists: pd.DataFrame, name: str) -> pd.DataFrame:
    found = lists[["race", "driver_ref", "sequence"]].drop_duplicates(["race", "driver_ref"])
    return rows.merge(found.set_axis(["race", "driver", name], axis=1), on=["race", "driver"], how="left")


def _with_grid(rows: pd.DataFrame) -> pd.DataFrame:
    """Places on the grid without gaps; without a place by qualifying, and without that by number: never by the result."""
    known = rows["grid_position"].where(rows["grid_position"] > 0)
    number = pd.to_numeric(rows["car_number"], errors="coerce").fillna(_LAST)
    order = known.fillna(_LAST) * 1e6 + rows["qualifying"].fillna(_LAST) * 1e3 + number
    unknown = known.isna().groupby(rows["race"]).transform("all")  # no grid at all: nobody starts from the pit lane
    grid = order.groupby(rows["race"]).rank(method="first")
    return rows.assign(grid=grid, pit_lane=(known.isna() & ~unknown).astype("float64"))


def _circuits(store: Store) -> pd.DataFrame:
    events = store.read("history_events", provider=PROVIDER)[["season", "round", "circuit_ref"]]
    return events.rename(columns={"circuit_ref": "circuit"}).astype({"season": "int64", "round": "int64"})


def _with_paces(store: Store, rows: pd.DataFrame, fastest: pd.DataFrame) -> pd.DataFrame:
    fastest = fastest.drop_duplicates(["race", "driver_ref"])
    over = pd.Series(gap_to_best(fastest, "best_lap_ms"), index=fastest.index)
    found = pd.DataFrame({"race": fastest["race"], "driver": fastest["driver_ref"], "fastest": over})
    rows = rows.merge(found, on=["race", "driver"], how="left")
    rows = rows.assign(fastest=within_race(rows, "fastest", 8.0))
    laps = _lap_paces(store, rows)
    rows = rows.merge(laps, on=["race", "driver"], how="left") if len(laps) else rows.assign(lap_pace=np.nan)
    return race_pace(rows)


def _lap_paces(store: Store, rows: pd.DataFrame) -> pd.DataFrame:

    held = store.sessions()
    held = held[(held["series"] == Series.F1.value) & (held["session"] == "R") & (held["laps"] > 0)]
    codes = store.read("identities", kind="driver", provider=PROVIDER)
    code_of = dict(zip(codes["provider_id"], codes["code"], strict=True))
    found = []
    for session_id in held["id"].tolist():
        key = SessionKey.of_id(int(session_id))
        field = rows[rows["race"] == key.season * 100 + key.round]
        if field.empty:
            continue
        seats = store.read("drivers", key)[["car_number", "code"]]
        names = {code_of.get(name): name for name in field["driver"]}
        by_number = dict(zip(field["car_number"], field["driver"], strict=True))
        driver = {car: names.get(code, by_number.get(car)) for car, code in zip(seats["car_number"], seats["code"], strict=True)}  # fmt: skip
        pace = lap_pace(store.read("laps", key))
        found.append(pace.assign(race=field["race"].iloc[0], driver=pace["car_number"].map(driver)))
    columns = ["race", "driver", "lap_pace"]
    frame = pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)
    return cast("pd.DataFrame", frame.dropna().drop_duplicates(["race", "driver"]))
