"""The way from records to a state: one reducer for each kind of record."""

from collections.abc import Callable, Iterable
from typing import Any

from racelab.domain.entries import Entry
from racelab.domain.flags import RaceControlMessage, SessionStatus, TrackStatus
from racelab.domain.laps import Lap, PitStop
from racelab.domain.records import Clock, Record, Timing, Weather
from racelab.live.reducers import cars, laps, session, stops
from racelab.live.reducers.standings import settle
from racelab.live.state import RaceState

# Results and repairs are the store's: a live state shows the race, not its classification.
_REDUCERS: dict[type, Callable[[RaceState, Any], RaceState]] = {
    Entry: cars.enter,
    Timing: cars.time,
    Lap: laps.complete,
    PitStop: stops.stop,
    TrackStatus: session.flag,
    SessionStatus: session.status,
    RaceControlMessage: session.message,
    Weather: session.weather,
    Clock: session.clock,
}


def initial_state(*, is_race: bool = True) -> RaceState:
    """The state before the first record."""
    return RaceState(is_race=is_race)


def reduce(state: RaceState, record: Record) -> RaceState:
    """The state after a record, with places and gaps left as they were until `settle`."""
    reducer = _REDUCERS.get(type(record))
    return reducer(state, record) if reducer else state


def fold(state: RaceState, records: Iterable[Record]) -> RaceState:
    """The state after the records, with order, gaps and intervals."""
    for record in records:
        state = reduce(state, record)
    return settle(state)
