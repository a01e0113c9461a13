"""How far an ingest is: three bars on a terminal (the season, the session, its table), log lines elsewhere."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from racelab.commands.context import is_json, log, printable
from racelab.runs.ingest import Outcome, Watch

_WIDTH = 44


class Shown(Watch, Protocol):
    """Progress that is shown for as long as its context lasts."""

    def __enter__(self) -> "Shown":
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""


def progress(total: int | None) -> Shown:
    """Bars on a terminal, else lines; ``total`` is the number of sessions, None where it shows only on the way."""
    return Bars(total, Console(stderr=True)) if sys.stderr.isatty() and not is_json() else Lines(total)


@contextmanager
def stoppable() -> Iterator[Callable[[], None]]:
    """A SIGTERM within the context ends the work as Ctrl-C does: the open transaction is undone, the log says so.

    What is yielded raises the interruption again that Python has lost: it drops one that comes while it finalises
    objects. Call it where the work may end.
    """
    asked: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    def again() -> None:
        if asked:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield again
        return
    taken = [each for each in (signal.SIGTERM, signal.SIGINT) if signal.getsignal(each) is not signal.SIG_IGN]
    before = [(each, signal.signal(each, interrupt)) for each in taken]
    try:
        yield again
    finally:
        for each, handler in before:
            signal.signal(each, handler)


class Lines:
    """One line when a session is begun."""

    def __init__(self, total: int | None) -> None:
        self._of = f"/{total}" if total else ""
        self._number = 0

    def __enter__(self) -> "Lines":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left open."""

    def reading(self, label: str) -> None:
        """Say which session is next."""
        self._number += 1
        log.info("ingest %d%s: %s", self._number, self._of, printable(label))

    def writing(self, label: str, rows: dict[str, int]) -> None:
        """A line for each step would be too many."""

    def wrote(self, table: str, rows: int) -> None:
        """A line for each step would be too many."""

    def done(self, outcome: Outcome) -> None:
        """The table at the end tells."""


class Bars:
    """A bar of sessions, one of the session's rows, one of the rows of the table that is written."""

    def __init__(self, total: int | None, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", justify="left"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=console,
        )  # fmt: skip
        self._season = self._progress.add_task(_text("sessions"), total=total)
        self._session = self._progress.add_task(_text(""), total=None)
        self._table = self._progress.add_task(_text(""), total=None, visible=False)
        self._sizes: dict[str, int] = {}
        self._rows: dict[str, int] = {}

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def reading(self, label: str) -> None:
        """The session's bar runs to and fro: how long a reading takes is not known."""
        self._show(self._session, f"{label}: reading", None)
        self._progress.update(self._table, visible=False)

    def writing(self, label: str, rows: dict[str, int]) -> None:
        """From now on the session's bar counts its rows."""
        self._sizes, self._rows = rows, {}
        self._show(self._session, f"{label}: writing", sum(rows.values()))

    def wrote(self, table: str, rows: int) -> None:
        """Both lower bars, the table's and the session's."""
        if table not in self._rows:
            self._show(self._table, table, self._sizes.get(table))
        self._rows[table] = rows
        self._progress.update(self._table, completed=rows)
        self._progress.update(self._session, completed=sum(self._rows.values()))

    def done(self, outcome: Outcome) -> None:
        """One session more."""
        self._progress.advance(self._season)

    def _show(self, task: TaskID, text: str, total: int | None) -> None:
        self._progress.reset(task, total=total, visible=True, description=_text(text))


def _text(text: str) -> str:
    shown = printable(text)
    return escape(shown if len(shown) <= _WIDTH else shown[: _WIDTH - 1] + "…").ljust(_WIDTH)
