"""The words of Formula 1's live timing and what they mean here; nothing outside this package sees them."""

import re

from racelab.domain.flags import Flag

# Topics that the parser reads; a recording may have more (TeamRadio, TopThree, TimingStats, ...), which are passed over.
SESSION_INFO, SESSION_DATA, SESSION_STATUS = "SessionInfo", "SessionData", "SessionStatus"
TRACK_STATUS, RACE_CONTROL, WEATHER = "TrackStatus", "RaceControlMessages", "WeatherData"
DRIVERS, LAP_COUNT, CLOCK = "DriverList", "LapCount", "ExtrapolatedClock"
TIMING, TYRES = "TimingData", "TimingAppData"
CAR_DATA, POSITION = "CarData.z", "Position.z"
COMPRESSED = (CAR_DATA, POSITION)
# The answer to Subscribe: the full state of every topic. What tells the session is read first.
SUBSCRIBE = "Subscribe"
FIRST = (SESSION_INFO, SESSION_DATA, SESSION_STATUS, DRIVERS, TRACK_STATUS, LAP_COUNT, CLOCK, TYRES)
KNOWN = frozenset((*FIRST, RACE_CONTROL, WEATHER, TIMING, *COMPRESSED, SUBSCRIBE))

KEY_FRAME, DELETED = "_kf", "_deleted"

# Codes of the track status, and the names by which SessionData tells the same.
FLAGS = {
    "1": Flag.GREEN, "2": Flag.YELLOW, "4": Flag.SAFETY_CAR, "5": Flag.RED, "6": Flag.VSC, "7": Flag.VSC,
}  # fmt: skip
TRACK_CODES = {"AllClear": "1", "Yellow": "2", "SCDeployed": "4", "Red": "5", "VSCDeployed": "6", "VSCEnding": "7"}
TRACK_NAMES = {code: name for name, code in TRACK_CODES.items()}
WORST_FIRST = (Flag.RED, Flag.SAFETY_CAR, Flag.VSC, Flag.YELLOW, Flag.GREEN)
STARTED, ABORTED, FINISHED = "started", "aborted", "finished"
OVER = frozenset({"finished", "finalised", "ends"})
CHEQUERED = "CHEQUERED"

SECTORS = (("0", 0), ("1", 1), ("2", 2))
SPEED_TRAPS = ("I1", "I2", "FL", "ST")
# Values that come up to five seconds late still belong to the lap before.
LATE_MS = 5_000
# Longer lap times are often the time since the car's last lap of another part: only its own sectors prove one.
LONG_LAP_MS = 150_000
# No session has more laps; a count beyond it is a fault of the feed.
MOST_LAPS = 400

# What a car is doing, as the timing tower's words.
RUNNING, PIT, OUT_LAP, STOPPED, RETIRED, DONE = "running", "pit", "out_lap", "stopped", "retired", "finished"

# Telemetry channels of CarData.z.
RPM, SPEED, GEAR, THROTTLE, BRAKE, DRS = "0", "2", "3", "4", "5", "45"
POSITION_UNITS_PER_M = 10.0
KPH_PER_MPS = 3.6

# Race control on lap times: "CAR 2 (SAR) TIME 1:17.188 DELETED - TRACK LIMITS AT TURN 18 LAP 3 16:03:19".
TIME_DELETED = re.compile(r"CAR (\d{1,3}) .*TIME (\d:\d\d\.\d\d\d) DELETED")
TIME_REINSTATED = re.compile(r"CAR (\d{1,3}) .*TIME (\d:\d\d\.\d\d\d) .*REINSTATED")

# SessionInfo's Name, by our session code. Before 2023 "Sprint Qualifying" was the sprint itself.
SESSION_CODES = {
    "Practice 1": "FP1", "Practice 2": "FP2", "Practice 3": "FP3", "Qualifying": "Q", "Sprint Qualifying": "SQ",
    "Sprint Shootout": "SQ", "Sprint": "S", "Race": "R",
}  # fmt: skip
FIRST_SPRINT_QUALIFYING = 2023
