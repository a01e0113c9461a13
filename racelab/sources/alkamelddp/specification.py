"""The words of Al Kamel's service and what they mean here; nothing outside this package and its feed sees them.

Clients disagree about fields of a standings row's ``data``. What the captured rows prove: field 0 is the place, 1 the car,
4 the laps done, 7 the instant at which the lap under way began, and 9 the number of that lap, as rows that also hold
``laps``, ``currentLapStartTime`` and ``currentLapNumber`` show. Field 5 is not the laps behind the leader and field 6 is no
gap: the leader of a captured row has 11 and 172.494 there. Field 3 equals the place in all of them, which decides nothing.
Fields 3, 5 and 6 are therefore read as unknown; the recording keeps the text.
"""

from racelab.domain.flags import Flag
from racelab.domain.series import Series

ADDED, CHANGED, REMOVED = "added", "changed", "removed"
INFO, ENTRY, STATUS, STANDINGS = "session_info", "session_entry", "session_status", "standings"
PIT_INFO, CONTROL, WEATHER = "session_pit_info", "race_control", "weather"
COLLECTIONS = frozenset({INFO, ENTRY, STATUS, STANDINGS, PIT_INFO, CONTROL, WEATHER})
SESSION = "session"
# Where the named field of a collection's document stands.
NESTED = {INFO: "info", ENTRY: "entry", STATUS: "status", STANDINGS: "standings", PIT_INFO: "pitOuts", CONTROL: "raceControlMessages", WEATHER: "weather"}  # fmt: skip
# Fields of a row's `data`.
PLACE, CAR, RESULT, LAPS, LAP_START, STATE, LAP_NUMBER = 0, 1, 2, 4, 7, 8, 9
SECTOR_WIDTH = 6
BOX = "BOX"
STATES = {"TRACK": "running", "BOX": "pit", "OUT_LAP": "out_lap", "IN_LAP": "running", "STOPPED": "stopped"}
RESULTS = {"RETIRED": "retired", "DISQUALIFIED": "disqualified", "EXCLUDED": "disqualified", "NOT_STARTED": "not_started"}  # fmt: skip
FLAGS = {
    "GF": Flag.GREEN, "YF": Flag.YELLOW, "FCY": Flag.FCY, "SC": Flag.SAFETY_CAR, "RF": Flag.RED, "CH": Flag.CHEQUERED,
}  # fmt: skip
MESSAGE_FLAGS = {
    "GREEN FLAG": Flag.GREEN, "FULL COURSE YELLOW": Flag.FCY, "RED FLAG": Flag.RED,
    "CHECKERED FLAG": Flag.CHEQUERED, "CHEQUERED FLAG": Flag.CHEQUERED,
}  # fmt: skip
BY_TIME, BY_LAPS = "BY_TIME", "BY_LAPS"
# What the name of the championship holds for a series.
SERIES = {Series.IMSA: "weathertech"}
# Words of a session's type and name for our codes; the first that fits counts.
KINDS = (("qualifying_race", "QR"), ("qualif", "Q"), ("practice", "FP"), ("warm", "WUP"), ("test", "T"), ("race", "R"))
# Sensors by the names that say what they are; wind has no unit that is known, and is left out.
SENSORS = {
    "ambienttemperature": "air_c", "airtemperature": "air_c", "tracktemperature": "track_c", "humidity": "humidity_pct",
    "pressure": "pressure_hpa", "winddirection": "wind_direction_deg",
}  # fmt: skip
# Bounds of what a message may hold.
CARS, LAPS_MOST, MESSAGES, DOCUMENTS, TEXT_MOST = 200, 5_000, 5_000, 100, 120
