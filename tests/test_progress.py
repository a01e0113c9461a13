"""What is shown while an ingest runs."""

import io
import logging
import signal
import threading

import pytest
from builders import session_data
from rich.console import Console

from racelab.commands import progress as module
from racelab.commands.progress import Bars, Lines, progress, stoppable
from racelab.runs.ingest import ingest
from racelab.runs.summary import rows_table, summarise, words


class Found:
    label = "2024 [bold]Le Mans[/bold]\x1b[2J, Race"

    def read(self):
        return session_data(laps=30)


def test_three_bars_on_a_terminal(store):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120, color_system=None)
    with Bars(1, console) as bars:
        list(ingest([Found()], store, watch=bars))
        told = {task.description.strip(): (task.completed, task.total) for task in bars._progress.tasks}
    rows = sum(bars._sizes.values())
    assert told["sessions"] == (1, 1)
    # What a name would do to the terminal is shown, not done.
    (session,) = [name for name in told if "Le Mans" in name]
    assert told[session] == (rows, rows)
    table = next(task for task in bars._progress.tasks if task.description.strip() in bars._sizes)
    assert table.completed == table.total == bars._sizes[table.description.strip()]
    assert "\x1b[2J" not in screen.getvalue()
    assert "[bold]" in screen.getvalue()


def test_lines_elsewhere(store, caplog):
    caplog.set_level(logging.INFO, "racelab")
    with Lines(7) as lines:
        list(ingest([Found()], store, watch=lines))
    assert [entry.getMessage() for entry in caplog.records if entry.name == "racelab"] == [
        "ingest 1/7: 2024 [bold]Le Mans[/bold]\ufffd[2J, Race"
    ]
    with Lines(None) as lines:
        lines.reading("x")
    assert caplog.records[-1].getMessage() == "ingest 1: x"


def test_bars_only_on_a_terminal_and_not_beside_json(monkeypatch):
    assert isinstance(progress(3), Lines)
    monkeypatch.setattr(module.sys.stderr, "isatty", lambda: True, raising=False)
    assert isinstance(progress(3), Bars)
    monkeypatch.setenv("RACELAB_JSON", "1")
    assert isinstance(progress(3), Lines)


def test_sigterm_ends_as_ctrl_c_does_and_only_within():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), stoppable():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


class Loses:
    """An object whose end is interrupted: Python drops what is raised there."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_that_python_loses_while_it_finalises_ends_the_work_all_the_same():
    with stoppable() as interrupt_again:
        interrupt_again()  # nobody asked yet
        thing = Loses()
        del thing  # the interruption is lost here
        with pytest.raises(KeyboardInterrupt):
            interrupt_again()


def test_a_thread_that_is_not_the_main_one_cannot_take_signals_and_need_not():
    done = []

    def work() -> None:
        with stoppable():
            done.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [1]


def outcome(change: str, reading: float, source: float, writing: float, **rows: int) -> dict[str, object]:
    return {"change": change, "rows": rows, "seconds": {"reading": reading, "source": source, "writing": writing}}


def test_the_summary_adds_up():
    summary = summarise(
        [outcome("added", 2.0, 1.5, 0.5, laps=10, entries=2), outcome("added", 1.0, 0.5, 0.5, laps=5),
         outcome("failed", 0.0, 0.0, 0.0)], [], 5.0,
    )  # fmt: skip
    assert summary["sessions"] == {"added": 2, "failed": 1}
    assert summary["rows"] == {"laps": 15, "entries": 2}
    assert summary["seconds"] == {"total": 5.0, "reading": 3.0, "source": 2.0, "writing": 1.0}
    assert summary["source_share"] == 0.4
    assert words(summary) == (
        "3 sessions: 2 added, 1 failed; 17 rows; 5.0 s, reading 3.0 s (40% of all the time in the source's own library), "
        "writing 1.0 s"
    )
    assert rows_table(summary).values.tolist() == [["laps", 15], ["entries", 2]]


def test_a_source_without_a_library_of_its_own_has_no_share():
    summary = summarise([outcome("unchanged", 0.0, 0.0, 0.0)], [], 0.1)
    assert summary["source_share"] is None
    assert "library" not in words(summary)
