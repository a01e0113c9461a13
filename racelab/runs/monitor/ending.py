"""When a race is over: pure functions of what was seen of it, so that every kind of end can be tried.

A race ends with the chequered flag and all running cars home. Where nobody tells the flag, it ends with its scheduled
length, the time that its clock stood still under red flags, and a margin, as soon as no car comes by any more.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from racelab.domain.flags import Flag
from racelab.live.state import OUT_LAP, RUNNING, CarState, RaceState
from racelab.runs.monitor.planned import Planned

# Words of providers for a session's own state.
_STARTED, _STOPPED = frozenset({"started", "resumed"}), frozenset({"aborted"})
_FINISHED, _FINAL = frozenset({"finished"}), frozenset({"finalised", "ends"})
# A car that has not come home so long after the flag does not come any more: the longest laps take 5 minutes.
_HOME = timedelta(minutes=10)
# What is told late (penalties, last laps) comes within this time of the last car.
_SETTLE = timedelta(minutes=2)
# Without a lap for so long nobody races.
_QUIET = timedelta(minutes=15)
# No delay and no stop of the clock makes a race longer than this beyond its length.
_LONGEST = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a race so far, beyond its present state; instants are those of the feed.

    ``began`` is when cars were first seen to race, ``stopped`` the time under red flags until ``at``, ``flagged``
    since when the race has been flagged off, ``home`` since when all cars have been home, ``lap_at`` when a car came
    by last, ``lines`` how many laps were known then, ``is_stopped`` whether it stood still.
    """

    planned: Planned
    at: datetime | None = None
    began: datetime | None = None
    stopped: timedelta = timedelta(0)
    flagged: datetime | None = None
    home: datetime | None = None
    lap_at: datetime | None = None
    lines: int = 0
    is_stopped: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a race is over, and why in words."""

    is_over: bool
    why: str


def observe(seen: Seen, state: RaceState, now: datetime) -> Seen:
    """What is seen at an instant that is not before the last one."""
    lines = sum(ledger.newest for ledger in state.ledger.values())
    flagged = (seen.flagged or now) if _is_flagged(state) else None
    home = (seen.home or now) if flagged is not None and not _late(state) else None
    passed = max(now - seen.at, timedelta(0)) if seen.at is not None else timedelta(0)
    return replace(
        seen, at=now, flagged=flagged, home=home, lines=lines,
        began=seen.began or (now if _has_begun(state, lines) else None),
        # The time since the last look belongs to the state that was seen then.
        stopped=seen.stopped + (passed if seen.is_stopped else timedelta(0)), is_stopped=_is_stopped(state),
        lap_at=now if lines > seen.lines else seen.lap_at,
    )  # fmt: skip


def is_over(state: RaceState, seen: Seen, now: datetime, margin: timedelta) -> Verdict:
    """Whether the race is over at an instant, for a state that `observe` has seen.

    Args:
        state: the race.
        seen: what was seen of it.
        now: the instant.
        margin: how long after its scheduled end a race without a flag is waited for.
    """
    if now < seen.planned.earliest:
        # A service may still show the session before.
        return Verdict(False, "it has not begun")
    if state.status in _FINAL and seen.lines:
        return Verdict(True, f"the timing calls it {state.status}")
    if seen.flagged is not None:
        if seen.home is not None and now - seen.home >= _SETTLE:
            return Verdict(True, "the chequered flag was shown and all running cars are home")
        if now - seen.flagged >= _HOME + _SETTLE:
            return Verdict(True, f"the chequered flag was shown; not home: {', '.join(_late(state)) or 'nobody'}")
        return Verdict(False, "the chequered flag is shown, cars are on their way home")
    return _by_length(state, seen, now, margin)


def deadline(seen: Seen, margin: timedelta) -> datetime:
    """When the race is over by its length, if no car comes by any more then."""
    begin = seen.planned.latest if seen.began is None else max(seen.began, seen.planned.earliest)
    return begin + seen.planned.length + seen.stopped + margin


def _by_length(state: RaceState, seen: Seen, now: datetime, margin: timedelta) -> Verdict:
    longest = seen.planned.latest + seen.planned.length + _LONGEST
    if now >= longest:
        return Verdict(True, f"{_LONGEST // timedelta(hours=1)} hours have passed since its scheduled end")
    if now < deadline(seen, margin):
        return Verdict(False, "it runs" if seen.began else "it has not begun")
    if _is_stopped(state):
        return Verdict(False, "it is stopped")
    if seen.lap_at is not None and now - seen.lap_at < _QUIET:
        return Verdict(False, "its scheduled length has passed, and cars still come by")
    if not seen.lines:
        return Verdict(True, "its scheduled length and the margin passed, and no lap was told")
    return Verdict(True, "its scheduled length and the margin passed without a chequered flag, and no car comes by")


def _has_begun(state: RaceState, lines: int) -> bool:
    """Cars race: laps are told, the provider says so, or its clock runs under green."""
    running = state.flag is Flag.GREEN and bool(state.elapsed_ms)
    return lines > 0 or state.status in _STARTED or running


def _is_flagged(state: RaceState) -> bool:
    return state.flag is Flag.CHEQUERED or state.status in _FINISHED


def _is_stopped(state: RaceState) -> bool:
    return state.flag is Flag.RED or state.status in _STOPPED


def _late(state: RaceState) -> list[str]:
    """The numbers of cars that still run and have not crossed the line since the winner did."""
    winner = _winner_ms(state)
    return [number for number, car in state.cars.items() if not _is_home(state, car, winner)]


def _is_home(state: RaceState, car: CarState, winner_ms: int | None) -> bool:
    if car.status not in (RUNNING, OUT_LAP, None):
        return True
    ledger = state.ledger.get(car.car_number)
    if ledger is None or not ledger.newest:
        # Named and never seen to complete a lap: nobody waits for it.
        return True
    return bool(winner_ms is not None and ledger.times and ledger.times[-1] >= winner_ms)


def _winner_ms(state: RaceState) -> int | None:
    """When the first of the cars with the most laps completed them, in session time."""
    most = max((one.laps[-1] for one in state.ledger.values() if one.laps), default=0)
    return min((one.times[-1] for one in state.ledger.values() if one.laps and one.laps[-1] == most), default=None)
