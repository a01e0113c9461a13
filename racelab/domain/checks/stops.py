"""Pit stops: begin and end, their laps, and their order."""

from racelab.domain.checks.ledger import Ledger
from racelab.domain.laps import PitStop

_TIMES, _LAP, _ORDER = "stop_times", "stop_of_no_lap", "stop_order"
# Recordings tell the length in whole seconds, and see the two ends some tenths late.
_SPARE_MS = 2_000


def check_stop_times(ledger: Ledger) -> None:
    """Leave out an end that is before the begin; name a length that is not the time between the two."""
    stops = ledger.data.pit_stops
    ledger.look(_TIMES, sum(stop.in_ms is not None and stop.out_ms is not None for stop in stops))
    for at, stop in enumerate(stops):
        if stop.in_ms is None or stop.out_ms is None:
            continue
        if stop.out_ms < stop.in_ms:
            ledger.change(_TIMES, "pit_stops", at, {"out_ms": None}, "the stop does not end before it begins")
        elif stop.duration_ms is not None and abs(stop.out_ms - stop.in_ms - stop.duration_ms) > _SPARE_MS:
            ledger.note(_TIMES, "pit_stops", at, "duration_ms", "the length is not the time between begin and end")


def note_stops(ledger: Ledger) -> None:
    """Name stops of laps that are not there, and stops that begin before the one before them ended."""
    data = ledger.data
    laps = {(lap.car_number, lap.lap_number) for lap in data.laps}
    if laps:
        ledger.look(_LAP, len(data.pit_stops))
    ledger.look(_ORDER, len(data.pit_stops))
    last: dict[str, PitStop] = {}
    for at, stop in sorted(enumerate(data.pit_stops), key=lambda pair: pair[1].lap_number):
        if laps and (stop.car_number, stop.lap_number) not in laps:
            ledger.note(_LAP, "pit_stops", at, "lap_number", "the lap of the stop is not there")
        before = last.get(stop.car_number)
        ended = None if before is None else before.out_ms if before.out_ms is not None else before.in_ms
        if ended is not None and stop.in_ms is not None and stop.in_ms < ended:
            ledger.note(_ORDER, "pit_stops", at, "in_ms", "the stop begins before the one before it ended")
        last[stop.car_number] = stop
