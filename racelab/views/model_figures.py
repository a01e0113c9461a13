"""Figures of a model's card: scores by cut beside the naive answer, coverage of intervals, calibration, features."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from racelab.views.axes import describe, empty_figure
from racelab.views.plotly_theme import template
from racelab.views.theme import palette

_ROW, _MOST = 22, 45


def cut_figure(frame: pd.DataFrame, title: str, axis: str, naive: str, *, dark: bool = False) -> go.Figure:
    """A row a value of the cut: a filled dot for the model, a ring for the naive answer, a line between them.

    Args:
        frame: ``name, n, model, naive``.
        title: what is seen.
        axis: the score with its unit.
        naive: the naive answer's name.
        dark: for live pages; reports are light.
    """
    if frame.empty:
        return empty_figure("The backtest was not cut this way.", dark)
    colours, shown = palette(dark), frame.head(_MOST)
    labels = [_label(row.name, row.n) for row in shown.itertuples(index=False)]
    figure = go.Figure()
    for label, row in zip(labels, shown.itertuples(index=False), strict=True):
        if row.naive is not None and not pd.isna(row.naive):
            figure.add_trace(_line(row.model, row.naive, label, colours.line))
    known = shown["naive"].astype("float64")
    figure.add_trace(_dots(known, labels, naive, colours.background, colours.quiet))
    figure.add_trace(_dots(shown["model"], labels, "the model", colours.classes[1], colours.classes[1]))
    _name_ends(figure, shown, labels, naive, colours)
    figure.update_xaxes(title_text=axis, showgrid=True, range=_span([*shown["model"], *known.dropna()]))
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=labels[::-1], showgrid=False)
    figure.update_layout(template=template(dark), title=title, height=150 + _ROW * len(labels), hovermode="closest")
    figure.update_layout(margin={"t": 70})
    better = f"{shown['name'].iloc[0]}: the model {shown['model'].iloc[0]:,.4g}"
    return describe(figure, f"{title}, {len(shown)} rows. {better}.")


def _span(values: list[float]) -> list[float]:
    """The axis of dots: around the values, with room for the names beside them."""
    low, high = min(values), max(values)
    room = max((high - low) * 0.25, abs(high) * 0.02, 1e-6)
    return [low - room, high + room]


def _label(name: object, n: object) -> str:
    return f"{name} · {int(n):,}" if n is not None and not pd.isna(n) else str(name)  # type: ignore[call-overload]


def _line(one: float, other: float, label: str, colour: str) -> go.Scatter:
    return go.Scatter(x=[one, other], y=[label] * 2, mode="lines", line={"color": colour, "width": 2}, hoverinfo="skip")


def _dots(values: "pd.Series[float]", labels: list[str], name: str, fill: str, edge: str) -> go.Scatter:
    return go.Scatter(
        x=values, y=labels, mode="markers", name=name, hovertemplate=f"%{{y}} · {name} %{{x:,.4g}}<extra></extra>",
        marker={"color": fill, "size": 9, "line": {"color": edge, "width": 1.8}},
    )  # fmt: skip


def _name_ends(figure: go.Figure, shown: pd.DataFrame, labels: list[str], naive: str, colours: Any) -> None:
    """Names beside the dots of the first row, in place of a legend."""
    first = shown.iloc[0]
    told = [("the model", first["model"], colours.classes[1])]
    if first["naive"] is not None and not pd.isna(first["naive"]):
        told.append((naive.replace("_", " "), first["naive"], colours.quiet))
    told.sort(key=lambda one: float(one[1]))
    for place, (words, x, colour) in enumerate(told):
        anchor = "right" if place == 0 and len(told) > 1 else "left"
        figure.add_annotation(
            x=x, y=labels[0], text=words, xanchor=anchor, yanchor="bottom", yshift=8, showarrow=False,
            font={"size": 11, "color": colour},
        )  # fmt: skip


def coverage_figure(frame: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """The share of outcomes inside their interval of 80 and 90 %, in all and by class, tyre, phase and season.

    Args:
        frame: ``cut, name, n, level, share``.
        dark: for live pages; reports are light.
    """
    if frame.empty:
        return empty_figure("The predictions have no intervals.", dark)
    colours = palette(dark)
    frame = frame.assign(label=[_label(_named(row.cut, row.name), row.n) for row in frame.itertuples(index=False)])
    labels = list(dict.fromkeys(frame["label"]))
    figure = go.Figure()
    for level, colour in ((80, colours.classes[4]), (90, colours.classes[1])):
        own = frame[frame["level"] == level]
        if own.empty:
            continue
        figure.add_vline(x=level, line={"color": colour, "width": 1, "dash": "dot"})
        figure.add_annotation(x=level, y=1, yref="paper", yanchor="bottom", text=f"{level} % promised", showarrow=False, font={"size": 11, "color": colour}, xanchor="center")  # fmt: skip
        figure.add_trace(_dots(own["share"] * 100, own["label"].tolist(), f"interval of {level} %", colour, colour))
    figure.update_xaxes(title_text="Outcomes inside their interval, %", showgrid=True)
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=labels[::-1], showgrid=False)
    title = "How often the intervals held"
    figure.update_layout(template=template(dark), title=title, height=150 + _ROW * len(labels), hovermode="closest")
    figure.update_layout(margin={"t": 70})
    every = frame[frame["cut"] == "all"]
    told = ", ".join(f"{row.share:.1%} in the interval of {row.level} %" for row in every.itertuples(index=False))
    return describe(figure, f"Coverage of the intervals: {told} over all rows.")


def _named(cut: str, name: str) -> str:
    return "All" if cut == "all" else f"{cut.capitalize()} {name}"


def calibration_figure(curve: pd.DataFrame, what: str, *, dark: bool = False) -> go.Figure:
    """Predicted chances beside how often it came, with intervals of 90 % (Wilson), on the line of a perfect answer.

    Args:
        curve: ``predicted, happened, n``, a row a bin.
        what: what the chance is of, in words.
        dark: for live pages; reports are light.
    """
    if curve.empty:
        return empty_figure("The backtest holds no chances.", dark)
    colours, x, y = palette(dark), curve["predicted"] * 100, curve["happened"] * 100
    low, high = wilson(curve["happened"].to_numpy(dtype=float), curve["n"].to_numpy(dtype=float))
    figure = go.Figure(go.Scatter(x=[0, 100], y=[0, 100], mode="lines", line={"color": colours.quiet, "dash": "dot", "width": 1}, hoverinfo="skip"))  # fmt: skip
    spread = {"type": "data", "symmetric": False, "array": high * 100 - y, "arrayminus": y - low * 100, "color": colours.classes[1], "thickness": 1.2, "width": 3}  # fmt: skip
    figure.add_trace(go.Scatter(x=x, y=y, error_y=spread, mode="markers", marker={"color": colours.classes[1], "size": 8}, customdata=curve["n"], hovertemplate="said %{x:.1f} %, came %{y:.1f} %, n %{customdata:,}<extra></extra>"))  # fmt: skip
    top = min(100.0, float(max(x.max(), (high * 100).max())) * 1.08 + 2)
    figure.add_annotation(x=top * 0.86, y=top * 0.86, text="said = came", showarrow=False, xanchor="right", yanchor="bottom", font={"size": 11, "color": colours.quiet})  # fmt: skip
    figure.update_xaxes(title_text=f"Predicted chance of {what}, %", range=[-1, top], showgrid=True)
    figure.update_yaxes(title_text="Came, % of cars", range=[-1, top])
    figure.update_layout(template=template(dark), title=f"Chance of {what}: said and came", height=420, hovermode="closest")  # fmt: skip
    last = curve.iloc[-1]
    alt = f"In the highest of {len(curve)} bins {last['predicted']:.0%} were predicted and {last['happened']:.0%} came, of {int(last['n'])} cars."
    return describe(figure, f"Calibration of the chance of {what}. {alt}")


def wilson(share: np.ndarray, n: np.ndarray, z: float = 1.645) -> tuple[np.ndarray, np.ndarray]:
    """The interval of 90 % of a share seen in n (E. B. Wilson, 1927): low, high."""
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.minimum(centre - half, share), np.maximum(centre + half, share)


def importance_figure(shares: "pd.Series[float]", how: str, *, dark: bool = False) -> go.Figure:
    """Bars of what each feature weighs, the heaviest first.

    Args:
        shares: by feature, adding up to 1.
        how: in words, how that was found.
        dark: for live pages; reports are light.
    """
    if shares.empty:
        return empty_figure("The model tells no weights of its features.", dark)
    shown = shares.head(15)
    figure = go.Figure(
        go.Bar(
            x=shown * 100, y=shown.index, orientation="h", marker={"color": palette(dark).classes[1]}, cliponaxis=False,
            text=[f"{value:.1%}" for value in shown], textposition="outside", textfont={"size": 10},
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title_text=f"Share of all features' weight, % ({how})", range=[0, float(shown.max()) * 112])
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    figure.update_layout(template=template(dark), title="What the model looks at", height=130 + 24 * len(shown), bargap=0.35)  # fmt: skip
    return describe(figure, f"Weights of {len(shares)} features by {how}. The heaviest is {shown.index[0]} with {shown.iloc[0]:.0%}.")  # fmt: skip
