"""Stints of each car as bars in tyre colours, with the tyre's letter in them."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from racelab.views.axes import describe, empty_figure
from racelab.views.plotly_theme import template
from racelab.views.race_frames import car_styles, natural
from racelab.views.theme import palette, tyre_colour, tyre_letter


def stint_figure(
    laps: pd.DataFrame, cars: Sequence[str] = (), *, entries: pd.DataFrame | None = None, dark: bool = False
) -> go.Figure:
    """Each car's stints over laps, in the order given (none given: by number).

    Args: as `lap_time_figure`; a stint without a known tyre takes the car's colour and the stint's number.
    """
    known = laps.dropna(subset=["stint"])
    if known.empty:
        return empty_figure("No stints yet: they appear with the first lap.", dark)
    shown = [
        car for car in (cars or sorted(set(known["car_number"]), key=natural)) if (known["car_number"] == car).any()
    ]
    known_cars = entries if entries is not None else laps[["car_number"]].head(0)
    # A bar has its car's name beside it, so cars of a class need no shades.
    styles = {car: car_styles(known_cars, [car], dark)[car] for car in shown}
    figure = go.Figure()
    for stint in stints_of(known[known["car_number"].isin(shown)]).to_dict("records"):
        compound = stint["compound"] if isinstance(stint["compound"], str) else None
        fill = tyre_colour(compound, dark) if compound else styles[str(stint["car_number"])]["color"]
        label = tyre_letter(compound) if compound else str(stint["stint"])
        figure.add_trace(_bar(stint, fill, label, dark))
    figure.update_yaxes(
        categoryorder="array",
        categoryarray=[f"#{car}" for car in reversed(shown)],
        showgrid=False,
        type="category",
        dtick=1,
        tickfont={"size": 11 if len(shown) <= 30 else 8},
    )
    figure.update_xaxes(title_text="Lap")
    figure.update_layout(
        template=template(dark), title="Stints and tyres", barmode="stack", bargap=0.25, height=90 + 22 * len(shown)
    )
    return describe(figure, f"Stints of {len(shown)} cars over {int(known['lap_number'].max())} laps.")


def stints_of(laps: pd.DataFrame) -> pd.DataFrame:
    """One row a stint: car_number, stint, first and last lap, compound."""
    grouped = laps.groupby(["car_number", "stint"], sort=True)
    return grouped.agg(
        first=("lap_number", "min"), last=("lap_number", "max"), compound=("compound", "first")
    ).reset_index()


def _bar(stint: dict[str, object], fill: str, label: str, dark: bool) -> go.Bar:
    compound_known = isinstance(stint["compound"], str)
    first, last = int(str(stint["first"])), int(str(stint["last"]))
    words = f"#{stint['car_number']} · stint {stint['stint']} · laps {first} to {last} · {stint['compound'] if compound_known else 'tyre not known'}"
    return go.Bar(
        x=[last - first + 1], base=[first - 1], y=[f"#{stint['car_number']}"], orientation="h", text=[label],
        constraintext="none", textposition="inside", insidetextanchor="middle", textangle=0, textfont={"size": 11, "color": "#0e1116" if dark or compound_known else "#ffffff"},
        marker={"color": fill, "line": {"color": palette(dark).background, "width": 1.5}},
        customdata=[words], hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
