"""A plotly figure as a widget: changed in place, with one copy of plotly.js for a whole page.

`FigureWidget` carries 5 MB of JavaScript in every figure and loses what is changed before the page
connects; here the figure is one trait, so that a page that joins late finds it as it is.
"""

import gzip
from functools import lru_cache
from pathlib import Path
from typing import Any

import anywidget
import plotly.graph_objects as go
import traitlets
from plotly.offline import get_plotlyjs

from racelab.views.theme import css_variables

_HERE = Path(__file__).parent


class PlotlyLibrary(anywidget.AnyWidget):
    """Plotly's own JavaScript, gzipped: charts of a page ask this one model for it."""

    _esm = "export default {};"
    source = traitlets.Bytes().tag(sync=True)


class Chart(anywidget.AnyWidget):
    """A figure on a page; `show` replaces what it shows without a new display."""

    _esm = (_HERE / "chart.js").read_text(encoding="utf-8")
    _css = css_variables() + (_HERE / "chart.css").read_text(encoding="utf-8")
    figure = traitlets.Unicode("").tag(sync=True)
    library = traitlets.Unicode("").tag(sync=True)

    def __init__(self, figure: go.Figure | None = None, **traits: Any) -> None:
        super().__init__(library=f"IPY_MODEL_{plotly_library().model_id}", **traits)
        if figure is not None:
            self.show(figure)

    def show(self, figure: go.Figure) -> None:
        """Show this figure; nothing is sent where it equals the one that is shown."""
        self.figure = figure.to_json()


@lru_cache(maxsize=1)
def plotly_library() -> PlotlyLibrary:
    """The one copy of plotly.js that the charts of this kernel share."""
    return PlotlyLibrary(source=gzip.compress(get_plotlyjs().encode(), compresslevel=6))
