"""FastF1's words and ours: session names, track status codes, lap columns.

Written against FastF1 3.9 (https://docs.fastf1.dev); what FastF1 renames is renamed here and nowhere else.
"""

from racelab.domain.flags import Flag

# FastF1's names for a session, by our code. Before 2023 "Sprint Qualifying" was the sprint itself.
SESSION_NAMES: dict[str, tuple[str, ...]] = {
    "FP1": ("Practice 1",),
    "FP2": ("Practice 2",),
    "FP3": ("Practice 3",),
    "Q": ("Qualifying",),
    "SQ": ("Sprint Shootout", "Sprint Qualifying"),
    "S": ("Sprint",),
    "R": ("Race",),
}
FIRST_SPRINT_QUALIFYING = 2023
DEFAULT_SESSIONS = ("S", "R")
# Sessions whose order Ergast publishes; FastF1 computes the others from the lap times.
CLASSIFIED = frozenset({"R", "S", "Q"})
# Sessions that end with an official classification, published where FastF1 looks or not.
ORDERED = CLASSIFIED | {"SQ"}

# Codes of the track status; 3 is not used, 7 is a virtual safety car about to end.
FLAGS: dict[str, Flag] = {
    "1": Flag.GREEN,
    "2": Flag.YELLOW,
    "4": Flag.SAFETY_CAR,
    "5": Flag.RED,
    "6": Flag.VSC,
    "7": Flag.VSC,
}
WORST_FIRST = (Flag.RED, Flag.SAFETY_CAR, Flag.VSC, Flag.YELLOW, Flag.GREEN)

DURATIONS = {"lap_time_ms": "LapTime", "s1_ms": "Sector1Time", "s2_ms": "Sector2Time", "s3_ms": "Sector3Time"}
SPEEDS = {
    "top_speed_kph": "SpeedST",
    "speed_i1_kph": "SpeedI1",
    "speed_i2_kph": "SpeedI2",
    "speed_fl_kph": "SpeedFL",
}
COUNTS = {"stint": "Stint", "tyre_age": "TyreLife", "position": "Position"}
TRUTHS = {"fresh_tyre": "FreshTyre", "deleted": "Deleted", "accurate": "IsAccurate"}
# Columns without which a frame is no lap table.
NEEDED = ("Time", "DriverNumber", "LapTime", "LapNumber")

KPH_PER_MPS = 3.6
POSITION_UNITS_PER_M = 10.0
CAR_CHANNELS = {
    "speed_kph": "Speed",
    "rpm": "RPM",
    "gear": "nGear",
    "throttle_pct": "Throttle",
    "brake_pct": "Brake",
    "drs": "DRS",
}
POSITION_CHANNELS = {"x_m": "X", "y_m": "Y", "z_m": "Z"}
