"""One session's files to one session's data."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from racelab.domain.entries import Driver, Entry
from racelab.domain.flags import Flag, SessionStatus, TrackStatus
from racelab.domain.laps import ResultKind
from racelab.domain.records import Provenance, SessionData
from racelab.domain.sessions import Session
from racelab.domain.time import parse_duration, to_utc
from racelab.errors import BadInput
from racelab.sources import grcup
from racelab.sources.alkamel import order, repairs
from racelab.sources.alkamel import specification as spec
from racelab.sources.alkamel.files import SessionFiles
from racelab.sources.alkamel.laps import LapParser
from racelab.sources.alkamel.naming import Clues, Named, name_session
from racelab.sources.alkamel.results import ResultsFile, read_results
from racelab.sources.alkamel.weather import first_reading, read_weather
from racelab.sources.hints import Hints
from racelab.sources.textfile import TextTable, read_raw, read_table, to_text

VERSION = "1"
_DAY = timedelta(days=1)
_QUARTER_S = 900


@dataclass(slots=True)
class _Tables:
    """The files of a session as tables, and the digest of their bytes."""

    digest: str
    laps: TextTable | None = None
    results: list[TextTable] = field(default_factory=list)
    weather: list[TextTable] = field(default_factory=list)
    logger: list[TextTable] = field(default_factory=list)


def read_session(files: SessionFiles, hints: Hints) -> SessionData:
    """Everything that the files tell of their session.

    Raises:
        BadInput: a file is damaged or none of these, or the session cannot be named.
    """
    tables = _tables(files, hints)
    loggers = [grcup.read_logger(table) for table in tables.logger]
    shared = repairs.split_shared_numbers(tables.laps) if tables.laps else []
    named = name_session(files, _clues(tables, loggers), hints)
    start = _start(named, tables, hints)
    data = SessionData(
        named.event, Session(named.key), Provenance("alkamel", str(files.main), tables.digest, VERSION), repairs=shared
    )
    data.repairs += [repair for logger in loggers for repair in logger.repairs]
    if tables.laps:
        _add_laps(data, tables.laps)
    _add_results(data, tables)
    for table in tables.weather:
        data.weather, needed = read_weather(table, start)
        data.repairs += needed
    _complete(data, tables, named, start)
    return data


def _tables(files: SessionFiles, hints: Hints) -> _Tables:
    """Read every file once; an empty weather file is one that is not there."""
    paths = [path for path in (files.laps, *files.results, *files.weather, *files.logger) if path]
    raw = {path: read_raw(path) for path in sorted(paths)}
    digest = hashlib.sha256(b"".join(raw.values()))
    if hints.start or hints.circuit:
        digest.update(repr((hints.start, hints.circuit)).encode())
    tables = _Tables(digest.hexdigest())
    tables.laps = read_table(files.laps, raw[files.laps]) if files.laps else None
    tables.results = [read_table(path, raw[path], least=spec.LEAST_RESULT_COLUMNS) for path in files.results]
    tables.weather = [read_table(path, raw[path]) for path in files.weather if to_text(path, raw[path]).strip()]
    tables.logger = [read_table(path, raw[path], whole_lines=False) for path in files.logger]
    if tables.laps:
        LapParser(tables.laps.header, tables.laps.path)
    _check_headers(tables)
    return tables


def _check_headers(tables: _Tables) -> None:
    """Refuse a file whose name says more than its header holds."""
    known: list[tuple[TextTable, tuple[frozenset[str], ...], str]]
    known = [(table, (spec.RESULT_COLUMNS, spec.CLASS_RESULT_COLUMNS), "results") for table in tables.results]
    known += [(table, (spec.WEATHER_COLUMNS,), "weather") for table in tables.weather]
    for table, headers, what in known:
        if not any(set(table.header) >= names for names in headers):
            raise BadInput(f"{table.path}, line 1: this is not the header of an Al Kamel {what} file: fetch it again")


def _clues(tables: _Tables, loggers: list[grcup.LoggerFile]) -> Clues:
    classes: set[str] = set()
    makers: set[str] = set()
    columns: set[str] = set()
    for table in [*([tables.laps] if tables.laps else []), *tables.results]:
        columns.update(table.header)
        for name, words in ((spec.CLASS, classes), (spec.MANUFACTURER, makers), ("VEHICLE", makers)):
            if name in table.header:
                at = table.column(name)
                words.update({row[at].strip() for row in table.rows})
    meeting = next((logger.round for logger in loggers if logger.round is not None), None)
    first = next((moment for table in tables.weather if (moment := first_reading(table))), None)
    if first is None:
        day = next((logger.last_day for logger in loggers if logger.last_day), None)
        first = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None
    return Clues(frozenset(classes), frozenset(makers), frozenset(columns), first, meeting)


def _add_laps(data: SessionData, table: TextTable) -> None:
    """The laps, their stops, places and flags, and the order on the road of a race."""
    parser = LapParser(table.header, table.path)
    if not table.rows:
        raise BadInput(f"{table.path}, line 1: the file has a header and no laps: fetch it again")
    for line, row in zip(table.lines, table.rows, strict=True):
        data.add(parser.process(row, line))
    data.add(parser.finish())
    data.entries = _entries(table)
    classes = {entry.car_number: entry.car_class for entry in data.entries}
    data.track_status = order.track_status(data.laps)
    if data.session.key.is_race:
        order.set_positions(data.laps, classes)
        data.results = order.road_results(data.laps, classes)
        data.pit_stops = order.name_red_flag_stops(data.pit_stops, data.laps)
        data.session_status = _statuses(data)


def _entries(table: TextTable) -> list[Entry]:
    """The cars of a lap file with the drivers who drove, in the order of the file."""
    at = {name: table.header.index(name) for name in _ENTRY if name in table.header}
    number_at = table.column(spec.NUMBER)
    cars: dict[str, dict[str, str]] = {}
    seats: dict[str, dict[int, str]] = {}
    for row in table.rows:
        number = row[number_at].strip()
        if number not in cars:
            cars[number] = {name: row[index].strip() for name, index in at.items()}
            seats[number] = {}
        if spec.DRIVER_NAME in at and (seat := row[at[spec.DRIVER_NUMBER]].strip()):
            seats[number].setdefault(int(seat), row[at[spec.DRIVER_NAME]].strip())
    return [
        Entry(
            number, car.get(spec.CLASS) or None, car.get(spec.GROUP) or None, car.get(spec.TEAM) or None,
            car.get(spec.MANUFACTURER) or None,
            drivers=tuple(Driver(seat, name) for seat, name in sorted(seats[number].items()) if name),
        )
        for number, car in cars.items()
    ]  # fmt: skip


_ENTRY = (spec.DRIVER_NUMBER, spec.DRIVER_NAME, spec.CLASS, spec.GROUP, spec.TEAM, spec.MANUFACTURER)


def _add_results(data: SessionData, tables: _Tables) -> None:
    """Official and provisional results beside the road's, the full layout before the one by class."""
    last = {lap.car_number: lap for lap in data.laps}
    renamed = {r.before: r.after for r in data.repairs if r.rule == "shared_number" and r.before and r.after}
    found: dict[ResultKind, ResultsFile] = {}
    for table in sorted(tables.results, key=lambda table: "TOTAL_TIME" not in table.header):
        read = repairs.rename_results(read_results(table), last, renamed)
        found.setdefault(read.kind, read)
    for kind in (ResultKind.PROVISIONAL, ResultKind.OFFICIAL):
        if kind not in found:
            continue
        results, needed = repairs.with_penalties(found[kind].results, last)
        if tables.laps:
            needed += repairs.check_laps_of(tables.laps, results, last)
        data.results += results
        data.repairs += needed
        data.entries = _merged(data.entries, found[kind].entries)


