"""Simulated places: bands of 50 and 90 per cent for each car, the middle marked."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from racelab.views.axes import describe, empty_figure
from racelab.views.plotly_theme import template
from racelab.views.theme import class_colour, palette

_CARS = 24


def chances_figure(places: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Where each car ends in simulated races: thin 90 %, thick 50 %, a dot at the median; the likeliest first.

    Args:
        places: car_number, car_class, position and probability, one row a car and place.
        dark: for live pages; reports are light.
    """
    if places.empty:
        return empty_figure("Nothing was simulated.", dark)
    spans = place_spans(places).head(_CARS)
    figure = go.Figure()
    for low, high, width, alpha in (("p05", "p95", 3, 0.55), ("p25", "p75", 9, 1.0)):
        for row in spans.to_dict("records"):
            figure.add_trace(_band(row, low, high, width, alpha, dark))
    figure.add_trace(_dots(spans, dark))
    labels = [f"#{car}" for car in spans["car_number"]]
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=labels[::-1], showgrid=False)
    figure.update_xaxes(
        title_text="Place", range=[0.4, float(spans["p95"].max()) + 0.8], showgrid=True, dtick=5, tick0=0
    )
    title = "Simulated place: median, 50 % and 90 % of the races"
    figure.update_layout(template=template(dark), title=title, height=100 + 22 * len(spans), hovermode="closest")
    best = spans.iloc[0]
    alt = (
        f"Car {best['car_number']} ends between {best['p05']} and {best['p95']} in 90 per cent of the simulated races."
    )
    return describe(figure, f"Simulated places of {len(spans)} cars. {alt}")


def place_spans(places: pd.DataFrame) -> pd.DataFrame:
    """One row a car: the places below which 5, 25, 50, 75 and 95 per cent of its simulated races end; best mean first."""
    rows = []
    for car, own in places.sort_values("position").groupby("car_number", sort=False):
        share = own["probability"].to_numpy(dtype=float).cumsum()
        place = own["position"].to_numpy(dtype=int)
        at = [
            int(place[min(int(np.searchsorted(share, q - 1e-9)), len(place) - 1)])
            for q in (0.05, 0.25, 0.5, 0.75, 0.95)
        ]
        mean = float((own["position"].astype(float) * own["probability"]).sum())
        rows.append((car, own["car_class"].iloc[0], mean, *at))
    names = ["car_number", "car_class", "mean", "p05", "p25", "p50", "p75", "p95"]
    return pd.DataFrame(rows, columns=names).sort_values("mean", ignore_index=True)


def _band(row: dict[object, object], low: str, high: str, width: int, alpha: float, dark: bool) -> go.Scatter:
    car_class = row["car_class"] if isinstance(row["car_class"], str) else None
    colour = class_colour(car_class, dark) if car_class else palette(dark).classes[1]
    return go.Scatter(
        x=[row[low], row[high]], y=[f"#{row['car_number']}"] * 2, mode="lines", opacity=alpha,
        line={"color": colour, "width": width}, hoverinfo="skip",
    )  # fmt: skip


def _dots(spans: pd.DataFrame, dark: bool) -> go.Scatter:
    words = [
        f"#{row.car_number} · median P{row.p50} · 50 % P{row.p25} to P{row.p75} · 90 % P{row.p05} to P{row.p95}"
        for row in spans.itertuples()
    ]
    return go.Scatter(
        x=spans["p50"], y=[f"#{car}" for car in spans["car_number"]], mode="markers", customdata=words,
        marker={"color": palette(dark).background, "size": 7, "line": {"color": palette(dark).text, "width": 1.5}},
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
