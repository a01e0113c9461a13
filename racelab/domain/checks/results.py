"""Results against themselves and against the laps."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

from racelab.domain.checks.ledger import Ledger
from racelab.domain.laps import Lap, Result, ResultKind
from racelab.domain.records import SessionData
from racelab.errors import BadInput

_PLACES, _ORDER, _LAPS, _BEST, _CUT = "result_places", "result_order", "result_laps", "best_lap", "cut_race"
# A race that was stopped early has less of its schedule; one that ran to its end has a lap or two more or less.
_SHORT = 0.9
_REFUSED = 0.5
Placed = list[tuple[int, Result]]


def note_results(ledger: Ledger) -> None:
    """Name places that are doubled or left out, and an order that laps and times do not bear out."""
    results = ledger.data.results
    ledger.look(_PLACES, sum(result.position is not None for result in results))
    for kind in dict.fromkeys(result.kind for result in results):
        placed = [(at, r) for at, r in enumerate(results) if r.kind is kind and r.position is not None]
        placed.sort(key=lambda pair: pair[1].position or 0)
        _note_places(ledger, placed)
        if ledger.data.session.key.is_race:
            _note_order(ledger, placed)


def _note_places(ledger: Ledger, placed: Placed) -> None:
    counts = Counter(result.position for _, result in placed)
    for at, result in placed:
        position = result.position or 0
        if counts[position] > 1:
            ledger.note(_PLACES, "results", at, "position", "another car has the same place")
        elif position > 1 and position - 1 not in counts:
            ledger.note(_PLACES, "results", at, "position", "the place before this one is left out")


def _note_order(ledger: Ledger, placed: Placed) -> None:
    ledger.look(_ORDER, len(placed))
    for (_, ahead), (at, behind) in pairwise(placed):
        if ahead.laps is None or behind.laps is None or _is_out(behind) or _is_out(ahead):
            continue
        if ahead.laps < behind.laps:
            ledger.note(_ORDER, "results", at, "laps", "the car has more laps than the one a place ahead")
        elif ahead.laps == behind.laps and (ahead.total_time_ms or 0) > (behind.total_time_ms or ahead.total_time_ms or 0):  # fmt: skip
            ledger.note(_ORDER, "results", at, "total_time_ms", "the car took less time than the one a place ahead")


def _is_out(result: Result) -> bool:
    """Whether the stewards put the car behind all others."""
    return "disq" in (result.status or "").lower() or (result.status or "").lower() in ("dsq", "ex", "excluded")


def note_laps_of_results(ledger: Ledger) -> None:
    """Name results with other laps, or another best lap, than the laps that are there.

    A last lap without a time may have ended on the way into the pits, or may be one that FastF1 adds: a result may
    count it or not.
    """
    data = ledger.data
    if all(result.kind is ResultKind.ROAD for result in data.results):
        return
    done, best = laps_done(data.laps), dict(_best(data.laps))
    for at, result in enumerate(data.results):
        if result.kind is ResultKind.ROAD or result.car_number not in done:
            continue
        timed, last = done[result.car_number]
        if data.session.key.is_race and result.laps is not None:
            ledger.look(_LAPS, 1)
            if not timed <= result.laps <= last:
                ledger.note(_LAPS, "results", at, "laps", "the car has another number of laps in the lap data")
        if result.best_lap_ms is not None and result.car_number in best:
            ledger.look(_BEST, 1)
            if result.best_lap_ms != best[result.car_number]:
                ledger.note(_BEST, "results", at, "best_lap_ms", "the laps have another best time of the car")


def laps_done(laps: Iterable[Lap]) -> dict[str, tuple[int, int]]:
    """Each car's last timed lap and its last lap."""
    done: dict[str, tuple[int, int]] = {}
    for lap in laps:
        timed, last = done.get(lap.car_number, (0, 0))
        own = lap.lap_number if lap.lap_time_ms is not None else 0
        done[lap.car_number] = max(timed, own), max(last, lap.lap_number)
    return done


def _best(laps: Iterable[Lap]) -> Iterator[tuple[str, int]]:
    best: dict[str, int] = {}
    for lap in laps:
        if lap.lap_time_ms is not None and not lap.deleted:
            best[lap.car_number] = min(best.get(lap.car_number, lap.lap_time_ms), lap.lap_time_ms)
    yield from best.items()


def check_length(ledger: Ledger) -> None:
    """Name a race whose laps end early; refuse one of which the official results have more than twice the laps.

    Raises:
        BadInput: half the laps of the results are not there.
    """
    data = ledger.data
    if not data.session.key.is_race or not data.laps:
        return
    ledger.look(_CUT, 1)
    _refuse_cut(data)
    most, scheduled = max(ledger.column("laps", "lap_number")), data.session.scheduled_laps
    if scheduled and most < _SHORT * scheduled:
        text = f"{most} of {scheduled} laps"
        reason = "the race, or what is known of it, is shorter than scheduled"
        ledger.write(_CUT, "sessions", str(data.session.key), "scheduled_laps", (text, text), reason)


def _refuse_cut(data: SessionData) -> None:
    told = [r for r in data.results if r.kind is ResultKind.OFFICIAL and r.laps]
    if not told:
        return
    done = laps_done(data.laps)
    wanted, held = sum(r.laps or 0 for r in told), sum(done.get(r.car_number, (0, 0))[1] for r in told)
    if held < _REFUSED * wanted:
        raise BadInput(
            f"{data.provenance.location}: {data.session.key} has {held} laps of the {wanted} that its official results "
            "count: the laps are cut, fetch them again"
        )
