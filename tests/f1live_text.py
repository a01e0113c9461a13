"""A small race in the messages of Formula 1's live timing: made here, so that no real data is needed."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2025, 6, 1, 13, 3, tzinfo=UTC)
INFO = {
    "Meeting": {
        "Key": 1, "Name": "Spanish Grand Prix", "OfficialName": "GRAN PREMIO DELL'ESEMPIO", "Location": "Barcelona",
        "Number": 9, "Country": {"Name": "Spain"}, "Circuit": {"Key": 15, "ShortName": "Catalunya"},
    },
    "Type": "Race", "Name": "Race", "StartDate": "2025-06-01T15:00:00", "EndDate": "2025-06-01T17:00:00",
    "GmtOffset": "02:00:00", "Path": "2025/2025-06-01_Spanish_Grand_Prix/2025-06-01_Race/",
}  # fmt: skip
NAMES = {"1": ("Max", "Verstappen", "VER"), "4": ("Lando", "Norris", "NOR"), "81": ("Oscar", "Piastri", "PIA")}
LAPS = 5
# Sector times of each car (ms), the same in every lap but for the last sector, which grows by a ms a lap.
SECTORS = {"1": (20_000, 30_000, 25_000), "4": (20_100, 30_100, 25_100), "81": (20_250, 30_250, 25_250)}
# Car 4 comes in at the end of lap 2 and loses 20 s: 12 of them before the line.
IN_LAP = {"4": 2}
PIT_BEFORE_MS, PIT_AFTER_MS = 12_000, 8_000

Message = tuple[int, str, Any]


def stamp(ms: int) -> str:
    """A session time as the feed stamps it."""
    return (START + timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def seconds(ms: int) -> str:
    """A duration as the feed writes it."""
    minutes, rest = divmod(ms, 60_000)
    return f"{minutes}:{rest // 1000:02d}.{rest % 1000:03d}" if minutes else f"{rest // 1000}.{rest % 1000:03d}"


def timing(ms: int, number: str, line: dict[str, Any]) -> Message:
    """An update of one car's line."""
    return ms, "TimingData", {"Lines": {number: line}}


def full_line(number: str, place: int) -> dict[str, Any]:
    """A car's whole line before the start."""
    return {
        "GapToLeader": "", "IntervalToPositionAhead": {"Value": "", "Catching": False}, "Line": place,
        "Position": str(place), "RacingNumber": number, "Retired": False, "InPit": False, "PitOut": False,
        "Stopped": False, "Sectors": [{"Value": ""}, {"Value": ""}, {"Value": ""}],
        "Speeds": {trap: {"Value": ""} for trap in ("I1", "I2", "FL", "ST")}, "BestLapTime": {"Value": ""},
        "LastLapTime": {"Value": ""},
    }  # fmt: skip


def before() -> list[Message]:
    """What is told before the start."""
    entries = {
        number: {
            "RacingNumber": number, "FirstName": first, "LastName": last, "Tla": code, "TeamName": f"Team {code}",
            "TeamColour": "FF8000", "CountryCode": "NED", "Line": place,
        }
        for place, (number, (first, last, code)) in enumerate(NAMES.items(), 1)
    }  # fmt: skip
    lines = {number: full_line(number, place) for place, number in enumerate(NAMES, 1)}
    grid = {
        number: {"RacingNumber": number, "GridPos": str(place), "Stints": []} for place, number in enumerate(NAMES, 1)
    }
    tyres = {
        number: {"Stints": {"0": {"Compound": "MEDIUM", "New": "false", "TotalLaps": 3, "StartLaps": 3}}}
        for number in NAMES
    }
    return [
        (-300_000, "SessionInfo", INFO), (-299_000, "SessionStatus", {"Status": "Inactive"}),
        (-298_000, "LapCount", {"CurrentLap": 1, "TotalLaps": LAPS}), (-297_000, "DriverList", entries),
        (-296_000, "TimingAppData", {"Lines": grid}), (-295_000, "TimingData", {"Lines": lines}),
        (-294_000, "TrackStatus", {"Status": "1", "Message": "AllClear"}),
        (-60_000, "TimingAppData", {"Lines": tyres}), (0, "SessionStatus", {"Status": "Started"}),
    ]  # fmt: skip


