"""The charts of the live page: drawn from stored laps, up to the time that the tower shows."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from racelab import wall
from racelab.views.figures import gap_figure, lap_time_figure, position_figure, stint_figure
from racelab.views.live_layout import TABS, LiveLayout

_READ_S = 2.0


class LiveCharts:
    """Keeps the visible chart up to date; the hidden ones are drawn when they are opened."""

    def __init__(self, layout: LiveLayout) -> None:
        self._layout = layout
        self._source: Any = None
        self._laps = pd.DataFrame()
        self._status = pd.DataFrame()
        self._entries = pd.DataFrame()
        self._progress: object = None
        self._until: int | None = None
        self._read = 0.0

    @property
    def untouched(self) -> bool:
        """Whether nothing of this session has been drawn yet."""
        return self._progress is None

    def follow(self, source: Any) -> None:
        """Draw another session from now on."""
        self._source, self._progress, self._until, self._read = source, None, None, 0.0
        self._load()
        self.draw()

    def refresh(self, state: Any) -> None:
        """Draw again where a car has done another lap since the last time, at most every other second."""
        now = wall.now().timestamp()
        if state is None or now - self._read < _READ_S:
            return
        progress = tuple((car.car_number, car.laps) for car in state.order)
        if progress == self._progress:
            return
        self._progress, self._read, self._until = progress, now, state.time_ms
        if self._lags(state):
            self._load()
        self.draw()

    def draw(self) -> None:
        """Draw the chart that is open."""
        if self._source is None:
            return
        name = TABS[self._layout.tabs.selected_index or 0]
        self._layout.charts[name].show(self._figure(name))

    def _figure(self, name: str) -> go.Figure:
        laps, cars = until(self._laps, "end_ms", self._until), list(self._layout.tower.selected)
        shared: dict[str, Any] = {"entries": self._entries, "dark": True}
        if name == "Stints":
            return stint_figure(laps, list(self._layout.tower.rows), **shared)
        shared["track_status"] = until(self._status, "time_ms", self._until)
        draw = {"Lap times": lap_time_figure, "Gaps": gap_figure, "Places": position_figure}[name]
        return draw(laps, cars, **shared)

    def _lags(self, state: Any) -> bool:
        """Whether the laps in hand end before what the tower shows: a stored race is read once, a live one often."""
        ended = [car.last_line_ms for car in state.order if car.last_line_ms is not None]
        latest = self._laps["end_ms"].max() if len(self._laps) else None
        return latest is None or pd.isna(latest) or bool(ended and max(ended) > int(latest)) or not ended

    def _load(self) -> None:
        self._laps = self._source.laps()
        self._status = self._source.track_status()
        self._entries = self._source.entries()


def until(frame: pd.DataFrame, column: str, time_ms: int | None) -> pd.DataFrame:
    """Rows of which the time in `column` (ms) has come; all of them where no time is given."""
    if time_ms is None or frame.empty:
        return frame
    return frame[frame[column].le(time_ms).fillna(False)]
