"""Lap times of chosen cars, one panel each: stints in tyre colours, stops as ticks, flags as bands."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from racelab.domain.time import format_duration
from racelab.domain.vocabulary import COLUMNS
from racelab.views.axes import add_bands, describe, empty_figure, short_time, time_ticks
from racelab.views.plotly_theme import template
from racelab.views.race_frames import car_styles, counted_laps, neutral_bands
from racelab.views.theme import has_colour, palette, tyre_colour, tyre_letter

# Slower laps than this share of the class's best say nothing about pace: they are counted, not drawn.
CUT = 1.07
_PANELS = 6


def lap_time_figure(
    laps: pd.DataFrame, cars: Sequence[str], *, track_status: pd.DataFrame | None = None,
    entries: pd.DataFrame | None = None, dark: bool = False,
) -> go.Figure:  # fmt: skip
    """Lap times over laps for up to six cars, a panel each.

    Args:
        laps: `load_laps` of the session (durations in ms).
        cars: the car numbers, in the order of the panels.
        track_status: `load_track_status`, drawn as bands.
        entries: `load_entries`, for colours where the tyre is not known.
        dark: for live pages; reports are light.
    """
    timed = laps.dropna(subset=["lap_time_ms"])
    shown = [car for car in cars if (timed["car_number"] == car).any()][:_PANELS]
    if not shown:
        return empty_figure("No lap times yet: choose cars that have done a lap.", dark)
    figure = make_subplots(rows=len(shown), cols=1, shared_xaxes=True, vertical_spacing=0.16 / len(shown))
    styles = car_styles(entries if entries is not None else laps[["car_number"]].head(0), shown, dark)
    told = [_panel(figure, row, timed, car, styles[car]["color"], dark) for row, car in enumerate(shown, 1)]
    if track_status is not None:
        add_bands(figure, neutral_bands(track_status, _last(laps)), laps, dark, lift=18)
    figure.update_xaxes(title_text="Lap", row=len(shown), col=1)
    figure.update_xaxes(range=[0, int(timed["lap_number"].max()) + 1])
    figure.update_layout(
        template=template(dark),
        title=f"{COLUMNS['lap_time_ms'].heading}s, in-laps ticked",
        margin={"t": 72},
        hovermode="closest",
    )
    return describe(figure, "Lap times by lap. " + " ".join(told))


def _panel(figure: go.Figure, row: int, laps: pd.DataFrame, car: str, colour: str, dark: bool) -> str:
    own = laps[laps["car_number"] == car].sort_values("lap_number")
    low, high = _limits(laps, own)
    above, below = int((own["lap_time_ms"] > high).sum()), int((own["lap_time_ms"] < low).sum())
    for _, stint in own.groupby("stint", dropna=False):
        figure.add_trace(_stint_trace(stint, (low, high), car, colour, dark), row=row, col=1)
        _letter(figure, row, stint[stint["lap_time_ms"].between(low, high)], (low, high), dark)
    stops = own[own["pit_in"]]
    figure.add_trace(_stop_ticks(stops, low, car, dark), row=row, col=1)
    ticks = time_ticks(low, high, 5)
    figure.update_yaxes(
        range=[low - (high - low) * 0.06, high], tickvals=ticks, ticktext=[short_time(tick) for tick in ticks],
        title_text="min:s" if len(ticks) and row == 1 else None, row=row, col=1,
    )  # fmt: skip
    count = f" · {_count(above, 'lap')} above {short_time(high)}" if above else ""
    count += f" · {below} below, not counted" if below else ""
    name = f"<b>#{car}</b> {_who(own)}{count}"
    domain = "y domain" if row == 1 else f"y{row} domain"
    figure.add_annotation(
        text=name, x=0, y=1, xref="paper", yref=domain, xanchor="left", yanchor="bottom", showarrow=False,
        font={"size": 11, "color": palette(dark).text},
    )  # fmt: skip
    best = format_duration(int(counted_laps(own)["lap_time_ms"].iloc[0]))
    return f"Car {car}: {_count(len(own), 'lap')}, best {best}, {_count(len(stops), 'stop')}, {_count(above, 'lap')} above {short_time(high)}."


def _limits(laps: pd.DataFrame, own: pd.DataFrame) -> tuple[int, int]:
    """From just under the class's best lap to 107 % of it, as whole ms."""
    same = laps
    if "car_class" in own and own["car_class"].notna().any():
        same = laps[laps["car_class"] == own["car_class"].dropna().iloc[0]]
    best = int(counted_laps(same)["lap_time_ms"].iloc[0])
    return int(best * 0.997), round(best * CUT)