def _merged(known: list[Entry], listed: list[Entry]) -> list[Entry]:
    """Each car with what either file tells; the results' words on drivers win, as they are fuller."""
    cars = {entry.car_number: entry for entry in known}
    for entry in listed:
        held = cars.get(entry.car_number, entry)
        drivers = {driver.seat: driver for driver in (*held.drivers, *entry.drivers)}
        cars[entry.car_number] = replace(
            held,
            car_class=held.car_class or entry.car_class,
            group=held.group or entry.group,
            team=held.team or entry.team,
            vehicle=entry.vehicle or held.vehicle,
            tyre_maker=entry.tyre_maker or held.tyre_maker,
            drivers=tuple(drivers[seat] for seat in sorted(drivers)),
        )
    return list(cars.values())


def _statuses(data: SessionData) -> list[SessionStatus]:
    """Started at the race clock's zero, finished where the first car takes the chequered flag."""
    flagged: Iterable[TrackStatus] = data.track_status
    ends = [status.time_ms for status in flagged if status.flag is Flag.CHEQUERED]
    return [SessionStatus(0, "started"), *(SessionStatus(end, "finished") for end in ends)]


def _start(named: Named, tables: _Tables, hints: Hints) -> datetime | None:
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


def _complete(data: SessionData, tables: _Tables, named: Named, start: datetime | None) -> None:
    """The session's own row, and the names of the parts that are not there."""
    end = max((lap.end_ms or 0 for lap in data.laps), default=None)
    data.session = Session(
        key=named.key,
        start_utc=start,
        end_utc=start + timedelta(milliseconds=end) if start and end else None,
        scheduled_ms=named.held.scheduled_ms if named.held and data.session.key.is_race else None,
        lap_length_m=_lap_length(tables) or (named.circuit.lap_length_m if named.circuit else None),
    )
    official = any(result.kind is not ResultKind.ROAD for result in data.results)
    has = {
        "laps": bool(data.laps), "results": official, "weather": bool(data.weather),
        "drivers": any(entry.drivers for entry in data.entries), "flags": bool(data.track_status),
    }  # fmt: skip
    data.missing = [name for name, there in has.items() if not there]


def _lap_length(tables: _Tables) -> float | None:
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
