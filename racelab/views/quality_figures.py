"""Figures of a data-quality report: findings by rule and session, nulls by column."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from racelab.views.axes import describe, empty_figure
from racelab.views.plotly_theme import template
from racelab.views.theme import palette

# More columns than this leave no room for numbers in the cells.
_NUMBERED = 40
_LEAST = 12


def findings_figure(cells: pd.DataFrame, sessions: list[str], *, dark: bool = False) -> go.Figure:
    """A grid of rules and sessions, with the number of records that each rule found; the darker, the more.

    Args:
        cells: ``rule, session, n``, a row a pair with a finding.
        sessions: the sessions' short names in their order, those without a finding among them.
        dark: for live pages; reports are light.
    """
    if cells.empty:
        return empty_figure("No rule found anything.", dark)
    colours = palette(dark)
    rules = cells.groupby("rule")["n"].sum().sort_values(ascending=False).index.tolist()
    grid = cells.pivot(index="rule", columns="session", values="n").reindex(index=rules, columns=sessions)
    counts = grid.to_numpy(dtype=float, na_value=np.nan)
    shown = [["" if np.isnan(n) else f"{n:,.0f}" for n in row] for row in counts]
    figure = go.Figure(
        go.Heatmap(
            z=np.log10(counts), x=sessions, y=[_words(rule) for rule in rules], customdata=shown, showscale=False,
            zmin=-0.6, zmax=max(1.0, float(np.nanmax(np.log10(counts)))), xgap=2, ygap=2,
            colorscale=[[0, colours.panel], [1, colours.classes[1]]], hoverongaps=False,
            text=shown if len(sessions) <= _NUMBERED else None,
            texttemplate="%{text}" if len(sessions) <= _NUMBERED else None, textfont={"size": 10},
            hovertemplate="%{y} · %{x} · %{customdata} records<extra></extra>",
        )
    )  # fmt: skip
    # Cells of a few sessions are no wider than those of a season.
    span = [-0.5, max(len(sessions), _LEAST) - 0.5]
    figure.update_xaxes(
        title_text="Session",
        range=span,
        type="category",
        tickangle=-60 if max(map(len, sessions)) > 4 else 0,
        showgrid=False,
    )
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    title = "Records that a rule found, by session"
    figure.update_layout(template=template(dark), title=title, height=130 + 26 * len(rules), hovermode="closest")
    first = cells.sort_values("n", ascending=False).iloc[0]
    most = f"The most: {_words(str(first['rule']))}, {int(first['n']):,} in session {first['session']}."
    several = "session" if len(sessions) == 1 else "sessions"
    return describe(figure, f"Findings of {len(rules)} rules in {len(sessions)} {several}. {most}")


def null_figure(shares: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Bars of the share of nulls, a column a row, the emptiest first.

    Args:
        shares: ``name, share`` (0 to 1) of the columns that are null in part.
        dark: for live pages; reports are light.
    """
    if shares.empty:
        return empty_figure("No column is null in part.", dark)
    ordered = shares.sort_values("share", ascending=False)
    percent = ordered["share"] * 100
    figure = go.Figure(
        go.Bar(
            x=percent, y=ordered["name"], orientation="h", marker={"color": palette(dark).classes[1]}, cliponaxis=False,
            text=[percent_words(value) for value in ordered["share"]], textposition="outside", textfont={"size": 10},
            hovertemplate="%{y}: %{text} null<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title_text="Share of rows without a value, %", range=[0, 108], showgrid=True)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    title = "Columns that are null in part"
    figure.update_layout(template=template(dark), title=title, height=120 + 19 * len(ordered), bargap=0.35)
    first = ordered.iloc[0]
    words = f"The emptiest is {first['name']}, null in {percent_words(first['share'])} of its rows."
    return describe(figure, f"Share of nulls of {len(ordered)} columns. {words}")


def percent_words(share: float) -> str:
    """A share in per cent that hides neither a few nor nearly all: `under 0.1 %`, `99.97 %`."""
    if 0 < share < 0.001:
        return "under 0.1 %"
    return f"{100 * share:.2f} %" if 0.999 < share < 1 else f"{100 * share:.1f} %"


def _words(rule: str) -> str:
    return rule.replace("_", " ")