def _stint_trace(stint: pd.DataFrame, limits: tuple[int, int], car: str, colour: str, dark: bool) -> go.Scatter:
    """One stint's line; a lap outside the limits breaks it: slow ones, and a lap 1 quicker than any that counts."""
    compound = _compound(stint)
    line = tyre_colour(compound, dark) if compound else colour
    times = [int(time) if limits[0] <= time <= limits[1] else None for time in stint["lap_time_ms"]]
    hollow = ["circle-open" if quality == "repaired" else "circle" for quality in stint["quality"]]
    return go.Scatter(
        uid=f"{car}-{stint['stint'].iloc[0]}",
        x=stint["lap_number"].astype(int).tolist(), y=times,
        mode="lines+markers",
        line={"color": line, "width": 1.4}, marker={"size": 4.5, "symbol": hollow, "color": line},
        customdata=[hover_text(lap, car) for lap in stint.to_dict("records")],
        hovertemplate="%{customdata}<extra></extra>", cliponaxis=False,
    )  # fmt: skip


def _letter(figure: go.Figure, row: int, drawn: pd.DataFrame, limits: tuple[int, int], dark: bool) -> None:
    """The tyre's letter above the first lap that is drawn of a stint, or below it where the panel's name stands above."""
    compound = _compound(drawn)
    if compound is None:
        return
    first = drawn.iloc[0]
    is_high = int(first["lap_time_ms"]) > limits[1] - (limits[1] - limits[0]) * 0.2
    figure.add_annotation(
        x=int(first["lap_number"]), y=int(first["lap_time_ms"]), text=tyre_letter(compound), yanchor="top" if is_high else "bottom", yshift=-3 if is_high else 2,
        showarrow=False, font={"size": 11, "color": tyre_colour(compound, dark)}, row=row, col=1,
    )  # fmt: skip


def _compound(stint: pd.DataFrame) -> str | None:
    known = stint["compound"].dropna()
    return str(known.iloc[0]) if len(known) else None


def hover_text(lap: dict[Any, Any], car: str) -> str:
    """Car, driver, lap, time, tyre and its age: the order of every hover."""
    parts = [f"#{car}", _text(lap.get("driver")), f"lap {lap['lap_number']}", format_duration(_int(lap["lap_time_ms"]))]
    compound = _text(lap.get("compound"))
    if compound:
        age = _int(lap.get("tyre_age"))
        parts.append(compound if age is None else f"{compound}, {age} laps old")
    if lap.get("quality") == "repaired":
        parts.append("repaired")
    return " · ".join(part for part in parts if part)


def _stop_ticks(stops: pd.DataFrame, low: int, car: str, dark: bool) -> go.Scatter:
    return go.Scatter(
        uid=f"{car}-stops",
        x=stops["lap_number"].astype(int).tolist(), y=[low] * len(stops), mode="markers", hoverinfo="skip",
        marker={"symbol": "line-ns-open", "size": 10, "color": palette(dark).text, "line": {"width": 1.6}},
    )  # fmt: skip


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _who(own: pd.DataFrame) -> str:
    last = own.iloc[-1]
    car_class, team = _text(last.get("car_class")), _text(last.get("team"))
    # A series of one class says nothing by it: F1's cars are known by their teams.
    words = (_text(last.get("driver")), car_class if has_colour(car_class) else team or car_class)
    return ", ".join(word for word in words if word)


def _last(laps: pd.DataFrame) -> int | None:
    return _int(laps["end_ms"].max())


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _int(value: Any) -> int | None:
    return None if value is None or pd.isna(value) else int(value)
