"""When a session started and how long its lap is, from whatever tells."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from racelab.domain.time import parse_duration, to_utc
from racelab.errors import BadInput
from racelab.sources.alkamel import specification as spec
from racelab.sources.alkamel.naming import Named
from racelab.sources.alkamel.tables import Tables
from racelab.sources.alkamel.weather import first_reading
from racelab.sources.hints import Hints
from racelab.sources.textfile import TextTable

_QUARTER_S = 900


def start_of(named: Named, tables: Tables, hints: Hints) -> datetime | None:
    """The race clock's zero in UTC: the hint, else local time of day, day and zone, else the calendar's start."""
    if hints.start:
        return to_utc(hints.start)
    clock = _clock_zero(tables.laps) if tables.laps else None
    reading = next((moment for table in tables.weather if (moment := first_reading(table))), None)
    if clock is None:
        return _without_clock(named)
    if named.circuit and named.day:
        midnight = datetime(named.day.year, named.day.month, named.day.day, tzinfo=ZoneInfo(named.circuit.timezone))
        return (midnight + timedelta(milliseconds=clock)).astimezone(UTC)
    return _by_weather(clock, reading) if reading else None


def _without_clock(named: Named) -> datetime | None:
    """The scheduled start of a session without laps: the calendar's, else that in the file's name."""
    if named.held and named.held.start_utc:
        return named.held.start_utc
    if named.stamp and named.circuit:
        return named.stamp.replace(tzinfo=ZoneInfo(named.circuit.timezone)).astimezone(UTC)
    return None


def _by_weather(clock_ms: int, reading: datetime) -> datetime:
    """The zero nearest to the first reading, in a zone that is whole quarters of an hour from UTC."""
    since_midnight = reading.hour * 3600 + reading.minute * 60 + reading.second
    offset = round((since_midnight - clock_ms / 1000) / _QUARTER_S) * _QUARTER_S
    midnight = reading.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(seconds=offset, milliseconds=clock_ms)


def _clock_zero(table: TextTable) -> int | None:
    """Local time of day, in ms, of the race clock's zero: HOUR less ELAPSED, which all cars agree on."""
    if spec.HOUR not in table.header:
        return None
    hour_at, elapsed_at, lap_at = (table.column(name) for name in (spec.HOUR, spec.ELAPSED, spec.LAP_NUMBER))
    zeros: Counter[int] = Counter()
    for line, row in zip(table.lines, table.rows, strict=True):
        if row[lap_at].strip() == "1" and row[hour_at].strip():
            try:
                zeros[(parse_duration(row[hour_at]) - parse_duration(row[elapsed_at])) % 86_400_000] += 1
            except ValueError as error:
                raise BadInput(f"{table.path}, line {line}: {error}: the file is damaged, fetch it again") from error
    return zeros.most_common(1)[0][0] if zeros else None


def lap_length(tables: Tables) -> float | None:
    """The length of a lap in whole metres, from lap times and average speeds: KPH has one decimal."""
    for table, time, speed in [
        (tables.laps, spec.LAP_TIME, spec.KPH),
        *((t, "FL_TIME", "FL_KPH") for t in tables.results),
    ]:
        if table is None or not {time, speed} <= set(table.header):
            continue
        time_at, speed_at = table.column(time), table.column(speed)
        try:
            lengths = [
                parse_duration(row[time_at]) * float(row[speed_at]) / 3600
                for row in table.rows[:2000]
                if row[time_at].strip() and row[speed_at].strip()
            ]
        except ValueError:
            continue
        if lengths:
            return float(round(median(lengths)))
    return None
