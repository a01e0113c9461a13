"""The live page: bar, tower, charts and race control on one page, fed from a source that it is given."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import pandas as pd

from racelab import wall
from racelab.errors import NotFound, RacelabError
from racelab.views.bar import SessionNames, bar_state
from racelab.views.live_charts import LiveCharts
from racelab.views.live_layout import LiveLayout
from racelab.views.messages import message_rows

log = logging.getLogger("racelab.views")
POLL_S = 0.5
_LOOK_AGAIN_S = 3.0
_FIRST_CHOSEN = 3
NOTHING_LIVE = "No session is live. Start one with the command: racelab replay SESSION. This page follows it by itself."


class LiveSource(Protocol):
    """One session as a live page reads it."""

    @property
    def names(self) -> SessionNames:
        """Event, session and where and when it is."""

    @property
    def reference(self) -> str:
        """The session's name in commands, such as f1/2025/1/R."""

    def poll(self) -> tuple[Any, Sequence[Any]]:
        """The race state with its cars, or None where nothing is new; and the cars that changed."""

    def final(self) -> tuple[Any, str]:
        """The state at the end of the stored session, and whose classification it shows; NotFound if there is none."""

    def updated_utc(self) -> datetime | None:
        """When the latest state was published; None where there is none."""

    def laps(self) -> pd.DataFrame:
        """Laps as `load_laps` gives them."""

    def entries(self) -> pd.DataFrame:
        """Cars of the session."""

    def track_status(self) -> pd.DataFrame:
        """Flags of the session."""


class SessionDirectory(Protocol):
    """Which sessions there are, and which of them is live."""

    def latest(self) -> int | None:
        """The session whose live state was published last."""

    def listed(self) -> list[tuple[str, int]]:
        """Words and id of every stored session."""

    def open(self, session_id: int) -> LiveSource:
        """The source of a session; NotFound if the store lacks it."""


class LivePage:
    """The page; `widget` is what is displayed and `run` keeps it up to date."""

    def __init__(self, directory: SessionDirectory, session_id: int | None = None, note: str = "") -> None:
        self._directory = directory
        self._pinned = session_id
        # What the viewer must know, such as a session's name that nobody knows; it stands until he chooses one.
        self._note = note
        self._followed: int | None = None
        self._source: LiveSource | None = None
        self._state: Any = None
        # Reading a stored session takes a moment: the step after the one that said so does it.
        self._unread = False
        self._looked = 0.0
        # The loop holds its tasks weakly, so the page keeps the one that runs it.
        self.task: asyncio.Task[None] | None = None
        self.layout = LiveLayout(directory.listed(), session_id)
        self.charts = LiveCharts(self.layout)
        self.widget = self.layout.widget
        self.layout.picker.observe(self._picked, "value")
        self.layout.tower.observe(lambda _: self.charts.draw(), "selected")
        self.layout.tabs.observe(lambda _: self.charts.draw(), "selected_index")
        self.step()

    async def run(self) -> None:
        """Poll the source for ever, twice a second; a fault is told on the page and the next poll goes on."""
        while True:
            await asyncio.sleep(POLL_S)
            try:
                self.step()
            except RacelabError as error:
                self.layout.tower.note = str(error)
            except Exception as error:
                # The page of a race day must not stop for one bad state.
                log.exception("the live page could not show a state")
                self.layout.tower.note = f"The last state could not be shown ({type(error).__name__})."

    def step(self) -> None:
        """Look for the session to follow, and show what is new in it; a stored one is read in the step after."""
        said = self._look()
        if self._source is None:
            return
        state, _ = self._source.poll()
        if state is not None:
            self._unread = False
            self._show(self._source, state)
        elif self._unread and not said:
            self._show_stored(self._source)
        self.charts.refresh(self._state)

    def _look(self) -> bool:
        """Whether another session is followed from now on."""
        now = wall.now().timestamp()
        if self._looked and now - self._looked < _LOOK_AGAIN_S:
            return False
        self._looked = now
        wanted = self._pinned if self._pinned is not None else self._directory.latest()
        if wanted is None:
            self._say_nothing_is_live()
        elif wanted != self._followed:
            self._follow(wanted)
            return True
        return False

    def _follow(self, session_id: int) -> None:
        source = self._directory.open(session_id)
        self._followed, self._source, self._state, self._unread = session_id, source, None, True
        self.layout.tower.selected = []
        self.layout.tower.clear(f"Reading {source.names.event}, {source.names.session} from the store.")
        self.layout.messages.messages = []
        self.layout.bar.state = bar_state(source.names, None, None)
        self.charts.follow(source)

    def _say_nothing_is_live(self) -> None:
        self.layout.tower.note = self._note or NOTHING_LIVE
        self.layout.bar.state = bar_state(SessionNames("racelab", "live timing"), None, None)

    def _picked(self, change: Any) -> None:
        self._pinned, self._note = change["new"] or None, ""
        self._looked = 0.0
        self.step()

    def _show(self, source: LiveSource, state: Any) -> None:
        note = self._note if state.cars else "The session is open; no car has been seen yet."
        self._put(state, note, bar_state(source.names, state, _age_ms(source.updated_utc())))

    def _show_stored(self, source: LiveSource) -> None:
        """The classification of a session that is not live, and how to see it run."""
        self._unread = False
        start = f"To see it run, start it with the command: racelab replay {source.reference}"
        try:
            state, whose = source.final()
        except NotFound as error:
            self.layout.tower.note = f"{error}."
            return
        note = f"A stored session, not live: its final classification, by {whose}. {start}. This page follows it by itself."
        self._put(state, note, bar_state(source.names, state, None))

    def _put(self, state: Any, note: str, bar: dict[str, Any]) -> None:
        self._state = state
        layout = self.layout
        layout.tower.show(state.order)
        layout.tower.note = note
        if not layout.tower.selected and self.charts.untouched:
            layout.tower.selected = [car.car_number for car in state.order[:_FIRST_CHOSEN]]
        layout.bar.state = bar
        rows = message_rows(state.messages)
        if rows != layout.messages.messages:
            layout.messages.messages = rows


def _age_ms(updated: datetime | None) -> int:
    return 0 if updated is None else max(0, round((wall.now() - updated).total_seconds() * 1000))
