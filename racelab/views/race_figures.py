"""The figures of a race report: the house's figures, with a sentence that says what is seen."""

from plotly.graph_objects import Figure

from racelab.domain.time import format_duration
from racelab.views.figures import gap_figure, lap_time_figure, position_figure, stint_figure
from racelab.views.race import Race, whole
from racelab.views.race_facts import is_racing, spell

_LINES, _PANELS, _BARS = 6, 3, 24


def gaps(race: Race) -> Figure:
    """Gaps of the first six cars to the leader."""
    figure = gap_figure(race.laps, race.front[:_LINES], track_status=race.flags, entries=race.entries)
    return captioned(figure, _gap_sentence(race), 440)


def places(race: Race) -> Figure:
    """Places of all cars; the first five stand out."""
    figure = position_figure(race.laps, race.front[:5], track_status=race.flags, entries=race.entries)
    return captioned(figure, _place_sentence(race), max(420, 90 + 13 * len(race.front)))


def lap_times(race: Race) -> Figure:
    """Lap times of the first three cars."""
    figure = lap_time_figure(race.laps, race.front[:_PANELS], track_status=race.flags, entries=race.entries)
    return captioned(figure, _pace_sentence(race), 560)


def stints(race: Race) -> Figure:
    """Stints of up to 24 cars in the order of the classification."""
    figure = stint_figure(race.laps, race.front[:_BARS], entries=race.entries)
    return captioned(figure, _stint_sentence(race), None)


def captioned(figure: Figure, sentence: str, height: int | None) -> Figure:
    """The figure with its sentence, which a page sets under it, and its height in pixels."""
    meta = {**(figure.layout.meta or {}), "caption": sentence}
    figure.update_layout(meta=meta, **({"height": height} if height else {}))
    return figure


def _gap_sentence(race: Race) -> str:
    if len(race.front) < 2:
        return "There is no second car to measure a gap to."
    own = race.gap_ms(race.front[1], race.front[0])
    if own.empty:
        return f"{race.name(race.front[1])} has no lap in common with the winner."
    widest, lap = int(own.max()), int(own.idxmax())
    return (
        f"Car #{race.front[1]}, second in the end, was {spell(widest)} behind #{race.front[0]} at most, on lap {lap}; "
        f"on their last common lap the gap was {spell(abs(int(own.iloc[-1])))}."
    )


def _place_sentence(race: Race) -> str:
    rows = race.classification
    gained = (rows["grid_position"].where(rows["grid_position"] > 0) - rows["position"]).dropna()
    if gained.empty or gained.max() <= 0:
        return f"{race.leaders.nunique()} cars led at the end of a lap. Grey lines are the rest of the field."
    best = rows.loc[gained.idxmax()]
    return (
        f"{race.name(str(best['car_number']))} gained most places, from {best['grid_position']} on the grid to "
        f"{best['position']}. Grey lines are the rest of the field."
    )


def _pace_sentence(race: Race) -> str:
    timed = race.laps[race.laps["lap_time_ms"].notna()]
    medians = timed[is_racing(race, timed)].groupby("car_number")["lap_time_ms"].median()
    told = [f"#{car} {format_duration(int(medians[car]))}" for car in race.front[:_PANELS] if car in medians.index]
    return f"Median lap under green, stops left out: {', '.join(told)}. Laps slower than 107 % of the class's best are counted, not drawn."


def _stint_sentence(race: Race) -> str:
    if race.stops.empty or not race.front:
        return "The source tells of no stops."
    own = race.stops[race.stops["car_number"] == race.front[0]]
    spent = whole(own["duration_ms"].sum())
    laps = ", ".join(str(lap) for lap in own["lap_number"])
    count = f"{len(own)} time{'s' if len(own) != 1 else ''}"
    where = f" (laps {laps})" if 0 < len(own) <= 8 else ""
    rest = f" The first {_BARS} cars are shown." if len(race.front) > _BARS else ""
    return f"The winner, #{race.front[0]}, stopped {count}{where} and spent {spell(spent or 0)} in the pit lane.{rest}"
