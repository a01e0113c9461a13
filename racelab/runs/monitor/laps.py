"""What each lap of the leader sets off: training, predictions, strategy; the feed waits for none of it."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from racelab.domain.sessions import SessionKey
from racelab.errors import RacelabError
from racelab.live.state import RaceState
from racelab.runs.monitor.parts import FAILED, OK, WAITING, WARNING, Parts
from racelab.runs.monitor.worker import Worker

log = logging.getLogger("racelab")
FIRST_TRAINING, EVERY = 10, 5
TRAINING, PREDICTIONS, STRATEGY = "training", "predictions", "strategy"
# Fewer laps show no pace to simulate from.
_FIRST_LAP = 3


@dataclass(frozen=True, slots=True)
class Helpers:
    """Who does the work: training takes long and has a worker of its own, what each lap needs shares another one."""

    training: Worker
    laps: Worker


def leader_laps(state: RaceState) -> int:
    """The laps that the car with most of them has completed."""
    return max((ledger.newest for ledger in state.ledger.values()), default=0)


def training_lap(lap: int) -> int | None:
    """The lap whose training is due when the leader has completed this one: 10, 15, 20, ...; None before."""
    return None if lap < FIRST_TRAINING else lap - (lap - FIRST_TRAINING) % EVERY


@dataclass(slots=True)
class LapWork:
    """The work of one race; each kind of it runs once at a time, and a lap that comes meanwhile goes without it."""

    key: SessionKey
    parts: Parts
    helpers: Helpers
    races: int
    lap: int = 0
    _trained: int = 0
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _skipped: dict[str, list[int]] = field(default_factory=dict)

    def at(self, lap: int) -> None:
        """Set off what is due now that the leader has completed a lap, and the store has it."""
        if lap <= self.lap:
            return
        self.lap = lap
        due, session = training_lap(lap), str(self.key)
        if due is not None and due > self._trained:
            self._trained = due
            self._begin(TRAINING, "train", self.helpers.training, session=session)
        self._begin(PREDICTIONS, "predict", self.helpers.laps, session=session, lap=lap)
        if lap >= _FIRST_LAP:
            self._begin(STRATEGY, "strategy", self.helpers.laps, session=session, lap=lap, races=self.races)

    async def end(self, wait_s: float) -> None:
        """Wait a while for what still runs, and give the rest up."""
        running = set(self._tasks.values())
        if running:
            _, late = await asyncio.wait(running, timeout=wait_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def part(self, kind: str) -> str:
        """The part's name among the monitor's: training is one for all races."""
        return kind if kind == TRAINING else f"{kind} {self.key}"

    def _begin(self, kind: str, job: str, worker: Worker, **arguments: Any) -> None:
        lap = self.lap
        running = self._tasks.get(kind)
        if running is not None and not running.done():
            self._skip(kind, lap)
            return
        self._tell_skipped(kind)
        self._tasks[kind] = asyncio.create_task(self._do(kind, lap, worker.run(job, **arguments)))

    async def _do(self, kind: str, lap: int, work: Coroutine[Any, Any, str]) -> None:
        if kind == TRAINING:
            log.info("monitor: %s: training after lap %d of the leader", self.key, lap)
        try:
            said = await work
        except RacelabError as error:
            text = str(error)
            # A model is missing until the first training: that is how a race begins.
            is_early = kind != TRAINING and lap < FIRST_TRAINING + EVERY
            self.parts.say(self.part(kind), WAITING if is_early else FAILED, f"lap {lap}: {text}")
            return
        skipped = len(self._skipped.get(kind, ()))
        health = WARNING if skipped > EVERY else OK
        detail = f"{self.key}: {said}" if kind == TRAINING else said
        note = f"; {skipped} laps went by meanwhile" if skipped else ""
        self.parts.say(self.part(kind), health, detail + note, loud=kind == TRAINING)

    def _skip(self, kind: str, lap: int) -> None:
        skipped = self._skipped.setdefault(kind, [])
        skipped.append(lap)
        if len(skipped) == 1:
            log.info("monitor: %s: no %s at lap %d, the one before still runs", self.key, kind, lap)

    def _tell_skipped(self, kind: str) -> None:
        skipped = self._skipped.pop(kind, [])
        if len(skipped) > 1:
            log.info("monitor: %s: %s went without laps %d to %d: too slow", self.key, kind, skipped[0], skipped[-1])
