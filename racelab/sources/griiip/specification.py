"""The vendor's words. Everything that Griiip calls something is here, so that a change there is a change in one file.

Seen in recorded answers of Le Mans 2026 unless a line says that only other clients read it.
"""

from racelab.domain.flags import Flag

# Parts as the frames of a recording name them; the keys are spellings of REST paths, push channels and the bootstrap.
INFO, CLOCK, LIMIT, PARTICIPANTS, RUNNING = "session-info", "session-clock", "limit", "participants", "running-status"
FLAGS, RANKS, OFFICIAL, GAPS, LAPS, BEST, SECTORS = (
    "race-flags", "ranks", "official-rank", "gaps", "laps", "best-laps", "sectors",
)  # fmt: skip
PIT_IN, PIT_OUT, LOG, WEATHER, TYRES, ENERGY, GRID, CLOSED, CURRENT_SECTORS = (
    "pit-in", "pit-out", "race-log", "weather", "tires", "energy", "grids", "session-closed", "current-sectors",
)  # fmt: skip
BOOTSTRAP = "bootstrap"
PARTS = {
    "session-info": INFO, "session-clock": CLOCK, "session-length-limit": LIMIT, "participants": PARTICIPANTS,
    "participants-running-status": RUNNING, "race-flags": FLAGS, "ranks": RANKS, "official-rank": OFFICIAL,
    "gaps": GAPS, "laps": LAPS, "best-laps": BEST, "sectors": SECTORS, "sectors/current-lap": CURRENT_SECTORS,
    "sector-cross-updates": CURRENT_SECTORS, "pit-in": PIT_IN, "pit-out": PIT_OUT, "race-log": LOG, "RaceLog": LOG,
    "racelog-items": LOG, "racelog-items/paged": LOG, "weather-current": WEATHER, "Weather": WEATHER, "tires": TYRES,
    "tires-current": TYRES, "cars-energy-tanks": ENERGY, "session-closed": CLOSED,
}  # fmt: skip
# What the others are judged by comes first.
BOOTSTRAP_KEYS = {
    "sessionInfo": INFO, "sessionClock": CLOCK, "sessionLengthLimit": LIMIT, "participants": PARTICIPANTS,
    "raceFlags": FLAGS, "grids": GRID, "pitIns": PIT_IN, "pitOuts": PIT_OUT, "raceLogFirstPage": LOG, "laps": LAPS,
    "bestLaps": BEST, "sectors": SECTORS, "currentLapSectors": CURRENT_SECTORS, "ranks": RANKS, "gaps": GAPS,
    "runningStatuses": RUNNING, "tires": TYRES, "carsEnergyTanks": ENERGY, "weather": WEATHER,
}  # fmt: skip
# The bootstrap and the list of laps go back so many laps of each car.
KEPT_LAPS = 15

# Keys of every record.
PID, CAR, CLASS, INSTANT, ELAPSED, LAP, ITEMS, DELETED = (
    "pid", "carNumber", "classId", "ts", "elapsedTimeMillis", "lapNumber", "items", "isDeleted",
)  # fmt: skip
# Keys of single parts.
START, NOW, INCREMENT, IS_RACE, HAS_CHEQUERED = "startTime", "tsNow", "increment", "isRaceSession", "hasSeenChequered"
LAPS_LIMIT, TIME_LIMIT_S = "lapsLimit", "timeLimitSeconds"
TEAM, SHOWN_NAME, VEHICLE, DRIVERS, CURRENT_DRIVER = (
    "teamName", "displayName", "manufacturer", "drivers", "currentDriverId",
)  # fmt: skip
SEAT, RATING, COUNTRY, CODE, DRIVER_ID = (
    "externalDriverID",
    "categoryId",
    "countryCodeTwo",
    "threeLettersName",
    "driverId",
)
FLAG, FLAG_SECTORS = "flag", "sectorNumbers"
OVERALL, PLACE = "overallPosition", "position"
GAP_MS, GAP_LAPS, AHEAD_MS, AHEAD_LAPS = "gapToFirstMillis", "gapToFirstLaps", "gapToAheadMillis", "gapToAheadLaps"
LAP_TIME, VALID, SECTOR, SECTOR_TIME, DURATION = (
    "lapTimeMillis", "isValid", "sectorNumber", "sectorTimeMillis", "durationMillis",
)  # fmt: skip
STATUS, STARTING_AT = "status", "overallStartingAt"
# Of tyres only other clients tell the form: four corners with compound and age; of the energy tank: ``e`` in per cent.
CORNERS, COMPOUND, AGE, ENERGY_LEFT = "tires", "compound", "ageInLaps", "e"
LOG_TYPE, LOG_ID, TEXT, NEW_DRIVER, OLD_DRIVER = "type", "raceLogItemId", "text", "newDriverId", "previousDriverId"
MESSAGE, SWAP = "RCMessage", "DriverSwap"
AIR, TRACK, HUMIDITY, PRESSURE, WIND, WIND_FROM, SKY = (
    "temperature", "trackTemperature", "humidity", "pressure", "windSpeedKph", "windDirectionCode", "sky",
)  # fmt: skip
WIND_POINTS = (
    "N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW",
)  # fmt: skip
RAIN_WORDS = ("rain", "drizzle", "shower", "storm")

# Flags without blanks, in small letters. Green, yellow, last lap and chequered were seen, the others are other clients'.
TRACK_FLAGS = {
    "green": Flag.GREEN, "yellow": Flag.YELLOW, "fcy": Flag.FCY, "fullcourseyellow": Flag.FCY,
    "safetycar": Flag.SAFETY_CAR, "sc": Flag.SAFETY_CAR, "vsc": Flag.VSC, "virtualsafetycar": Flag.VSC,
    "slowzone": Flag.SLOW_ZONE, "red": Flag.RED, "chequered": Flag.CHEQUERED, "checkered": Flag.CHEQUERED,
}  # fmt: skip
RATINGS = {"P": "Platinum", "G": "Gold", "S": "Silver", "B": "Bronze"}
# Makers whose names are more than the first word of the vehicle's.
MAKERS = ("Aston Martin", "Isotta Fraschini", "Alfa Romeo")
# A car's states: ours by theirs. Running was seen, the others are other clients' guesses.
CAR_STATES = {
    "running": "running", "retired": "retired", "dnf": "retired", "withdrawn": "retired",
    "disqualified": "disqualified", "stopped": "stopped", "finished": "finished",
}  # fmt: skip
IS_RUNNING = "running"
OUT_OF_RACE = ("retired", "disqualified")
STARTED, ABORTED, RESUMED, FINISHED, ENDS = "started", "aborted", "resumed", "finished", "ends"
