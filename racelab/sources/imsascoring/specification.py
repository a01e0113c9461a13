"""The words of IMSA's scoring files and what they mean here; nothing outside this package sees them."""

import re

from racelab.domain.flags import Flag
from racelab.domain.series import Series

RESULTS, DATA, INFO = "RaceResults", "RaceData", "SessionInfo"
FILES = (INFO, DATA, RESULTS)
# Keys of the files: session, event, time of day of the results, rows; time of day, time to go, flag; flag, times.
SESSION, EVENT, RESULTS_TIME, ROWS = "S", "E", "DT", "B"
DATA_TIME, TO_GO, STATE, FLAG_CODE = "A", "T", "B", "C"
FLAG_TEXT, ELAPSED, REMAINING = "F", "TT", "TR"
# Keys of a row. The others (A1, A2, A3, LS, RM, SR, FD, SP, S) are unused: nothing says what they mean, or it is not timing.
PLACE, CLASS, CAR, DRIVER, LAPS, LAST, BEST, BEST_LAP = "A", "C", "N", "F", "L", "LL", "BL", "IN"
GAP, INTERVAL, VEHICLE, IN_PIT, STOPS, CLASS_PLACE = "D", "G", "V", "P", "PS", "PIC"
TRANSPONDER = "Tx"
COMPLETE = "session complete"
# What the name of a session of the series begins with; the same files serve every series of a weekend.
SERIES = {Series.IMSA: "WeatherTech Championship"}
# White (5 and 10: a slow car, or the last lap) changes nothing about the track's state.
FLAGS = {1: Flag.GREEN, 2: Flag.FCY, 3: Flag.RED, 4: Flag.CHEQUERED}
FLAG_TEXTS = {
    "green": Flag.GREEN, "yellow": Flag.FCY, "caution": Flag.FCY, "full course yellow": Flag.FCY, "red": Flag.RED,
    "checkered": Flag.CHEQUERED, "chequered": Flag.CHEQUERED,
}  # fmt: skip
# The word that the session's name has for a code; a name without any of these words may be any session.
KINDS = (("qualifying race", "QR"), ("qualif", "Q"), ("practice", "FP"), ("warm", "WUP"), ("test", "T"), ("race", "R"))
LAP_GAP = re.compile(r"-?(\d{1,4}) laps?", re.IGNORECASE)
CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})", re.ASCII)
# Bounds of what a row may hold.
CARS, LAPS_MOST, TEXT_MOST, NUMBER_MOST = 200, 5_000, 120, 8
