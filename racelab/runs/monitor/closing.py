"""What follows the end of a race: the session is closed, exported and reported, each once.

What is still to be done stands in the store, written in one transaction with the session's end, so that a monitor that
is ended half way goes on where it was, and none does a thing twice.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from racelab.domain.sessions import SessionKey
from racelab.errors import RacelabError
from racelab.exports.files import race_path, write_race
from racelab.live.clock import Clock
from racelab.live.writer import is_running
from racelab.runs.monitor.parts import FAILED, OK, WAITING, Parts
from racelab.runs.monitor.worker import Worker
from racelab.store.protocol import Store
from racelab.store.rows import frame_columns, named_columns

log = logging.getLogger("racelab")
EXPORT, REPORT = "export", "report"
FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Closer:
    """Who closes races."""

    store: Store
    parts: Parts
    clock: Clock
    exports: Path
    worker: Worker

    def end(self, key: SessionKey, why: str, flagged: datetime | None = None) -> None:
        """Mark a session finished, and what is to follow as waiting; nothing follows where no lap was told.

        Args:
            key: the session.
            why: why it is over, in words.
            flagged: when the chequered flag was seen; its end where the provider names none.

        Raises:
            StoreError: the store cannot be written; nothing is marked then.
        """
        now = self.clock.now()
        rows = self.store.read("sessions", key).assign(status=FINISHED, status_note=why)
        if flagged is not None and rows["end_utc"].isna().all():
            rows = rows.assign(end_utc=flagged.replace(microsecond=0))
        laps = self.store.read("laps", key)
        tables = {"sessions": frame_columns("sessions", rows)}
        if len(laps):
            path = race_path(self.store, key, self.exports, now)
            details = {EXPORT: str(path), REPORT: "is to be run"}
            waiting = [
                {"part": f"{kind} {key}", "health": WAITING, "detail": detail, "since_utc": now, "updated_utc": now}
                for kind, detail in details.items()
            ]
            tables["monitor_parts"] = named_columns("monitor_parts", waiting)
        self.store.write_tables(tables)
        log.info("monitor: %s is over: %s", key, why)
        if not len(laps):
            log.warning("monitor: %s: no lap was told, so that nothing is exported or reported", key)

    def open(self) -> list[SessionKey]:
        """Sessions of which something is still to be done.

        Raises:
            StoreError: the store cannot be read.
        """
        waiting = self.store.read("monitor_parts", health=WAITING)["part"]
        names = [str(part).partition(" ") for part in waiting]
        return list(dict.fromkeys(SessionKey.read(key) for kind, _, key in names if kind in (EXPORT, REPORT)))

    async def follow_up(self, key: SessionKey) -> None:
        """Export and report what is waiting; what fails is told and not tried again."""
        waiting = self.store.read("monitor_parts", part=[f"{EXPORT} {key}", f"{REPORT} {key}"], health=WAITING)
        due = dict(zip(waiting["part"], waiting["detail"], strict=True))
        if f"{EXPORT} {key}" in due:
            await self._export(key, Path(due[f"{EXPORT} {key}"]))
        if f"{REPORT} {key}" in due:
            await self._report(key)

    async def _export(self, key: SessionKey, path: Path) -> None:
        part = f"{EXPORT} {key}"
        try:
            # A file that is there is whole: the monitor was ended between writing and saying so.
            if not path.exists():
                await asyncio.to_thread(write_race, self.store, key, path.parent, _moment(path))
        except RacelabError as error:
            self.parts.say(part, FAILED, f"{error}; `racelab export race {key}` does it again")
            return
        self.parts.say(part, OK, str(path), loud=True)

    async def _report(self, key: SessionKey) -> None:
        part = f"{REPORT} {key}"
        try:
            page = await self.worker.run("report", session=str(key))
        except RacelabError as error:
            self.parts.say(part, FAILED, f"{error}; `racelab run reports/race -p session {key}` does it again")
            return
        self.parts.say(part, OK, page, loud=True)


def is_closed(store: Store, key: SessionKey) -> bool:
    """Whether a monitor has closed the session, or it was ingested whole: nobody is to follow it then.

    Raises:
        StoreError: the store cannot be read.
    """
    rows = store.read("sessions", key)
    if rows.empty:
        return False
    return not is_running(store.digest(key)) or bool(rows["status"].eq(FINISHED).any())


def _moment(path: Path) -> datetime:
    """The instant in the name of an export."""
    return datetime.strptime("_".join(path.stem.rsplit("_", 2)[-2:]) + "+0000", "%Y%m%d_%H%M%S%z")
