"""The health of each part of the monitor, in the store for everyone to see."""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from racelab.errors import StoreError
from racelab.live.clock import Clock
from racelab.store.protocol import Store

log = logging.getLogger("racelab")
OK, WAITING, WARNING, FAILED, OFF = "ok", "waiting", "warning", "failed", "off"
# What is the same is written again so often, so that a reader sees that somebody still looks.
_AGAIN = timedelta(seconds=60)


@dataclass(slots=True)
class Part:
    """A part's health, in words why, and since when."""

    health: str
    detail: str
    since: datetime
    updated: datetime


@dataclass(slots=True)
class Parts:
    """The parts as they were said last; ``store`` may fail, the monitor goes on then."""

    store: Store
    clock: Clock
    held: dict[str, Part] = field(default_factory=dict)

    def say(self, part: str, health: str, detail: str = "", *, loud: bool | None = None) -> None:
        """A part's health now; a change for the worse is logged, every change where it is ``loud``, none where not."""
        now, before = self.clock.now(), self.held.get(part)
        is_new = before is None or before.health != health
        if before is not None and not is_new and before.detail == detail and now - before.updated < _AGAIN:
            return
        since = now if before is None or is_new else before.since
        self.held[part] = Part(health, detail, since, now)
        if is_new and health in (WARNING, FAILED) and loud is not False:
            log.warning("monitor: %s: %s", part, detail)
        elif loud and (before is None or before.detail != detail):
            log.info("monitor: %s: %s", part, detail)
        self._write(part)

    def forget(self, parts: Iterable[str]) -> None:
        """Parts that are no longer there."""
        for part in parts:
            self.held.pop(part, None)
            try:
                self.store.delete("monitor_parts", part=part)
            except StoreError as error:
                log.warning("monitor: %s", error)

    def _write(self, part: str) -> None:
        said = self.held[part]
        row = {
            "part": part, "health": said.health, "detail": said.detail or None, "since_utc": said.since,
            "updated_utc": said.updated,
        }  # fmt: skip
        try:
            self.store.upsert("monitor_parts", [row])
        except StoreError as error:
            log.warning("monitor: the health of %s is not written: %s", part, error)


def as_detail(document: dict[str, Any]) -> str:
    """A part's detail where it is more than words: JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
