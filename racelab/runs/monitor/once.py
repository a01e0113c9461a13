"""One look of the monitor: what it sees, what it would do, and the little that it does at once."""

import asyncio
from datetime import timedelta
from typing import Any

from racelab.runs.monitor import lease, status
from racelab.runs.monitor.monitor import Monitor
from racelab.runs.monitor.warmup import warm_up

_UPCOMING = 5


async def look_once(monitor: Monitor) -> dict[str, Any]:
    """Look at calendar, store and folder without following anything.

    What is left to be done after a race that is over (its export, its report) is done, unless another monitor runs.

    Returns:
        `monitor_status` with ``would_follow`` (races that are on and followed by nobody), ``upcoming`` (the next few
        races), and ``did`` (what was done now, in words).

    Raises:
        StoreError: the store cannot be read or written.
    """
    now = monitor.clock.now()
    length = timedelta(seconds=monitor.settings.monitor_lease_s)
    alone = await asyncio.to_thread(lease.take, monitor.store, monitor.holder, monitor.wall.now(), length)
    try:
        await monitor.almanac.refresh(now, monitor.parts)
        did: list[str] = []
        if alone:
            warm_up(monitor.store, monitor.settings.data, monitor.parts)
            did = await monitor.finish_left()
        following = monitor.due(now)
        monitor.last_check = now
        said = status.monitor_status(monitor.store, monitor.wall.now())
        own = monitor.document() if alone else {}
        # The monitor that runs follows these already.
        active = set() if alone else {one["session"] for one in said["active_sessions"]}
        following = [one for one in following if str(one.key) not in active]
    finally:
        if alone:
            await asyncio.to_thread(lease.give_back, monitor.store, monitor.holder)
            await monitor.close()
    ahead = [one for one in monitor.almanac.agenda.planned if one.latest > now]
    return {
        **said,
        **own,
        **({"running": False, "holder": None, "since": None, "next_check": None} if alone else {}),
        "would_follow": [status.race_document(one, now) for one in following],
        "upcoming": [status.race_document(one, now) for one in ahead[:_UPCOMING]],
        "did": did,
    }
