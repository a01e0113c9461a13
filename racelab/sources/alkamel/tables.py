"""A session's files read as tables, once, and what their content tells of the session."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from racelab.errors import BadInput
from racelab.sources import grcup
from racelab.sources.alkamel import specification as spec
from racelab.sources.alkamel.files import SessionFiles
from racelab.sources.alkamel.naming import Clues
from racelab.sources.alkamel.weather import first_reading
from racelab.sources.hints import Hints
from racelab.sources.textfile import TextTable, first_line, open_text, read_raw, read_table, split_header, to_text


@dataclass(slots=True)
class Tables:
    """The files of a session as tables, and the digest of their bytes."""

    digest: str
    laps: TextTable | None = None
    results: list[TextTable] = field(default_factory=list)
    weather: list[TextTable] = field(default_factory=list)
    logger: list[TextTable] = field(default_factory=list)


def read_tables(files: SessionFiles, hints: Hints) -> Tables:
    """Read every file once; an empty weather file is one that is not there."""
    raw = {path: read_raw(path) for path in files.paths}
    tables = Tables(digest_of(raw.values(), hints))
    tables.laps = _table(files.laps, raw, "lap file (23_Analysis_Race)", spec.LAP_COLUMNS) if files.laps else None
    if tables.laps and not tables.laps.rows:
        raise BadInput(f"{tables.laps.path}, line 1: the file has a header and no laps: fetch it again")
    results = (spec.RESULT_COLUMNS, spec.CLASS_RESULT_COLUMNS)
    tables.results = [
        _table(path, raw, "results file", *results, least=spec.LEAST_RESULT_COLUMNS) for path in files.results
    ]
    for table in tables.results:
        if not table.rows:
            raise BadInput(f"{table.path}, line 1: the file has a header and no cars: fetch it again")
    there = [path for path in files.weather if to_text(path, raw[path]).strip()]
    tables.weather = [_table(path, raw, "weather file", spec.WEATHER_COLUMNS) for path in there]
    tables.logger = [_table(path, raw, "logger file", grcup.LOGGER_COLUMNS, whole_lines=False) for path in files.logger]
    return tables


def digest_of(contents: Iterable[bytes], hints: Hints) -> str:
    """SHA-256 (hexadecimal) of the files' bytes as they lie there, and of the hints that change what is read."""
    digest = hashlib.sha256()
    for raw in contents:
        digest.update(raw)
    if hints.start or hints.circuit:
        digest.update(repr((hints.start, hints.circuit)).encode())
    return digest.hexdigest()


def _table(
    path: Path,
    raw: dict[Path, bytes],
    what: str,
    *headers: frozenset[str],
    whole_lines: bool = True,
    least: int | None = None,
) -> TextTable:
    """The table of a file whose header must have all columns of one of these sets; a header is told before a width."""
    text = open_text(path, raw[path])
    names = set(split_header(first_line(text)))
    if not any(names >= columns for columns in headers):
        lacking = ", ".join(sorted(headers[0] - names))
        raise BadInput(f"{path}, line 1: the header lacks {lacking}: give an Al Kamel {what} as published")
    return read_table(path, text, whole_lines=whole_lines, least=least)


def clues_of(tables: Tables, loggers: list[grcup.LoggerFile]) -> Clues:
    """What the content tells of series, season and round."""
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
