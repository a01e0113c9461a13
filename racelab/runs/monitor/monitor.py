"""The monitor itself: it looks at the calendar, follows the races that are on, and sees to what follows their end."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from racelab.domain.sessions import SessionKey
from racelab.errors import RacelabError, StoreError
from racelab.live.clock import Clock, SystemClock
from racelab.runs.monitor import lease, status
from racelab.runs.monitor.almanac import Almanac
from racelab.runs.monitor.closing import Closer, is_closed
from racelab.runs.monitor.feeds import MakeFeed, make_feed
from racelab.runs.monitor.following import FEED, LIVE, PARSER, RECORDER, Race
from racelab.runs.monitor.laps import PREDICTIONS, STRATEGY, Helpers, LapWork, leader_laps
from racelab.runs.monitor.parts import FAILED, OFF, OK, Parts, as_detail
from racelab.runs.monitor.planned import Planned
from racelab.runs.monitor.warmup import warm_up
from racelab.runs.monitor.worker import ProcessWorker, Worker
from racelab.settings import Settings
from racelab.store.protocol import Store

log = logging.getLogger("racelab")
# A lease is renewed so many times before it would end.
_RENEWALS = 3
_OF_A_RACE = (FEED, RECORDER, PARSER, PREDICTIONS, STRATEGY)


@dataclass(slots=True)
class Monitor:
    """Follows every race of the calendar, several at once where they overlap.

    ``clock`` is that of the races and the calendar, ``wall`` that of leases and writing; ``feeds`` and ``workers`` are
    the services and the processes for heavy work, training first, then laps, then reports.
    """

    store: Store
    settings: Settings
    clock: Clock = field(default_factory=SystemClock)
    wall: Clock = field(default_factory=SystemClock)
    feeds: MakeFeed = make_feed
    workers: Callable[[], Worker] = ProcessWorker
    holder: str = field(default_factory=lease.own_name)
    almanac: Almanac = field(init=False)
    parts: Parts = field(init=False)
    races: dict[SessionKey, Race] = field(default_factory=dict)
    last_check: datetime | None = None
    _tasks: dict[SessionKey, asyncio.Task[None]] = field(default_factory=dict)
    _closing: asyncio.Task[None] | None = None
    _helpers: Helpers | None = None
    _reporter: Worker | None = None
    _next: datetime | None = None
    _is_waiting: bool = False

    def __post_init__(self) -> None:
        self.almanac = Almanac(self.settings)
        self.parts = Parts(self.store, self.clock)

    async def run(self, stop: asyncio.Event) -> None:
        """Monitor until asked to stop; without the lease it waits for it."""
        try:
            while not stop.is_set():
                if await self._take():
                    await self._monitor(stop)
                else:
                    await self._first(self.wall.wait(self._lease.total_seconds() / _RENEWALS), stop)
        finally:
            await self.close()

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=self.settings.monitor_lease_s)

    async def _take(self) -> bool:
        """Take the lease, or say once who has it."""
        try:
            taken = await asyncio.to_thread(lease.take, self.store, self.holder, self.wall.now(), self._lease)
            held = None if taken else lease.read(self.store)
        except StoreError as error:
            log.warning("monitor: %s", error)
            return False
        if not taken and not self._is_waiting:
            by = f" ({held.holder})" if held else ""
            log.info("monitor: another monitor%s follows this store; this one waits until it ends", by)
        if taken and self._is_waiting:
            log.info("monitor: the other monitor has ended; this one goes on in its place")
        self._is_waiting = not taken
        return taken

    async def _monitor(self, stop: asyncio.Event) -> None:
        """Look at the calendar again and again as long as the lease is held."""
        lost = asyncio.Event()
        keeper = asyncio.create_task(self._keep(lost))
        with suppress(StoreError):
            self._tidy()
        try:
            while not stop.is_set() and not lost.is_set():
                await self._first(self.check(), stop, lost)
                if not stop.is_set():
                    await self._first(self.clock.wait(self._pause()), stop, lost)
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
            await self._drop()
            if not lost.is_set():
                self.parts.say(status.MONITOR, OFF, as_detail(self.document()))
                with suppress(StoreError):
                    await asyncio.to_thread(lease.give_back, self.store, self.holder)

    async def check(self) -> None:
        """Look once: read the calendars, begin with the races that are due, go on with what is to follow an end."""
        now = self.clock.now()
        await self.almanac.refresh(now, self.parts)
        self.last_check = now
        try:
            for planned in self.due(now):
                self._begin(planned)
            self._follow_up(self._closer().open())
        except StoreError as error:
            self.parts.say("store", FAILED, str(error))
        self._next = now + timedelta(seconds=self._pause())
        self.tell()

    def due(self, now: datetime) -> list[Planned]:
        """The races that are on and that nobody follows yet, those that an ended monitor left included.

        Raises:
            StoreError: the store cannot be read.
        """
        held = self.store.read("sessions", status=LIVE)["session_id"]
        left = {SessionKey.of_id(int(one)) for one in held}
        wanted = (one for one in self.almanac.agenda.planned if one.key in left or self._is_on(one, now))
        return [one for one in wanted if one.key not in self._tasks and not is_closed(self.store, one.key)]

    def tell(self) -> None:
        """Write the status that `monitor_status` reads."""
        self.parts.say(status.MONITOR, OK, as_detail(self.document()))

    def document(self) -> dict[str, Any]:
        """What the monitor knows of itself, as JSON."""
        now, upcoming = self.clock.now(), self.almanac.agenda.next(self.clock.now())
        return {
            "check_interval_s": self.settings.monitor_check_s,
            "last_check": self.last_check.isoformat(timespec="seconds") if self.last_check else None,
            "next_check": self._next.isoformat(timespec="seconds") if self._next else None,
            "next_race": status.race_document(upcoming, now) if upcoming else None,
            "active_sessions": [_active(race) for race in self.races.values()],
            "notices": self.almanac.notices(now),
        }

    def _is_on(self, planned: Planned, now: datetime) -> bool:
        margin = timedelta(seconds=self.settings.monitor_margin_s)
        return self._opens(planned) <= now < planned.latest + planned.length + margin

    def _opens(self, planned: Planned) -> datetime:
        return planned.earliest - timedelta(seconds=self.settings.monitor_warm_up_s)

    def _pause(self) -> float:
        """Seconds until the next look: the interval, or less where a race is to be warmed up before."""
        now, every = self.clock.now(), self.settings.monitor_check_s
        openings = (self._opens(one) - now for one in self.almanac.agenda.planned)
        return min([every, *(each / timedelta(seconds=1) for each in openings if each > timedelta(0))])

    def _begin(self, planned: Planned) -> None:
        warm_up(self.store, self.settings.data, self.parts)
        try:
            feed = self.feeds(planned.live, self.settings, self.clock)
        except RacelabError as error:
            self.parts.say(f"{FEED} {planned.key}", FAILED, str(error))
            return
        work = LapWork(planned.key, self.parts, self._work(), self.settings.monitor_races)
        margin = timedelta(seconds=self.settings.monitor_margin_s)
        race = Race(planned, self.store, self.settings.data, self.clock, self.wall, self.parts, margin, feed, work)
        start = (
            f"starts at {planned.start:%Y-%m-%d %H:%M} UTC" if planned.start else f"starts some time on {planned.day}"
        )
        log.info("monitor: %s (%s) %s: connecting to %s", planned.name, planned.key, start, feed.health.name)
        self.races[planned.key] = race
        self._tasks[planned.key] = asyncio.create_task(self._follow(race))

    async def _follow(self, race: Race) -> None:
        """Follow a race, close it and see to what follows; a failure of the store is tried again at the next look."""
        key = race.planned.key
        try:
            why = await race.run()
            closer = self._closer()
            await asyncio.to_thread(closer.end, key, why, race.seen.flagged)
            self.parts.forget(race.part(name) for name in _OF_A_RACE)
            self.races.pop(key, None)
            self.tell()
            await closer.follow_up(key)
        except RacelabError as error:
            log.warning("monitor: %s: %s; it is tried again at the next check", key, error)
        finally:
            self.races.pop(key, None)
            self._tasks.pop(key, None)

    def _follow_up(self, keys: Iterable[SessionKey]) -> None:
        """Go on with what an ended monitor left to be done after a race."""
        left = [key for key in keys if key not in self._tasks]
        if left and (self._closing is None or self._closing.done()):
            self._closing = asyncio.create_task(self._close(left))

    async def finish_left(self) -> list[str]:
        """Do now what an ended monitor left to be done after races; returns in words what that was.

        Raises:
            StoreError: the store cannot be read.
        """
        left = self._closer().open()
        await self._close(left)
        return [f"{key}: what was to follow its end is done" for key in left]

    async def _close(self, keys: list[SessionKey]) -> None:
        for key in keys:
            log.info("monitor: %s: going on with what is to follow its end", key)
            try:
                await self._closer().follow_up(key)
            except RacelabError as error:
                log.warning("monitor: %s: %s", key, error)

    def _closer(self) -> Closer:
        self._reporter = self._reporter or self.workers()
        return Closer(self.store, self.parts, self.clock, self.settings.data / "exports", self._reporter)

    def _work(self) -> Helpers:
        self._helpers = self._helpers or Helpers(self.workers(), self.workers())
        return self._helpers

    async def _keep(self, lost: asyncio.Event) -> None:
        """Renew the lease, and say when it is lost; a store that does not answer costs it only once it has run out."""
        until = self.wall.now() + self._lease
        while not lost.is_set():
            await self.wall.wait(self._lease.total_seconds() / _RENEWALS)
            now = self.wall.now()
            try:
                if await asyncio.to_thread(lease.take, self.store, self.holder, now, self._lease):
                    until = now + self._lease
                    self.tell()
                    continue
                log.warning("monitor: another monitor has taken over this store; this one ends its feeds and waits")
                lost.set()
            except StoreError as error:
                self.parts.say("store", FAILED, str(error))
                if now >= until:
                    log.warning("monitor: its right to follow has run out; it ends its feeds until the store answers")
                    lost.set()

    async def _drop(self) -> None:
        """End what runs; recordings are complete, and the next monitor goes on from them."""
        tasks = [*self._tasks.values(), *([self._closing] if self._closing else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        self.races.clear()
        self._closing = None

    async def close(self) -> None:
        """End the processes for heavy work."""
        helpers = [self._helpers.training, self._helpers.laps] if self._helpers else []
        for worker in [*helpers, *([self._reporter] if self._reporter else [])]:
            await worker.close()

    def _tidy(self) -> None:
        """Forget the parts of races that an ended monitor followed."""
        named = self.store.read("monitor_parts")["part"]
        self.parts.forget([str(part) for part in named if str(part).partition(" ")[0] in _OF_A_RACE])

    @staticmethod
    async def _first(work: Coroutine[Any, Any, None], *events: asyncio.Event) -> None:
        """Do work, or leave it where something happens meanwhile."""
        doing = asyncio.create_task(work)
        waits = [asyncio.create_task(one.wait()) for one in events]
        try:
            await asyncio.wait([doing, *waits], return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                doing.result()
        finally:
            for task in (doing, *waits):
                task.cancel()
            await asyncio.gather(doing, *waits, return_exceptions=True)


def _active(race: Race) -> dict[str, Any]:
    state = race.road.state if race.road else None
    return {
        "session": str(race.planned.key),
        "name": race.planned.live.event.name,
        "series": race.planned.key.series.label,
        "laps": leader_laps(state) if state else 0,
        "leader": next((car.car_number for car in state.order), None) if state else None,
        "flag": state.flag.value if state and state.flag else None,
        "feed": race.feed.health.state,
        "sign_in": race.feed.health.sign_in,
        "lacking": list(race.feed.health.lacking),
        "state": race.verdict.why,
    }
