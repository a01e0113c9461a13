"""One session's files to one session's data."""

from datetime import datetime, timedelta

from racelab.domain.flags import Flag, SessionStatus
from racelab.domain.laps import ResultKind
from racelab.domain.records import Provenance, SessionData
from racelab.domain.sessions import Session
from racelab.errors import BadInput
from racelab.sources import grcup
from racelab.sources.alkamel import order, repairs
from racelab.sources.alkamel.cars import entries_of, merged
from racelab.sources.alkamel.files import SessionFiles
from racelab.sources.alkamel.laps import LapParser
from racelab.sources.alkamel.naming import Named, name_session
from racelab.sources.alkamel.results import ResultsFile, read_results
from racelab.sources.alkamel.start import lap_length, start_of
from racelab.sources.alkamel.tables import Tables, clues_of, read_tables
from racelab.sources.alkamel.weather import read_weather
from racelab.sources.hints import Hints
from racelab.sources.textfile import TextTable

SOURCE = "alkamel"
VERSION = "1"


def read_session(files: SessionFiles, hints: Hints) -> SessionData:
    """Everything that the files tell of their session.

    Raises:
        BadInput: a file is damaged or none of these, or the session cannot be named.
    """
    tables = read_tables(files, hints)
    loggers = [grcup.read_logger(table) for table in tables.logger]
    shared = repairs.split_shared_numbers(tables.laps) if tables.laps else []
    named = name_session(files, clues_of(tables, loggers), hints)
    start = start_of(named, tables, hints)
    data = SessionData(
        named.event, Session(named.key), Provenance(SOURCE, str(files.main), tables.digest, VERSION), repairs=shared
    )
    data.repairs += [repair for logger in loggers for repair in logger.repairs]
    if tables.laps:
        _add_laps(data, tables.laps)
    _add_results(data, tables)
    for table in tables.weather[:1]:
        data.weather, needed = read_weather(table, start)
        data.repairs += needed
    _complete(data, tables, named, start)
    return data


def _add_laps(data: SessionData, table: TextTable) -> None:
    """The laps, their stops, places and flags, and the order on the road of a race."""
    parser = LapParser(table.header, table.path)
    for line, row in zip(table.lines, table.rows, strict=True):
        data.add(parser.process(row, line))
    data.add(parser.finish())
    data.entries = entries_of(table)
    classes = {entry.car_number: entry.car_class for entry in data.entries}
    data.track_status = order.track_status(data.laps)
    if data.session.key.is_race:
        order.set_positions(data.laps, classes)
        data.results = order.road_results(data.laps, classes)
        data.pit_stops = order.name_red_flag_stops(data.pit_stops, data.laps)
        data.session_status = _statuses(data)


def _add_results(data: SessionData, tables: Tables) -> None:
    """Official and provisional results beside the road's, the full layout before the one by class."""
    last = {lap.car_number: lap for lap in data.laps}
    renamed = {r.before: r.after for r in data.repairs if r.rule == "shared_number" and r.before and r.after}
    found: dict[ResultKind, ResultsFile] = {}
    for table in sorted(tables.results, key=lambda table: "TOTAL_TIME" not in table.header):
        read = repairs.rename_results(read_results(table), last, renamed)
        _refuse_twice(table, read)
        found.setdefault(read.kind, read)
    for kind in (ResultKind.PROVISIONAL, ResultKind.OFFICIAL):
        if kind not in found:
            continue
        results, needed = repairs.with_penalties(found[kind].results, last)
        if tables.laps:
            needed += repairs.check_laps_of(tables.laps, results, last)
        data.results += results
        data.repairs += needed
        data.entries = merged(data.entries, found[kind].entries)


def _refuse_twice(table: TextTable, read: ResultsFile) -> None:
    seen: set[str] = set()
    for line, result in zip(table.lines, read.results, strict=True):
        if result.car_number in seen:
            raise BadInput(
                f"{table.path}, line {line}: car {result.car_number} stands here a second time: "
                "the file is damaged, fetch it again"
            )
        seen.add(result.car_number)


def _statuses(data: SessionData) -> list[SessionStatus]:
    """Started at the race clock's zero, finished where the first car takes the chequered flag."""
    ends = [status.time_ms for status in data.track_status if status.flag is Flag.CHEQUERED]
    return [SessionStatus(0, "started"), *(SessionStatus(end, "finished") for end in ends)]


def _complete(data: SessionData, tables: Tables, named: Named, start: datetime | None) -> None:
    """The session's own row, and the names of the parts that are not there."""
    end = max((lap.end_ms or 0 for lap in data.laps), default=None)
    data.session = Session(
        key=named.key,
        start_utc=start,
        end_utc=start + timedelta(milliseconds=end) if start and end else None,
        scheduled_ms=named.held.scheduled_ms if named.held and data.session.key.is_race else None,
        lap_length_m=lap_length(tables) or (named.circuit.lap_length_m if named.circuit else None),
    )
    official = any(result.kind is not ResultKind.ROAD for result in data.results)
    has = {
        "laps": bool(data.laps), "results": official, "weather": bool(data.weather),
        "drivers": any(entry.drivers for entry in data.entries), "flags": bool(data.track_status),
    }  # fmt: skip
    data.missing = [name for name, there in has.items() if not there]
