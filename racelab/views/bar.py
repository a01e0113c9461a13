"""The bar above a live page: event, flag, clock, weather and the age of the data."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import anywidget
import traitlets

from racelab.domain.flags import Flag
from racelab.domain.time import MISSING, format_clock
from racelab.domain.vocabulary import COLUMNS
from racelab.views.theme import css_variables

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class SessionNames:
    """What the bar says about a session whatever happens in it."""

    event: str
    session: str
    start_utc: datetime | None = None
    timezone: str | None = None
    scheduled_laps: int | None = None


_STORED = ({"label": "Data", "value": "stored, not live", "title": "The end of a stored session; nothing more comes"},)


class Bar(anywidget.AnyWidget):
    """The bar; its whole state is one small trait."""

    _esm = (_HERE / "bar.js").read_text(encoding="utf-8")
    _css = css_variables() + (_HERE / "bar.css").read_text(encoding="utf-8")
    state = traitlets.Dict().tag(sync=True)


def bar_state(names: SessionNames, state: Any, age_ms: int | None) -> dict[str, Any]:
    """What the bar shows of a `live.state.RaceState`; ``age_ms`` is how old the state is, None for a stored one."""
    shown: dict[str, Any] = {"event": names.event, "session": names.session}
    if state is None:
        return {**shown, "flag": "", "flag_label": "No live data", "facts": []}
    if age_ms is None and state.flag is not Flag.CHEQUERED:
        # Not every source tells the chequered flag; the last flag before it would look as if the session still ran.
        return {**shown, "flag": "", "flag_label": "Session over", "facts": [*_facts(names, state), *_STORED]}
    flag = state.flag
    since = state.flag_since_ms
    return {
        **shown,
        "flag": flag.value if flag else "",
        "flag_label": flag.label if flag else "No flag yet",
        "flag_since": f"since {format_clock(since)}" if flag and since is not None else "",
        "facts": [*_facts(names, state), *(_STORED if age_ms is None else ())],
        "age_ms": age_ms,
        "final": is_final(state),
    }


def is_final(state: Any) -> bool:
    """Whether nothing more is to come: every car that is still running has taken the chequered flag."""
    running = [car for car in state.cars.values() if car.status in (None, "running", "pit", "out_lap")]
    ended = (state.status or "").lower() in ("finished", "finalised", "ends")
    return ended or (state.flag is Flag.CHEQUERED and not running)


def _facts(names: SessionNames, state: Any) -> list[dict[str, str]]:
    facts = [_fact("Elapsed", format_clock(state.elapsed_ms), "Race time")]
    if state.remaining_ms is not None:
        facts.append(_fact("To go", format_clock(state.remaining_ms), "Time to the end of the session"))
    facts.append(_fact("Lap", _laps(names, state), "Laps completed by the leader"))
    if state.remaining_laps is not None:
        facts.append(_fact("Laps to go", str(state.remaining_laps), "Laps to the end of the session"))
    weather = state.weather
    for key in ("air_c", "track_c"):
        value = getattr(weather, key, None)
        if value is not None:
            facts.append(_fact(COLUMNS[key].heading, f"{value:.1f} °C", COLUMNS[key].description))
    local = local_time(names, state.time_ms)
    if local:
        facts.append(_fact("At the track", local, "Time of day at the circuit"))
    return facts


def local_time(names: SessionNames, time_ms: int) -> str | None:
    """Time of day at the circuit with its zone, such as ``14:05 EDT``; None where the store lacks either."""
    if names.start_utc is None or not names.timezone:
        return None
    try:
        zone = ZoneInfo(names.timezone)
    except (KeyError, ValueError):
        return None
    return (names.start_utc + timedelta(milliseconds=time_ms)).astimezone(zone).strftime("%H:%M %Z")


def _laps(names: SessionNames, state: Any) -> str:
    laps = max((car.laps for car in state.cars.values() if car.laps is not None), default=None)
    if laps is None:
        return MISSING
    return f"{laps} / {names.scheduled_laps}" if names.scheduled_laps else str(laps)


def _fact(label: str, value: str, title: str) -> dict[str, str]:
    return {"label": label, "value": value, "title": title}