def lap(number: str, lap_number: int, begin: int) -> tuple[int, list[Message]]:
    """The messages of a lap of a car, and the session time at which it ends."""
    s1, s2, s3 = SECTORS[number]
    s3 += lap_number
    told: list[Message] = []
    if IN_LAP.get(number) == lap_number - 1:
        told.append(timing(begin + PIT_AFTER_MS, number, {"InPit": False, "PitOut": True}))
        fitted = {"Compound": "HARD", "New": "true", "TotalLaps": 0, "StartLaps": 0}
        told.append((begin + PIT_AFTER_MS + 500, "TimingAppData", {"Lines": {number: {"Stints": {"1": fitted}}}}))
        told.append(timing(begin + PIT_AFTER_MS + 9_000, number, {"PitOut": False}))
        s1 += PIT_AFTER_MS
    if IN_LAP.get(number) == lap_number:
        s3 += PIT_BEFORE_MS
        told.append(timing(begin + s1 + s2 + s3 - 5_000, number, {"InPit": True, "NumberOfPitStops": 1}))
    end = begin + s1 + s2 + s3
    first = {"Sectors": {"0": {"Value": seconds(s1)}}, "Speeds": {"I1": {"Value": "280"}}}
    told.append(timing(begin + s1, number, first if lap_number > 1 else {"Speeds": {"I1": {"Value": "280"}}}))
    told.append(timing(begin + s1 + s2, number, {"Sectors": {"1": {"Value": seconds(s2)}}}))
    line: dict[str, Any] = {"NumberOfLaps": lap_number, "Sectors": {"2": {"Value": seconds(s3)}}}
    told.append(timing(end, number, line))
    if lap_number > 1:
        # The time comes a little later than the count.
        told.append(timing(end + 300, number, {"LastLapTime": {"Value": seconds(s1 + s2 + s3)}}))
    return end, told


def race() -> list[Message]:
    """The race: car 1 before 81 before 4, which stopped once; chequered flag and end."""
    messages: list[Message] = []
    ends: dict[str, dict[int, int]] = {}
    for number in NAMES:
        begin = 0
        for lap_number in range(1, LAPS + 1):
            begin, told = lap(number, lap_number, begin)
            ends.setdefault(number, {})[lap_number] = begin
            messages += told
    leader = ends["1"]
    for lap_number in range(1, LAPS + 1):
        messages.append(timing(leader[lap_number] + 10, "1", {"GapToLeader": f"LAP {lap_number}"}))
        for number in ("4", "81"):
            gap = f"+{seconds(ends[number][lap_number] - leader[lap_number])}"
            messages.append(timing(ends[number][lap_number] + 10, number, {"GapToLeader": gap}))
    messages.append(timing(ends["4"][2] - 4_000, "4", {"Position": "3"}))
    messages.append(timing(ends["4"][2] - 4_000, "81", {"Position": "2"}))
    flag = {"Utc": stamp(leader[LAPS])[:-5], "Flag": "CHEQUERED", "Scope": "Track", "Message": "CHEQUERED FLAG"}
    messages.append((leader[LAPS] + 5, "RaceControlMessages", {"Messages": {"0": flag | {"Category": "Flag"}}}))
    messages.append((ends["4"][LAPS] + 1_000, "SessionStatus", {"Status": "Finished"}))
    messages.append((ends["4"][LAPS] + 60_000, "SessionStatus", {"Status": "Ends"}))
    return before() + sorted(messages, key=lambda message: message[0])


def text(messages: list[Message]) -> str:
    """The messages as FastF1's recorder saves them."""
    return "".join(f"{[topic, content, stamp(ms)]!r}\n" for ms, topic, content in messages)


def write(path: Path, messages: list[Message]) -> Path:
    """A recording; compressed where its name ends so."""
    content = text(messages).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path
