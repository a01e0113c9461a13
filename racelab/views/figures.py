"""The figures of racelab, each a plotly figure from frames of `racelab.load_*`, for Lab, Voila and reports alike."""

from racelab.views.axes import alt_text
from racelab.views.gap_chart import gap_figure
from racelab.views.lap_times import lap_time_figure
from racelab.views.position_chart import position_figure
from racelab.views.stint_chart import stint_figure

__all__ = ["alt_text", "gap_figure", "lap_time_figure", "position_figure", "stint_figure"]
