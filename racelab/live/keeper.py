"""What was read of a session on its way to disk and store, whatever these do meanwhile."""

import asyncio
import logging
from contextlib import suppress

from racelab.errors import StoreError
from racelab.live.recorder import Recorder
from racelab.live.replay import Road
from racelab.live.salvage import write_singly
from racelab.store.faults import is_refusal

log = logging.getLogger("racelab")
# How often what waits is looked at, and the pauses before a store is tried again, in seconds of the machine.
_TICK_S = 0.01
_PAUSE_S, _LONGEST_S = 0.25, 10.0


class Keeper:
    """Writes a road's batches and a recorder's frames; both take their time in other threads while reading goes on.

    A store that is locked or away loses nothing: its trouble is logged once, and what waits is written when it is back.
    """

    def __init__(self, road: Road, recorder: Recorder) -> None:
        self._road, self._recorder = road, recorder
        self._over = asyncio.Event()
        self._is_away = False

    async def sync(self) -> None:
        """See frames to the disk within a second, until `stop`."""
        while not self._over.is_set():
            if self._recorder.is_due():
                self._recorder.write()
                await asyncio.to_thread(self._recorder.sync)
            await self._rest(_TICK_S)

    async def write(self) -> None:
        """Write what is due, until `stop`."""
        pause = _PAUSE_S
        while not self._over.is_set():
            if self._road.is_due and not await self.attempt():
                await self._rest(pause)
                pause = min(pause * 2, _LONGEST_S)
            else:
                pause = _PAUSE_S
                await self._rest(_TICK_S)

    async def drain(self) -> None:
        """Write everything that waits; it returns when the store has taken it, however long that takes."""
        pause = _PAUSE_S
        while self._road.is_waiting:
            if not await self.attempt():
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_S)

    def stop(self) -> None:
        """Let `sync` and `write` come to their end."""
        self._over.set()

    async def attempt(self) -> bool:
        """Write what waits, or an older batch that the store did not take yet; whether it took it."""
        road = self._road
        try:
            await asyncio.to_thread(road.open)
            # What the store knows must be in the recording: after a crash everything is made from it anew.
            self._recorder.write()
            road.gather()
            await self._send()
        except StoreError as error:
            if not self._is_away:
                self._is_away = True
                told = "%s: %s; the session goes on, and what waits is written when the store is back"
                log.warning(told, road.key, error)
            return False
        if self._is_away:
            self._is_away = False
            log.info("%s: the store takes rows again, also what waited", road.key)
        return True

    async def _send(self) -> None:
        try:
            await asyncio.to_thread(self._road.send)
        except StoreError as error:
            if not is_refusal(error):
                raise
            await asyncio.to_thread(self._road.send, write_singly)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)
