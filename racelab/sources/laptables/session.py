"""Sessions of a lap table: which they are, and each one's rows as a SessionData."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pandas as pd

from racelab.domain.entries import Driver, Entry
from racelab.domain.laps import Lap
from racelab.domain.records import Provenance, Repair, SessionData
from racelab.domain.series import Series
from racelab.domain.sessions import Event, Session, SessionKey, read_code
from racelab.errors import BadInput
from racelab.sources.f1.columns import column, durations, texts
from racelab.sources.f1.digest import digest_frames
from racelab.sources.f1.laps import contradictions, generated_repairs, make_laps, usable_rows
from racelab.sources.f1.results import CAR_CLASS, road_results, unique_cars
from racelab.sources.f1.stops import find_stops
from racelab.sources.hints import Hints
from racelab.sources.laptables.file import ROUND, read_table, sniff
from racelab.sources.reading import blamed_on

SOURCE = "laps"
READER = "1"
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_ALWAYS_MISSING = ["start time", "official results", "weather", "track_status", "session_status", "race_control"]


@dataclass(frozen=True, slots=True, eq=False)
class FoundTable:
    """The rows of one session."""

    label: str
    key: SessionKey
    event: str
    path: Path
    rows: pd.DataFrame
    source: ClassVar[str] = SOURCE

    @property
    def location(self) -> str:
        """The file and the session in it."""
        return f"{self.path} {self.key}"

    def read(self) -> SessionData:
        """Convert the rows; what can be wrong with them was found when the file was read.

        Raises:
            BadInput: something else is wrong with them.
        """
        with blamed_on(self.path):
            return self._convert()

    def _convert(self) -> SessionData:
        try:
            rows, repairs = usable_rows(self.rows)
        except BadInput as error:
            raise BadInput(f"{self.path}, {self.key}: {error}") from error
        origin_ms, start_repairs = find_origin(rows, race=self.key.is_race)
        laps = make_laps(rows, origin_ms, race=self.key.is_race)
        data = SessionData(
            Event(self.event), Session(self.key),
            Provenance(SOURCE, str(self.path), digest_frames({str(self.key): self.rows}), f"reader {READER}"),
        )  # fmt: skip
        data.laps = laps
        data.entries = make_entries(rows)
        data.quarantine = contradictions(self.rows)
        data.repairs = [*repairs, *start_repairs, *generated_repairs(laps)]
        data.missing = [*_ALWAYS_MISSING, *(["session start"] if start_repairs else []), *_lacking(laps)]
        if self.key.is_race:
            data.results = road_results(laps)
            data.pit_stops = find_stops(laps)
        return data


def find_sessions(path: Path, hints: Hints) -> list[FoundTable]:
    """The sessions of a lap table, or of every lap table in a folder, in order.

    The season is the hint, a column Season or Year, or the year in the file's name; the session is a column
    Session, or what the file's name says (sprint, qualifying), else the race.

    Raises:
        BadInput: a file that is no lap table or is damaged (file and line), or whose season nothing tells.
    """
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if sniff(file))
        if not files:
            raise BadInput(f"{path} holds no lap table: they are .csv, .csv.gz or .parquet with FastF1's columns")
        return [found for file in files for found in find_sessions(file, hints)]
    with blamed_on(path):
        sessions = _sessions(path, read_table(path), hints)
        return [_found(path, rows, season, round_, code, hints) for season, round_, code, rows in sessions]


def _sessions(path: Path, frame: pd.DataFrame, hints: Hints) -> Iterator[tuple[int, int, str, pd.DataFrame]]:
    seasons = _seasons(path, frame, hints)
    codes = _codes(path, frame)
    for (season, round_, code), rows in frame.groupby([seasons, frame[ROUND], codes], sort=True):
        yield int(season), int(round_), str(code), rows


def _found(path: Path, rows: pd.DataFrame, season: int, round_: int, code: str, hints: Hints) -> FoundTable:
    try:
        key = SessionKey(Series.F1, season, round_, code)
    except ValueError as error:
        raise BadInput(f"{path} line {rows.index[0]}: {error}; correct season and round") from error
    named = next((name for name in texts(column(rows, "EventName")) if name), None)
    event = hints.event or named or f"Round {round_}"
    return FoundTable(f"{season} {event}, {key.name}", key, event, path, rows)


def _seasons(path: Path, frame: pd.DataFrame, hints: Hints) -> pd.Series:
    named = next((name for name in ("Season", "Year") if name in frame.columns), None)
    if hints.season is not None:
        return pd.Series(hints.season, index=frame.index)
    if named is not None and frame[named].notna().all():
        return frame[named].astype("int64")
    years = set(_YEAR.findall(path.name))
    if len(years) != 1:
        raise BadInput(f"{path} does not tell its season: put the year in its name, or add a column Season")
    return pd.Series(int(years.pop()), index=frame.index)


def _codes(path: Path, frame: pd.DataFrame) -> pd.Series:
    if "Session" not in frame.columns:
        name = path.name.lower()
        code = "S" if "sprint" in name else "Q" if "quali" in name else "R"
        return pd.Series(code, index=frame.index)
    known = {}
    for word in frame["Session"].unique():
        try:
            known[word] = read_code(str(word))
        except ValueError as error:
            line = frame.index[frame["Session"] == word][0]
            raise BadInput(f"{path} line {line}: {error}") from error
    return frame["Session"].map(known)


def make_entries(rows: pd.DataFrame) -> list[Entry]:
    """The cars of the table; drivers have the three letters of their code where there is no name."""
    columns = zip(rows["car"], texts(column(rows, "Driver")), texts(column(rows, "Team")), strict=True)
    return unique_cars(
        Entry(number, CAR_CLASS, team=team, drivers=(Driver(1, code or number, code),))
        for number, code, team in columns
    )


def find_origin(rows: pd.DataFrame, *, race: bool) -> tuple[int, list[Repair]]:
    """The session's start on the table's clock (ms), and a repair where it is an estimate.

    The start is where lap 1 begins: FastF1's own LapStartTime, else the median of lap 1's end less its time
    (0.2 s after FastF1's start on the races of 2023 that have both). Sprints, and some races, have neither: then
    the leader's lap 1 is taken to have lasted as long as his lap 2.
    """
    first = rows[rows["lap"] == 1]
    own = durations(column(first, "LapStartTime")).dropna()
    if len(own):
        return int(own.min()), []
    starts = (durations(column(first, "Time")) - durations(column(first, "LapTime"))).dropna()
    if len(starts):
        return int(starts.median() if race else starts.min()), []
    return _from_second_lap(rows)


def _from_second_lap(rows: pd.DataFrame) -> tuple[int, list[Repair]]:
    ends = rows.assign(end=durations(rows["Time"])).pivot(index="car", columns="lap", values="end")
    both = ends.reindex(columns=[1, 2]).dropna()
    if both.empty:
        return 0, [_start_repair("the table has no times of laps 1 and 2: session time counts from its own zero")]
    leader = both.sort_values(1).iloc[0]
    start = int(leader[1]) - (int(leader[2]) - int(leader[1]))
    return start, [_start_repair("the table has no time of lap 1: taken from the leader's lap 2")]


def _start_repair(reason: str) -> Repair:
    return Repair("start_from_second_lap", "laps", "lap 1", "start_ms", None, "0", reason)


def _lacking(laps: list[Lap]) -> list[str]:
    parts = {"sectors": "s1_ms", "speeds": "top_speed_kph", "compounds": "compound"}
    return [name for name, key in parts.items() if all(getattr(lap, key) is None for lap in laps)]
