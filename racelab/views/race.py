"""A race as its frames, and the plain facts that follow from them."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import pandas as pd

from racelab.analysis.crossings import crossings
from racelab.analysis.fastest import timed_laps
from racelab.domain.flags import Flag

_KINDS = ("official", "provisional", "road")


@dataclass(frozen=True)
class Race:
    """The frames of one session as `racelab.load_*` gives them; ``session`` is its row of `load_sessions`."""

    session: dict[str, Any]
    laps: pd.DataFrame
    entries: pd.DataFrame
    results: pd.DataFrame
    stops: pd.DataFrame
    flags: pd.DataFrame
    repairs: pd.DataFrame
    provenance: pd.DataFrame

    @cached_property
    def kind(self) -> str:
        """Whose order the classification is: the best that is known, or `laps` where there is none but the laps."""
        held = set(self.results["kind"])
        return next((kind for kind in _KINDS if kind in held), "laps")

    @cached_property
    def classification(self) -> pd.DataFrame:
        """Cars in their order; computed from the laps where the source has no results."""
        if self.kind == "laps":
            return _road_order(self.laps, self.entries)
        held = self.results[self.results["kind"] == self.kind]
        return held.sort_values("position", na_position="last", ignore_index=True)

    @cached_property
    def front(self) -> list[str]:
        """Car numbers in the order of the classification."""
        return [str(car) for car in self.classification["car_number"]]

    @cached_property
    def leaders(self) -> "pd.Series[Any]":
        """The first car to end each lap, by lap number."""
        ended = crossings(self.laps)
        first = ended.loc[ended.groupby("lap_number")["end_ms"].idxmin()] if len(ended) else ended
        return first.set_index("lap_number")["car_number"]

    @cached_property
    def lead_changes(self) -> int:
        """How often another car than on the lap before was first at the line."""
        cars = list(self.leaders)
        return sum(car != before for before, car in pairwise(cars))

    @cached_property
    def end_ms(self) -> int | None:
        """Session time of the last line that anybody crossed."""
        last = self.laps["end_ms"].max()
        return None if pd.isna(last) else int(last)

    @cached_property
    def neutral(self) -> list[tuple[Flag, int, int]]:
        """Periods in which racing was neutralised: flag, from and to in session time, ms."""
        changes = self.flags.sort_values("time_ms")
        starts = [int(time) for time in changes["time_ms"]]
        ends = [*starts[1:], self.end_ms or 0]
        periods = zip(map(Flag, changes["flag"]), starts, ends, strict=False)
        return [(flag, start, end) for flag, start, end in periods if flag.is_neutral and end > start]

    def name(self, car: str) -> str:
        """How a sentence calls a car: `#50 Ferrari AF Corse`, and the driver where he is alone."""
        rows = self.classification[self.classification["car_number"] == car]
        driver, team = (text(rows[key].iloc[0]) if len(rows) else None for key in ("driver", "team"))
        alone = driver and " / " not in driver
        return f"#{car} {driver} ({team})" if alone and team else f"#{car} {(driver if alone else team) or ''}".strip()

    def gap_ms(self, behind: str, ahead: str) -> "pd.Series[Any]":
        """Time from one car's line to another's at the end of the same lap, by lap number; negative where it leads."""
        ends = crossings(self.laps).set_index("lap_number")
        one, other = (ends.loc[ends["car_number"] == car, "end_ms"] for car in (behind, ahead))
        return (one - other).dropna().astype("int64")


def text(value: object) -> str | None:
    """The text, or None for what is missing."""
    return value if isinstance(value, str) and value else None


def whole(value: Any) -> int | None:
    """The integer, or None for what is missing."""
    return None if value is None or pd.isna(value) else int(value)


def fastest(race: Race, by: str | None = None) -> pd.DataFrame:
    """The fastest lap, or that of each class or car (``by``); laps that were deleted and lap 1 do not count."""
    timed = timed_laps(race.laps, is_race=True)
    return timed.head(1) if by is None else timed.groupby(by, sort=False, dropna=False).head(1)


def _road_order(laps: pd.DataFrame, entries: pd.DataFrame) -> pd.DataFrame:
    ended = laps.drop(laps.index[laps["end_ms"].notna()].difference(crossings(laps).index))
    ended = ended.sort_values("lap_number").groupby("car_number").agg(
        laps=("lap_number", "max"), total_time_ms=("end_ms", "last"),
        car_class=("car_class", "last"), team=("team", "last"), driver=("driver", _crew),
    )  # fmt: skip
    order = ended.sort_values(["laps", "total_time_ms"], ascending=[False, True]).reset_index()
    order["best_lap_ms"] = order["car_number"].map(
        timed_laps(laps, is_race=True).groupby("car_number")["lap_time_ms"].min()
    )
    order["position"] = pd.Series(range(1, len(order) + 1), dtype="Int64")
    order["class_position"] = order.groupby("car_class", dropna=False).cumcount() + 1
    same = order["laps"] == order["laps"].max()
    order["gap_ms"] = (order["total_time_ms"] - order["total_time_ms"].iloc[:1].max()).where(same)
    order["gap_laps"] = order["laps"].max() - order["laps"]
    missing = {"status": None, "grid_position": pd.NA, "penalty_ms": pd.NA}
    return order[order["car_number"].isin(entries["car_number"])].assign(**missing)


def _crew(names: "pd.Series[Any]") -> str | None:
    return " / ".join(dict.fromkeys(names.dropna())) or None
