"""What other processes do in the tests of the monitor's lease."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from typing import Any

from racelab.runs.monitor import lease
from racelab.runs.monitor.monitor import Monitor
from racelab.settings import get_settings
from racelab.store.open import open_store

NOW = datetime(2031, 6, 14, 14, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ROUNDS = 12


def take_rounds(url: str, holder: str, barrier: Any) -> list[int]:
    """Ask for a new lease in each round, at the same time as somebody else; the rounds in which it was given."""
    won = []
    with open_store(url) as store:  # type: ignore[attr-defined]
        for number in range(ROUNDS):
            barrier.wait(60)
            if lease.take(store, holder, NOW + MINUTE * number, MINUTE):
                won.append(number)
    return won


def monitor_for_ever(url: str, data: str) -> None:
    """A monitor without races, until somebody ends the process."""
    os.environ |= {"RACELAB_DATA": data, "RACELAB_MONITOR_SERIES": "wec", "RACELAB_MONITOR_LEASE_S": "2"}
    get_settings.cache_clear()
    with open_store(url) as store:  # type: ignore[attr-defined]
        asyncio.run(Monitor(store, get_settings()).run(asyncio.Event()))
