"""GR Cup loggers: the times at which a car's own unit saw its laps begin and end.

Two layouts of `lap_start`, `lap_end` and `lap_time` lie about: quoted, with a ``value`` (a lap time in ms, or the
instant again), and one without it, with ``original_vehicle_id`` and ``vehicle_number``. ``vehicle_id`` names chassis
and number: ``GR86-037-03``. ``lap`` 32768 is a counter that was not set. ``meta_event`` is round and date of the
meeting: ``I_R02_2025-04-27``. The units' clocks run apart from the timing system's by 0.2 s at Sonoma and by some
seconds at COTA, so laps come from the timing system and these files give the meeting and the day.

Who is car 3: the anonymised lap files of COTA and Sonoma write ``3`` for two cars. Their cars stand in the text
order of their numbers, and the first 3 stands before 11, where ``03`` belongs; the second stands after 21. The
official results of Indianapolis and the championship table write 03 (Karl Forman) and 3 (Jason Kos, Legends), and
in COTA and Sonoma the second 3 is the one in the Legends group. So the first is 03. (The numbers in `vehicle_id` are
the other way round: by lap end times, chassis 037, named 03, is the Legends car, in Indianapolis too.)
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

from racelab.domain.records import Repair
from racelab.domain.time import to_utc
from racelab.errors import BadInput
from racelab.sources.textfile import TextTable

LOGGER_COLUMNS = frozenset({"meta_event", "meta_session", "timestamp", "vehicle_id", "outing", "lap"})
UNSET_LAP = "32768"
_MEETING = re.compile(r"_R(\d{2})_(\d{4}-\d{2}-\d{2})$")


@dataclass(frozen=True, slots=True)
class LoggerLap:
    """One row: at this instant the unit of this vehicle began or ended this lap."""

    vehicle_id: str
    lap_number: int
    time_utc: datetime
    lap_time_ms: int | None = None


@dataclass(slots=True)
class LoggerFile:
    """One logger file: the meeting that it names, its laps, and what was left out."""

    round: int | None = None
    last_day: date | None = None
    laps: list[LoggerLap] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)


def read_logger(table: TextTable) -> LoggerFile:
    """The laps of one logger file of either layout; rows with an unset lap counter are left out, by name.

    Raises:
        BadInput: a value is not what its column holds.
    """
    found = LoggerFile()
    unset: Counter[str] = Counter()
    for line, row in table.records():
        meeting = _MEETING.search(row["meta_event"])
        if meeting:
            found.round, found.last_day = int(meeting[1]), date.fromisoformat(meeting[2])
        if row["lap"] == UNSET_LAP:
            unset[row["vehicle_id"]] += 1
            continue
        try:
            found.laps.append(_lap(row))
        except ValueError as error:
            raise BadInput(f"{table.path}, line {line}: {error}: the file is damaged, fetch it again") from error
    found.repairs = [_left_out(table, vehicle, count) for vehicle, count in sorted(unset.items())]
    return found


def _lap(row: dict[str, str]) -> LoggerLap:
    value = row.get("value", "")
    moment = to_utc(datetime.fromisoformat(row["timestamp"].replace("Z", "+00:00")))
    return LoggerLap(row["vehicle_id"], int(row["lap"]), moment, int(value) if value.isdecimal() else None)


def _left_out(table: TextTable, vehicle: str, count: int) -> Repair:
    reason = f"the unit's lap counter was not set; {count} row{'s' if count > 1 else ''} left out"
    return Repair("unset_lap_counter", "laps", f"{vehicle} in {table.path.name}", "lap_number", UNSET_LAP, None, reason)
