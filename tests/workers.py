"""Processes that write and read a store at once, for tests of faults and load; each starts from a server that has
imported what they need."""

import os
import resource
import signal
from collections.abc import Callable, Iterable
from itertools import count
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from typing import Any

from builders import session_data

from racelab.domain.records import SessionData
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import RacelabError
from racelab.runs.checksums import store_checksums
from racelab.runs.database.access import looking
from racelab.runs.database.check import find_problems, steps
from racelab.runs.database.problems import Problem
from racelab.settings import Settings
from racelab.store.open import open_store

CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(["workers", "sqlite3", "racelab.store.sql", "racelab.store.folder"])
PATIENCE_S = 240.0
ROUNDS = 12


def race(round_: int, laps: int, digest: str = "whole") -> SessionData:
    """A session of two cars; its content hangs on its round alone."""
    return session_data(SessionKey(Series.WEC, 2024, round_, "R"), laps=laps + round_, digest=digest)


def write_rounds(url: str, rounds: Iterable[int], laps: int) -> list[str]:
    """Write these sessions; returns what became of each."""
    with open_store(url) as store:  # type: ignore[attr-defined]
        return [store.write_session(race(round_, laps)).change for round_ in rounds]


def write_for_ever(url: str, laps: int) -> None:
    """Add sessions and replace them by changed ones until somebody ends the process."""
    with open_store(url) as store:  # type: ignore[attr-defined]
        for number in count():
            store.write_session(race(number % ROUNDS + 1, laps * (1 + number % 3), f"{os.getpid()} {number}"))


def read_until(url: str, done: Any, laps: int) -> int:
    """Read over and over: every session is whole whenever it is there; returns the readings."""
    with open_store(url) as store:  # type: ignore[attr-defined]
        for number in count(1):
            for row in store.sessions().itertuples():
                assert (row.entries, row.laps) == (2, 2 * (laps + row.round)), row
                assert len(store.read("laps", SessionKey.of_id(int(row.id)))) == row.laps
            if done.is_set():
                return number
    raise AssertionError


def write_after(url: str, barrier: Any, delay_s: float) -> str:
    """Write one session some time after all have come to the barrier."""
    with open_store(url) as store:  # type: ignore[attr-defined]
        data = race(1, 400)
        barrier.wait(PATIENCE_S)
        signal.sigtimedwait([], delay_s)
        return store.write_session(data).change


def write_limited(url: str, room_bytes: int, laps: int) -> list[str]:
    """Write a session where no file may grow beyond so many bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room_bytes, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    return write_rounds(url, [ROUNDS + 1], laps)


def write_as_nobody(url: str) -> list[str]:
    """Write a session without the rights of root, for whom nothing is read-only."""
    if os.getuid() == 0:
        os.setgid(65_534)
        os.setuid(65_534)
    return write_rounds(url, [ROUNDS + 1], 3)


def start(target: Callable[..., Any], *arguments: Any) -> "Worker":
    """Start a process that runs the function."""
    return Worker(target, arguments)


class Worker:
    """A running process and what it will have said."""

    def __init__(self, target: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._receiver, sender = CONTEXT.Pipe(duplex=False)
        self.process: BaseProcess = CONTEXT.Process(target=_run, args=(sender, target, arguments), daemon=True)
        self.process.start()
        sender.close()

    def result(self) -> Any:
        """What the function returned, or the RacelabError that it raised; another error is on standard error."""
        assert self._receiver.poll(PATIENCE_S), "the process says nothing"
        try:
            return self._receiver.recv()
        except EOFError:
            raise AssertionError("the process failed: what it says is on standard error") from None
        finally:
            self.process.join(PATIENCE_S)
            self._receiver.close()

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.process.kill()
        self.process.join(PATIENCE_S)
        self._receiver.close()


def _run(sender: Any, target: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    said: Any
    try:
        said = target(*arguments)
    except RacelabError as error:
        said = error
    sender.send(said)


def problems(url: str) -> list[Problem]:
    """What `db check` finds."""
    found: list[Problem] = []
    with looking(Settings(db=url)) as store:
        for step in steps():
            found += find_problems(store, step, found) or []
    return found


def checksums(url: str) -> dict[str, str]:
    """The checksums of a store's tables."""
    with open_store(url) as store:  # type: ignore[attr-defined]
        return store_checksums(store)


def serial_checksums(rounds: Iterable[int], laps: int) -> dict[str, str]:
    """The checksums of a store into which one process wrote these sessions."""
    with open_store("sqlite://") as store:  # type: ignore[attr-defined]
        for round_ in rounds:
            store.write_session(race(round_, laps))
        return store_checksums(store)
