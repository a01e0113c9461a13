"""The gap to the leader over laps; it grows upwards for the leader."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from racelab.domain.time import format_gap
from racelab.views.axes import add_bands, describe, empty_figure, short_time, time_ticks
from racelab.views.plotly_theme import template
from racelab.views.race_frames import car_styles, gaps_to_leader, neutral_bands
from racelab.views.theme import readable

_CARS = 8


def gap_figure(
    laps: pd.DataFrame, cars: Sequence[str], *, track_status: pd.DataFrame | None = None,
    entries: pd.DataFrame | None = None, dark: bool = False,
) -> go.Figure:  # fmt: skip
    """Time behind the first car on each lap, for up to eight cars; the leader's line is the top edge.

    Args: as `lap_time_figure`.
    """
    gaps = gaps_to_leader(laps)
    shown = [car for car in cars if (gaps["car_number"] == car).any()][:_CARS]
    if not shown:
        return empty_figure("No gaps yet: choose cars that have done a lap.", dark)
    styles = car_styles(entries if entries is not None else laps[["car_number"]].head(0), shown, dark)
    figure = go.Figure()
    told = [_line(figure, gaps, car, styles[car]) for car in shown]
    widest = int(gaps.loc[gaps["car_number"].isin(shown), "gap_ms"].max())
    ticks = time_ticks(0, max(widest, 1000))
    figure.update_yaxes(
        range=[max(widest, 1000) * 1.05, -max(widest, 1000) * 0.02], tickvals=ticks,
        ticktext=["leader" if tick == 0 else f"+{short_time(tick)}" for tick in ticks],
        title_text="Gap, seconds" if widest < 60_000 else "Gap, min:s",
    )  # fmt: skip
    figure.update_xaxes(title_text="Lap")
    if track_status is not None:
        last = laps["end_ms"].max()
        add_bands(figure, neutral_bands(track_status, None if pd.isna(last) else int(last)), laps, dark)
    figure.update_layout(template=template(dark), title="Gap to the leader at the end of each lap", margin={"t": 56})
    _label_ends(figure, gaps, shown, styles, dark)
    return describe(figure, "Gap to the leader by lap. " + " ".join(told))


def _line(figure: go.Figure, gaps: pd.DataFrame, car: str, style: dict[str, str]) -> str:
    own = gaps[gaps["car_number"] == car].sort_values("lap_number")
    numbers, values = own["lap_number"].astype(int).tolist(), own["gap_ms"].astype(int).tolist()
    words = [f"#{car} · lap {lap} · {format_gap(gap)}" for lap, gap in zip(numbers, values, strict=True)]
    figure.add_trace(
        go.Scatter(
            uid=car,
            x=numbers, y=values, mode="lines", line={"width": 1.8, **style}, customdata=words,
            hovertemplate="%{customdata}<extra></extra>",
        )
    )  # fmt: skip
    return (
        f"Car {car} is {format_gap(values[-1])} behind after lap {numbers[-1]}." if values[-1] else f"Car {car} leads."
    )


def _label_ends(
    figure: go.Figure, gaps: pd.DataFrame, cars: Sequence[str], styles: dict[str, dict[str, str]], dark: bool
) -> None:
    """Put each car's number at the end of its line; numbers that would collide are moved apart."""
    ends = gaps[gaps["car_number"].isin(list(cars))].sort_values("lap_number").groupby("car_number").tail(1)
    span = max(float(gaps.loc[gaps["car_number"].isin(list(cars)), "gap_ms"].max()), 1000.0)
    free = 0.0
    for end in ends.sort_values("gap_ms").to_dict("records"):
        place = max(float(end["gap_ms"]), free)
        free = place + span * 0.045
        figure.add_annotation(
            x=int(end["lap_number"]), y=place, text=f"<b>#{end['car_number']}</b>", xanchor="left", xshift=6,
            showarrow=False, font={"size": 11, "color": readable(styles[str(end["car_number"])]["color"], dark)},
        )  # fmt: skip
