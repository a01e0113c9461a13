"""A figure of a backtest: the model's score beside those of the naive answers."""

from typing import Any

import plotly.graph_objects as go

from racelab.views.axes import describe, empty_figure
from racelab.views.plotly_theme import template
from racelab.views.theme import palette

_WORDS = {
    "mae_ms": "Mean absolute error, ms", "spearman": "Rank correlation with the result", "place_mae": "Mean error, places",
    "precision": "Precision", "recall": "Recall", "f1": "F1",
}  # fmt: skip


def score_figure(answers: list[tuple[str, float]], score: str, title: str, *, dark: bool = False) -> go.Figure:
    """Bars of one score, the model's first and in colour.

    Args:
        answers: name and score of each answer; the first is the model's.
        score: the score's key, such as mae_ms.
        title: what was scored, with its n.
        dark: for live pages; reports are light.
    """
    if not answers:
        return empty_figure("The backtest has no score.", dark)
    colours = palette(dark)
    names, values = zip(*answers, strict=True)
    bars: Any = go.Bar(
        x=values, y=[name.replace("_", " ") for name in names], orientation="h",
        marker_color=[colours.classes[1], *[colours.quiet] * (len(names) - 1)],
        text=[f"{value:.4g}" for value in values], textposition="outside", cliponaxis=False,
        hovertemplate="%{y} · %{x:.4g}<extra></extra>",
    )  # fmt: skip
    figure = go.Figure(bars)
    figure.update_xaxes(title_text=_WORDS.get(score, score), rangemode="tozero", showgrid=True)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    figure.update_layout(template=template(dark), title=title, height=130 + 30 * len(names), hovermode="closest")
    told = "; ".join(f"{name} {value:.4g}" for name, value in answers)
    return describe(figure, f"{_WORDS.get(score, score)}: {told}.")
