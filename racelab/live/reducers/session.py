"""The session as a whole: flag, status, messages, weather, clock."""

from dataclasses import replace

from racelab.domain.flags import Flag, RaceControlMessage, SessionStatus, TrackStatus
from racelab.domain.records import Clock, Weather
from racelab.live.reducers.change import at, evolved
from racelab.live.state import RaceState

KEPT_MESSAGES = 50
# A long race has some hundred; the bound is against a source that does not stop.
KEPT_FLAGS = 1_000


def flag(state: RaceState, status: TrackStatus) -> RaceState:
    """The track is under another flag; the chequered one of a race stays, whatever the track is like afterwards."""
    now = at(state, status.time_ms)
    if status.flag is state.flag or (state.is_race and state.flag is Flag.CHEQUERED):
        return replace(state, time_ms=now)
    flags = (*state.flags, status)[-KEPT_FLAGS:]
    return replace(state, flag=status.flag, flag_since_ms=status.time_ms, flags=flags, time_ms=now)


def status(state: RaceState, change: SessionStatus) -> RaceState:
    """The session itself changed its state."""
    return replace(state, status=change.status, time_ms=at(state, change.time_ms))


def message(state: RaceState, said: RaceControlMessage) -> RaceState:
    """Race control spoke; a message told again replaces its earlier form.

    Formula 1 tells the chequered flag here only: its track status stays as it was.
    """
    if (said.flag or "").casefold() == Flag.CHEQUERED and said.time_ms is not None:
        state = flag(state, TrackStatus(said.time_ms, Flag.CHEQUERED))
    others = (one for one in state.messages if one.sequence != said.sequence)
    kept = sorted((*others, said), key=lambda one: one.sequence)[-KEPT_MESSAGES:]
    return replace(state, messages=tuple(kept), time_ms=at(state, said.time_ms))


def weather(state: RaceState, reading: Weather) -> RaceState:
    """The weather station's newest reading."""
    return replace(state, weather=reading, time_ms=at(state, reading.time_ms))


def clock(state: RaceState, shown: Clock) -> RaceState:
    """The race clock as the provider shows it."""
    changed = {
        "elapsed_ms": shown.elapsed_ms, "remaining_ms": shown.remaining_ms, "remaining_laps": shown.remaining_laps,
        "time_ms": at(state, shown.time_ms),
    }  # fmt: skip
    return evolved(state, changed)
