"""Places over laps for the whole field."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from racelab.views.axes import add_bands, describe, empty_figure
from racelab.views.plotly_theme import template
from racelab.views.race_frames import car_styles, natural, neutral_bands, places_by_lap
from racelab.views.theme import palette, readable


def position_figure(
    laps: pd.DataFrame, cars: Sequence[str] = (), *, track_status: pd.DataFrame | None = None,
    entries: pd.DataFrame | None = None, dark: bool = False,
) -> go.Figure:  # fmt: skip
    """The place of every car at the end of each lap; `cars` stand out, the others are quiet (none chosen: all speak).

    Args: as `lap_time_figure`.
    """
    places = places_by_lap(laps)
    if places.empty:
        return empty_figure("No places yet: they appear with the first lap.", dark)
    everyone = sorted({str(car) for car in places["car_number"]}, key=natural)
    styles = car_styles(entries if entries is not None else laps[["car_number"]].head(0), [*cars, *everyone], dark)
    figure = go.Figure()
    for car in sorted(everyone, key=lambda number: number in cars):
        _line(figure, places[places["car_number"] == car], car, styles[car], not cars or car in cars, dark)
    if track_status is not None:
        last = laps["end_ms"].max()
        add_bands(figure, neutral_bands(track_status, None if pd.isna(last) else int(last)), laps, dark)
    count = len(everyone)
    ticks = [1, *range(5, count + 1, 5)]
    figure.update_yaxes(range=[count + 0.7, 0.3], tickvals=ticks, title_text="Place", showgrid=False)
    figure.update_xaxes(title_text="Lap")
    figure.update_layout(template=template(dark), title="Places at the end of each lap", margin={"t": 56})
    leader = places.sort_values("lap_number").query("position == 1")["car_number"].iloc[-1]
    return describe(figure, f"Places of {count} cars by lap; car {leader} leads on the last lap shown.")


def _line(figure: go.Figure, own: pd.DataFrame, car: str, style: dict[str, str], loud: bool, dark: bool) -> None:
    own = own.sort_values("lap_number")
    numbers, values = own["lap_number"].astype(int).tolist(), own["position"].astype(int).tolist()
    words = [f"#{car} · lap {lap} · P{place}" for lap, place in zip(numbers, values, strict=True)]
    line = {"width": 2, **style} if loud else {"width": 1, "color": "#46505e" if dark else "#b8bfc9"}
    figure.add_trace(
        go.Scatter(
            x=numbers, y=values, mode="lines", line=line, customdata=words, hovertemplate="%{customdata}<extra></extra>"
        )
    )
    figure.add_annotation(
        x=numbers[-1], y=values[-1], text=f"#{car}", xanchor="left", xshift=6, showarrow=False,
        font={"size": 10, "color": readable(style["color"], dark) if loud else palette(dark).quiet},
    )  # fmt: skip
