"""What is known to have happened in a race, from its own records: each label is a car and a window of laps.

Labels score what the forest found; nothing here ever teaches it, and none looks at whether a judged lap was slow.
"""

import numpy as np
import pandas as pd

from racelab.models.anomaly.stewards import told_by_race_control

# What each kind of label is, and the window of laps in which an anomaly counts as found; `at_lap` is where delay is 0.
KINDS = {
    "spun": "race control: the car spun; the lap under way at the message and the one before",
    "off": "race control: the car went off the track; the lap under way at the message and the one before",
    "stopped": "race control: the car stopped or goes slowly; the lap under way at the message and the two before",
    "contact": "race control: a collision that the car was in; the lap under way at the first message and the two before",
    "incident": "race control: an incident at a turn, such as leaving the track; the same window as a collision",
    "technical": "race control: black and orange flag; the lap under way at the message and the two before",
    "retirement": "the car stopped for good before the winner's last two laps; its last three timed laps",
    "early_stop": "a stop under green after at most a third of the class's median stint; the two laps before the in-lap",
    "long_stop": "a stop 60 s and half longer than the class's median stop; the two laps before the in-lap",
    "repair": "the source's checks: the car stood for most of the lap; the lap itself",
    "spin": "generated: a spin of 4 to 25 s; the lap itself",
    "puncture": "generated: a puncture of 20 to 50 s, which sends the car to the pits; the lap itself",
    "loss of power": "generated: 1.5 to 4 s a lap for five laps; those laps",
}
# Kinds whose windows end in the pits or off the track: one judged lap is enough for them to be scored.
PARTLY = frozenset({"retirement", "early_stop", "long_stop"})
COLUMNS = ["session_id", "car_number", "kind", "first_lap", "last_lap", "at_lap"]
_RETIREMENT_LAPS, _STOP_LAPS = 3, 2
_SHORT_STINT, _FEWEST_STINTS = 1 / 3, 5
_LONG_STOP_MS, _LONG_STOP_RATIO = 60_000, 1.5


def real_labels(
    laps: pd.DataFrame, stops: pd.DataFrame, messages: pd.DataFrame, repairs: pd.DataFrame, series: str
) -> pd.DataFrame:
    """Labels of one real race by the definitions of `KINDS`; windows of the same kind and car that touch are one.

    Args:
        laps: its laps with ``car_class``.
        stops: its ``pit_stops``.
        messages: its ``race_control``, empty where the source has none.
        repairs: its ``repairs``.
        series: whose race control it is.

    Returns:
        ``session_id, car_number, kind, first_lap, last_lap`` and ``at_lap``.
    """
    found = [
        told_by_race_control(messages, laps, series),
        _retirements(laps),
        _early_stops(laps),
        _long_stops(laps, stops),
        _stood(repairs, laps),
    ]
    return merged(pd.DataFrame([row for each in found for row in each], columns=COLUMNS))


def merged(labels: pd.DataFrame) -> pd.DataFrame:
    """Labels of the same session, car and kind whose windows touch as one; ``at_lap`` is the earliest."""
    if labels.empty:
        return pd.DataFrame(columns=COLUMNS)
    labels = labels.astype(dict.fromkeys(("first_lap", "last_lap", "at_lap"), "int64"))
    keys = ["session_id", "car_number", "kind"]
    ordered = labels.sort_values([*keys, "first_lap"])
    reach = ordered.groupby(keys)["last_lap"].cummax().groupby([ordered[key] for key in keys]).shift()
    part = (reach.isna() | (ordered["first_lap"] > reach + 1)).cumsum().rename("part")
    whole = ordered.groupby([*keys, part], sort=False).agg(
        first_lap=("first_lap", "min"), last_lap=("last_lap", "max"), at_lap=("at_lap", "min")
    )
    return whole.reset_index().astype({"first_lap": "int64", "last_lap": "int64", "at_lap": "int64"})[COLUMNS]


def _retirements(laps: pd.DataFrame) -> list[tuple[object, ...]]:
    timed = laps[laps["lap_time_ms"].notna() & laps["end_ms"].notna()]
    if timed.empty:
        return []
    last = timed.sort_values("lap_number").groupby("car_number").tail(1)
    ahead = last.sort_values(["lap_number", "end_ms"], ascending=[False, True]).iloc[0]
    usual = timed.loc[timed["car_number"] == ahead["car_number"], "lap_time_ms"].astype("float64").median()
    out = last[last["end_ms"].astype("float64") < float(ahead["end_ms"]) - 2 * usual]
    return [
        (row.session_id, row.car_number, "retirement", max(int(row.lap_number) - _RETIREMENT_LAPS + 1, 1), int(row.lap_number), int(row.lap_number))
        for row in out.itertuples()
    ]  # fmt: skip


def _early_stops(laps: pd.DataFrame) -> list[tuple[object, ...]]:
    """In-laps under green of stints that were far too short, where the class shows how long a stint is."""
    ordered = laps.sort_values(["car_number", "lap_number"])
    begun = ordered["pit_out"].astype(bool).groupby(ordered["car_number"]).cumsum().rename("stint_number")
    length = ordered.groupby([ordered["car_number"], begun]).cumcount() + 1
    ends = ordered.assign(length=length)[ordered["pit_in"].astype(bool)]
    group = ends["car_class"].astype(object).where(ends["car_class"].notna(), "")
    usual = ends.groupby(group)["length"].transform("median")
    enough = ends.groupby(group)["length"].transform("size") >= _FEWEST_STINTS
    green = ends["flag"].isna() | ends["flag"].eq("green")
    early = ends[(enough & green & (ends["length"] <= usual * _SHORT_STINT)).fillna(False).astype(bool)]
    return _before_stops(early, "early_stop")


def _long_stops(laps: pd.DataFrame, stops: pd.DataFrame) -> list[tuple[object, ...]]:
    if stops.empty:
        return []
    classes = laps.drop_duplicates("car_number").set_index("car_number")["car_class"]
    known = stops[stops["duration_ms"].notna()].assign(group=stops["car_number"].map(classes).astype(object).fillna(""))
    duration = known["duration_ms"].astype("float64")
    usual = duration.groupby(known["group"]).transform("median")
    green = known["flag"].isna() | known["flag"].eq("green")
    long = known[(duration > np.maximum(usual + _LONG_STOP_MS, usual * _LONG_STOP_RATIO)) & green.astype(bool)]
    return _before_stops(long, "long_stop")


def _before_stops(stops: pd.DataFrame, kind: str) -> list[tuple[object, ...]]:
    return [
        (row.session_id, row.car_number, kind, int(row.lap_number) - _STOP_LAPS, int(row.lap_number) - 1, int(row.lap_number))
        for row in stops.itertuples()
        if row.lap_number > _STOP_LAPS + 1
    ]  # fmt: skip


def _stood(repairs: pd.DataFrame, laps: pd.DataFrame) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    cars = set(laps["car_number"])
    for row in repairs[repairs["rule"].eq("long_lap")].itertuples() if len(repairs) else ():
        car, _, lap = str(row.record).partition(" lap ")
        if car in cars and lap.isdecimal():
            found.append((row.session_id, car, "repair", int(lap), int(lap), int(lap)))
    return found
