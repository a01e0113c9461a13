"""The monitor's status as anyone reads it: from the store, whichever process monitors."""

import json
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from racelab.runs.monitor import lease
from racelab.runs.monitor.planned import Planned
from racelab.store.protocol import Store

MONITOR = "monitor"


def race_document(planned: Planned, now: datetime) -> dict[str, Any]:
    """A planned race as JSON."""
    return {
        "session": str(planned.key), "series": planned.key.series.label, "name": planned.live.event.name,
        "track": planned.live.event.circuit, "start_time": _instant(planned.start), "date": planned.day.isoformat(),
        "start_verified": planned.is_verified,
        "starts_in_s": round((planned.start - now) / timedelta(seconds=1)) if planned.start else None,
        "length_s": round(planned.length / timedelta(seconds=1)), "source": planned.source,
    }  # fmt: skip


def monitor_status(store: Store, now: datetime) -> dict[str, Any]:
    """Whether a monitor runs, what it follows, what comes next, when it looked last, and the health of its parts.

    Returns:
        ``{running, holder, since, check_interval_s, last_check, next_check, next_race, active_sessions, notices,
        parts: [{part, health, detail, since, updated}]}``; what no monitor ever said is null or empty.

    Raises:
        StoreError: the store cannot be read.
    """
    held = lease.read(store)
    parts = _parts(store)
    said: dict[str, Any] = {}
    for part in parts:
        if part["part"] == MONITOR and part["detail"]:
            said = json.loads(part["detail"])
    running = held is not None and held.expires > now
    return {
        "running": running,
        "holder": held.holder if held is not None and running else None,
        "since": _instant(held.since) if held is not None and running else None,
        "check_interval_s": said.get("check_interval_s"),
        "last_check": said.get("last_check"),
        "next_check": said.get("next_check") if running else None,
        "next_race": said.get("next_race"),
        "active_sessions": said.get("active_sessions", []) if running else [],
        "notices": said.get("notices", []),
        "parts": [part for part in parts if part["part"] != MONITOR],
    }


def _parts(store: Store) -> list[dict[str, Any]]:
    frame = store.read("monitor_parts")
    plain = frame.astype(object).where(frame.notna(), None)
    return [
        {
            "part": row["part"], "health": row["health"], "detail": row["detail"], "since": _instant(row["since_utc"]),
            "updated": _instant(row["updated_utc"]),
        }
        for row in plain.to_dict("records")
    ]  # fmt: skip


def _instant(moment: datetime | pd.Timestamp | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
