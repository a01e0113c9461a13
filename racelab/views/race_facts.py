"""What decided a race, in sentences that follow from its laps; no sentence is a guess."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from racelab.domain.flags import Flag
from racelab.domain.time import format_clock, format_duration, format_gap
from racelab.views.race import Race, whole

_CONTENDERS = 5
# A loss smaller than this decides nothing.
_WORTH_MS = 3_000


def moments(race: Race) -> list[str]:
    """Up to three sentences: the lead for good, the neutralisation that changed the gap of the first two, the dearest loss."""
    found = (lead_for_good(race), neutral_effect(race), dearest_loss(race))
    return [sentence for sentence in found if sentence]


def lead_for_good(race: Race) -> str | None:
    """When the first car on the road took the lead that it kept."""
    leaders = race.leaders
    if leaders.empty:
        return None
    winner = str(leaders.iloc[-1])
    before = leaders[leaders != winner]
    official = race.front[0] if race.front else winner
    note = f" On the road; {race.name(official)} is classified first." if official != winner else ""
    if before.empty:
        return f"{race.name(winner)} led at the end of every lap.{note}"
    lap, loser = int(before.index[-1]) + 1, str(before.iloc[-1])
    reason = _reason(race, loser, lap)
    return (
        f"Lap {lap}: {race.name(winner)} took the lead for good from #{loser}{reason}; "
        f"it was the {_ordinal(race.lead_changes)} change of the lead.{note}"
    )


def neutral_effect(race: Race) -> str | None:
    """The neutralisation that changed the gap of the first two most, and by how much."""
    if len(race.front) < 2 or not race.neutral:
        return None
    gaps = race.gap_ms(race.front[1], race.front[0])
    ends = race.laps[race.laps["car_number"] == race.front[0]].set_index("lap_number")["end_ms"]
    settled = gaps[~gaps.index.isin(_pit_laps(race, race.front[:2]))]
    effects = [effect for period in race.neutral if (effect := _effect(settled, ends, period))]
    if not effects:
        return None
    flag, start, end, before, after = max(effects, key=lambda effect: abs(effect[4] - effect[3]))
    change = _change(race.front[0], race.front[1], before, after)
    return f"{flag.label}, {format_clock(start)} to {format_clock(end)}: {change}."


def dearest_loss(race: Race) -> str | None:
    """The most time that one of the first five lost at one stop or on one lap of its own."""
    losses = [loss for car in race.front[1:_CONTENDERS] for loss in _losses(race, car)]
    if not losses:
        return None
    lost, sentence = max(losses)
    return sentence if lost >= _WORTH_MS else None


def _losses(race: Race, car: str) -> Iterator[tuple[int, str]]:
    own = race.laps[(race.laps["car_number"] == car) & race.laps["lap_time_ms"].notna()]
    racing = own[is_racing(race, own)]
    if len(racing) > 3:
        usual, worst = int(racing["lap_time_ms"].median()), racing.loc[racing["lap_time_ms"].idxmax()]
        lost, lap = int(worst["lap_time_ms"]) - usual, int(worst["lap_number"])
        words = f"{format_duration(int(worst['lap_time_ms']))} where its median lap was {format_duration(usual)}"
        yield lost, f"Lap {lap}: {race.name(car)} lost {spell(lost)} on the track, {words}."
    stops = race.stops[race.stops["duration_ms"].notna() & ~race.stops["stop_type"].isin(["Red flag"])]
    mine = stops[stops["car_number"] == car]
    if len(mine) and len(stops) > 3:
        same = stops[stops["car_class"].eq(mine["car_class"].iloc[0])] if mine["car_class"].notna().any() else stops
        usual, worst = int(same["duration_ms"].median()), mine.loc[mine["duration_ms"].idxmax()]
        spent, lap = int(worst["duration_ms"]), int(worst["lap_number"])
        yield (
            spent - usual,
            f"Lap {lap}: {race.name(car)} lost {spell(spent - usual)} at a stop, {format_duration(spent)} in the pit "
            f"lane where the median was {format_duration(usual)}.",
        )


def is_racing(race: Race, laps: pd.DataFrame) -> "pd.Series[bool]":
    """Laps from line to line, not the first, no part of which was neutralised."""
    free = ~laps["pit_in"] & ~laps["pit_out"] & (laps["lap_number"] > 1)
    free &= laps["flag"].fillna(Flag.GREEN).eq(Flag.GREEN)
    for _, start, end in race.neutral:
        free &= ~((laps["start_ms"] < end) & (laps["end_ms"] > start)).fillna(False)
    return free.astype(bool)


def _effect(
    gaps: "pd.Series[Any]", ends: "pd.Series[Any]", period: tuple[Flag, int, int]
) -> tuple[Flag, int, int, int, int] | None:
    flag, start, end = period
    earlier, later = ends[ends <= start].index, ends[ends > end].index
    before, after = gaps[gaps.index.isin(earlier)], gaps[gaps.index.isin(later)]
    return None if before.empty or after.empty else (flag, start, end, int(before.iloc[-1]), int(after.iloc[0]))


def _pit_laps(race: Race, cars: list[str]) -> "pd.Series[Any]":
    """Laps in which one of the cars was in the pit lane: a stop that is not over says nothing about a gap."""
    own = race.laps[race.laps["car_number"].isin(cars)]
    return own.loc[own["pit_in"] | own["pit_out"], "lap_number"]


def _reason(race: Race, loser: str, lap: int) -> str:
    """How a car lost the lead on a lap, as far as its laps tell."""
    own = race.laps[race.laps["car_number"] == loser].dropna(subset=["end_ms"])
    if own[own["lap_number"].isin([lap - 1, lap])]["pit_in"].any():
        return f", as #{loser} stopped"
    return " on the track" if (own["lap_number"] >= lap).any() else f", as #{loser} did not end the lap"


def margin(race: Race) -> str | None:
    """The gap of the second car, as time or laps; None where it is not known."""
    rows = race.classification
    if len(rows) < 2:
        return None
    gap, laps = whole(rows["gap_ms"].iloc[1]), whole(rows["gap_laps"].iloc[1])
    if laps:
        return format_gap(None, laps).removeprefix("+")
    return None if gap is None else f"{format_duration(gap)}\u00a0{'s' if gap < 60_000 else 'min'}"


def _change(first: str, second: str, before: int, after: int) -> str:
    """How the gap of two cars changed, told from the one that was ahead; negative is the second one's lead."""
    ahead, behind = (first, second) if before >= 0 else (second, first)
    if (before >= 0) != (after >= 0):
        return f"#{behind} went from {spell(abs(before))} behind #{ahead} to {spell(abs(after))} ahead"
    verb = "shrank" if abs(after) < abs(before) else "grew"
    return f"the lead of #{ahead} over #{behind} {verb} from {spell(abs(before))} to {spell(abs(after))}"


def spell(millis: int) -> str:
    """A length of time in a sentence: 5.0 s, 6 min 6 s, 1 h 12 min; the spaces do not break."""
    if millis < 60_000:
        return f"{millis / 1000:.1f}\u00a0s"
    minutes, seconds = divmod(round(millis / 1000), 60)
    if minutes < 60:
        return f"{minutes}\u00a0min {seconds}\u00a0s"
    return f"{minutes // 60}\u00a0h {minutes % 60}\u00a0min"


def _ordinal(number: int) -> str:
    words = ("first", "second", "third", "fourth", "fifth")
    if 1 <= number <= len(words):
        return words[number - 1]
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
