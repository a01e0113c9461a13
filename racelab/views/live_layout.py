"""The widgets of the live page and where they stand."""

from collections.abc import Sequence
from pathlib import Path

import anywidget
import ipywidgets as widgets

from racelab.views.axes import empty_figure
from racelab.views.bar import Bar
from racelab.views.chart import Chart
from racelab.views.messages import Messages
from racelab.views.theme import css_variables
from racelab.views.tower import Tower

_HERE = Path(__file__).parent
TABS = ("Lap times", "Gaps", "Places", "Stints")
# No session has this id; None would leave the list without a choice.
LATEST = 0
_LATEST = "The session that is live now"


class PageStyle(anywidget.AnyWidget):
    """The style sheet of the page as a widget, so that Lab and Voila both take it."""

    _esm = "export default { render({ el }) { el.style.display = 'none'; } };"
    _css = css_variables() + (_HERE / "page.css").read_text(encoding="utf-8")


class LiveLayout:
    """Bar on top, tower on the left, charts with race control below them on the right."""

    def __init__(self, listed: Sequence[tuple[str, int]], session_id: int | None) -> None:
        self.bar, self.tower, self.messages = Bar(), Tower(), Messages()
        self.picker = _picker(listed, session_id)
        waiting = empty_figure("Choose cars by a click in the tower.", True)
        self.charts = {name: Chart(waiting) for name in TABS}
        self.tabs = widgets.Tab(children=list(self.charts.values()), titles=TABS)
        self.tabs.add_class("rl-tabs")
        right = widgets.VBox([self.picker, self.tabs, self.messages])
        right.add_class("rl-right")
        main = widgets.HBox([self.tower, right])
        main.add_class("rl-main")
        self.widget = widgets.VBox([PageStyle(), self.bar, main])
        self.widget.add_class("racelab")
        self.widget.add_class("rl-page")


def _picker(listed: Sequence[tuple[str, int]], session_id: int | None) -> widgets.Dropdown:
    known = {number for _, number in listed}
    options = [(_LATEST, LATEST), *listed]
    picker = widgets.Dropdown(
        options=options, value=session_id if session_id in known else LATEST, description="Session"
    )
    picker.add_class("rl-picker")
    return picker
