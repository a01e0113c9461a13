"""How far a car is behind another one, in the session's own terms."""

from dataclasses import dataclass

from racelab.analysis.gaps import UNKNOWN, Gap, gap
from racelab.domain.flags import Flag
from racelab.live.state import OUT_LAP, RUNNING, CarLedger, CarState, RaceState

NOTHING = CarLedger()


@dataclass(frozen=True, slots=True)
class Distances:
    """Gaps between the cars of one state; ``winner_ms`` is when the winner finished, null before the chequered flag."""

    state: RaceState
    winner_ms: int | None

    @classmethod
    def of(cls, state: RaceState) -> "Distances":
        """The distances of this state."""
        return cls(state, _winner_ms(state) if state.flag is Flag.CHEQUERED else None)

    def between(self, ahead: CarState | None, car: CarState) -> Gap:
        """In a race by the crossings of the line, in other sessions by the best laps; unknown where nobody is ahead."""
        if ahead is None:
            return UNKNOWN
        if not self.state.is_race:
            return _between_bests(ahead, car)
        front, own = (self.state.ledger.get(one.car_number, NOTHING) for one in (ahead, car))
        is_final = self._is_done(front, ahead) and self._is_done(own, car)
        return gap(front.laps, front.times, own.laps, own.times, is_final=is_final)

    def _is_done(self, ledger: CarLedger, car: CarState) -> bool:
        """Whether all the car's laps are in: it has crossed since the winner did, or no longer comes round."""
        if self.winner_ms is None:
            return False
        return bool(ledger.times and ledger.times[-1] >= self.winner_ms) or car.status not in (RUNNING, OUT_LAP)


def _winner_ms(state: RaceState) -> int | None:
    """When the car with the most laps ended them: the flag itself is seen a little after him."""
    most = max((ledger.laps[-1] for ledger in state.ledger.values() if ledger.laps), default=0)
    return min((one.times[-1] for one in state.ledger.values() if one.laps and one.laps[-1] == most), default=None)


def _between_bests(ahead: CarState, car: CarState) -> Gap:
    if ahead.best_lap_ms is None or car.best_lap_ms is None or car.best_lap_ms < ahead.best_lap_ms:
        return UNKNOWN
    return Gap(car.best_lap_ms - ahead.best_lap_ms, 0)
