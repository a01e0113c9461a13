"""Axes in racing notation: ticks on round times, bands for flags, words at the lines' ends."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from racelab.domain.flags import Flag
from racelab.domain.time import format_duration
from racelab.views.plotly_theme import template
from racelab.views.race_frames import lap_scale
from racelab.views.theme import flag_colour, readable

_STEPS_MS = (100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000)
# Words nearer to each other than this share of the axis would overlap.
_APART = 0.055
_FLAG_WORDS = {
    Flag.SAFETY_CAR: "SC",
    Flag.VSC: "VSC",
    Flag.FCY: "FCY",
    Flag.CODE_60: "C60",
    Flag.RED: "Red",
    Flag.YELLOW: "Yellow",
    Flag.SLOW_ZONE: "Slow",
}


def time_ticks(low: int, high: int, most: int = 6) -> list[int]:
    """Round values between two times in ms, at most about `most` of them."""
    span = max(high - low, 1)
    step = next((step for step in _STEPS_MS if span / step <= most), _STEPS_MS[-1] * 2)
    return list(range(-(-low // step) * step, high + 1, step))


def short_time(millis: int) -> str:
    """A tick's time with a decimal where it needs one: 1:32, 1:32.5."""
    text = format_duration(round(millis, -2))
    return text[:-4] if text.endswith(".000") else text[:-2]


def add_bands(
    figure: go.Figure, bands: Sequence[tuple[str, int, int]], laps: pd.DataFrame, dark: bool, lift: int = 0
) -> None:
    """Draw periods under a flag behind the data, on an axis of laps, with the flag's word `lift` px above the top."""
    edges = lap_scale(laps, [edge for _, start, end in bands for edge in (start, end)])
    shown = [
        (flag, left, right)
        for (flag, _, _), left, right in zip(bands, edges[::2], edges[1::2], strict=True)
        if right > left
    ]
    for flag, left, right in shown:
        figure.add_shape(
            type="rect", xref="x", yref="paper", x0=left, x1=right, y0=0, y1=1, layer="below",
            line={"width": 0}, fillcolor=flag_colour(flag), opacity=0.15,
        )  # fmt: skip
    span = float(laps["lap_number"].max()) if len(laps) else 0.0
    for words, colour, place in flag_words(shown, span):
        figure.add_annotation(
            x=place, y=1, xref="x", yref="paper", yanchor="bottom", yshift=lift, text=words, showarrow=False,
            font={"size": 10, "color": readable(colour, dark)},
        )  # fmt: skip


def flag_words(bands: Sequence[tuple[str, float, float]], span: float) -> list[tuple[str, str, float]]:
    """Words over bands (flag, from, to in laps), with their colour and place: bands that are close share theirs."""
    groups: list[list[tuple[str, float, float]]] = []
    for band in bands:
        last = sum(groups[-1][-1][1:]) / 2 if groups else None
        if last is not None and sum(band[1:]) / 2 - last < span * _APART:
            groups[-1].append(band)
        else:
            groups.append([band])
    found = []
    for group in groups:
        words = dict.fromkeys(word for flag, _, _ in group if (word := _FLAG_WORDS.get(Flag(flag))))
        place = (sum(group[0][1:]) + sum(group[-1][1:])) / 4
        found.append((" ".join(words), flag_colour(group[0][0]), place))
    return [one for one in found if one[0]]


def describe(figure: go.Figure, text: str) -> go.Figure:
    """Give the figure the words that stand for it where it cannot be seen."""
    figure.update_layout(meta={"alt": text})
    return figure


def alt_text(figure: go.Figure) -> str:
    """The words that stand for the figure where it cannot be seen."""
    return str((figure.layout.meta or {}).get("alt", ""))


def empty_figure(sentence: str, dark: bool) -> go.Figure:
    """A figure that says why there is nothing to draw."""
    figure = go.Figure(layout={"template": template(dark), "xaxis": {"visible": False}, "yaxis": {"visible": False}})
    figure.add_annotation(text=sentence, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, font={"size": 13})
    return describe(figure, sentence)
