"""The tables of a race report, as frames whose keys the column vocabulary knows."""

import pandas as pd

from racelab.domain.flags import Flag
from racelab.domain.time import format_clock, format_duration, format_gap
from racelab.views.race import Race, fastest, whole


def result_table(race: Race, first: int | None = None) -> pd.DataFrame:
    """Place, car, class, crew, laps, gap, best lap and stops of each car, or of the first few."""
    rows = race.classification.head(first) if first else race.classification
    stops = race.stops.groupby("car_number").size()
    keys = ["position", "car_number", "car_class", "class_position", "driver", "team"]
    frame = rows[keys].assign(gap=gap_words(rows), laps=rows["laps"])
    frame["best_lap_ms"] = rows["best_lap_ms"]
    if len(race.stops):
        frame["stops"] = rows["car_number"].map(stops).fillna(0).astype("Int64")
    if rows["status"].nunique() > 1:
        frame["status"] = rows["status"]
    if rows["car_class"].nunique() < 2:
        frame = frame.drop(columns=["car_class", "class_position"])
    return told(frame)


def class_winners(race: Race) -> pd.DataFrame:
    """The first car of each class."""
    rows = race.classification.dropna(subset=["car_class"]).groupby("car_class", sort=False).head(1)
    return told(rows[["car_class", "position", "car_number", "driver", "team", "laps"]])


def fastest_table(race: Race) -> pd.DataFrame:
    """The fastest lap of each class; of the first five cars where there is one class."""
    if race.laps["car_class"].nunique() > 1:
        best = fastest(race, "car_class")
        return told(best[["car_class", "car_number", "driver", "lap_number", "lap_time_ms", "quality"]])
    best = fastest(race, "car_number").head(5)
    return told(best[["car_number", "driver", "lap_number", "lap_time_ms", "quality"]])


def told(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame without columns of names that the source does not tell at all."""
    return frame.drop(columns=[key for key in ("driver", "team") if key in frame and frame[key].isna().all()])


def stops_table(race: Race) -> pd.DataFrame:
    """One row a car that stopped: stops, time in the pit lane in all, shortest, median, longest, driver changes."""
    grouped = race.stops.groupby("car_number")
    frame = grouped["duration_ms"].agg(["size", "sum", "min", "median", "max"])
    frame.columns = pd.Index(["stops", "total_ms", "shortest_ms", "median_ms", "longest_ms"])
    changes = race.stops[race.stops["stop_type"] == "Driver change"].groupby("car_number").size()
    if len(changes):
        frame["changes"] = changes.reindex(frame.index).fillna(0).astype("Int64")
    order = [car for car in race.front if car in frame.index]
    frame = frame.loc[order].reset_index()
    frame["median_ms"] = frame["median_ms"].round().astype("Int64")
    return frame


STOP_HEADINGS = {
    "stops": "Stops", "total_ms": "In the pit lane", "shortest_ms": "Shortest", "median_ms": "Median",
    "longest_ms": "Longest", "changes": "Driver changes", "gap": "Gap", "when": "Race time", "until": "Until",
    "length": "Length", "flag": "Flag",
}  # fmt: skip


def flags_table(race: Race) -> pd.DataFrame:
    """Each neutralisation: flag, race time from and to, how long."""
    rows = [
        (flag.label, format_clock(start), format_clock(end), format_duration(end - start)[:-4])
        for flag, start, end in race.neutral
    ]
    return pd.DataFrame(rows, columns=["flag", "when", "until", "length"])


def repairs_table(race: Race) -> pd.DataFrame:
    """How often each rule changed what, and why."""
    grouped = race.repairs.groupby(["rule", "table_name", "column_name", "reason"], dropna=False)
    return grouped.size().rename("n").reset_index().sort_values("n", ascending=False)


def gap_words(rows: pd.DataFrame) -> list[str]:
    """Each car's gap to the winner; the winner's is his time."""
    words = [format_gap(whole(gap), whole(laps)) for gap, laps in zip(rows["gap_ms"], rows["gap_laps"], strict=True)]
    if len(rows) and whole(rows["position"].iloc[0]) == 1:
        words[0] = format_duration(whole(rows["total_time_ms"].iloc[0]))
    return words


def neutral_share(race: Race) -> tuple[int, int]:
    """How many neutralisations there were, and their length in all, ms."""
    return len(race.neutral), sum(end - start for _, start, end in race.neutral)


def flag_names(race: Race) -> list[str]:
    """The kinds of neutralisation that there were, in words."""
    return list(dict.fromkeys(Flag(flag).label for flag, _, _ in race.neutral))
