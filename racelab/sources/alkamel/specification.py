"""The words of Al Kamel Systems' files, fenced: nothing beyond this package knows them.

Lap files (``23_Analysis_Race``, ``23_AnalysisEnduranceWithSections_Race n``): one row for each lap of each
car, cars in the text order of their numbers. ELAPSED counts from the race clock's zero, HOUR is the local
time of day at the line and wraps at midnight; HOUR less ELAPSED is the same for every car. ``B`` in
CROSSING_FINISH_LINE_IN_PIT marks the in-lap; PIT_TIME and a new driver stand on the next row, the out-lap.
KPH is the lap's average speed.

Weather: neither file names its units. Pressures near 30 are inches of mercury and go with degrees Fahrenheit
and miles an hour (IMSA); pressures near 1000 are hectopascals and go with degrees Celsius and a wind in
steps of 0.36, which is km/h from a sensor that counts tenths of a metre a second (GR Cup). RAIN is 0 or 1;
-1 stands in every row of every IMSA file, wet or dry, and means that there is no sensor.
"""

from racelab.domain.flags import Flag
from racelab.domain.series import Series

NUMBER, DRIVER_NUMBER, LAP_NUMBER, LAP_TIME = "NUMBER", "DRIVER_NUMBER", "LAP_NUMBER", "LAP_TIME"
IN_PIT, ELAPSED, HOUR, KPH, PIT_TIME = "CROSSING_FINISH_LINE_IN_PIT", "ELAPSED", "HOUR", "KPH", "PIT_TIME"
SECTORS = ("S1_LARGE", "S2_LARGE", "S3_LARGE")
SHORT_SECTORS = ("S1", "S2", "S3")
TOP_SPEED, DRIVER_NAME, CLASS, GROUP = "TOP_SPEED", "DRIVER_NAME", "CLASS", "GROUP"
TEAM, MANUFACTURER, FLAG_AT_FL = "TEAM", "MANUFACTURER", "FLAG_AT_FL"
LAP_COLUMNS = frozenset({NUMBER, LAP_NUMBER, LAP_TIME, IN_PIT, ELAPSED})
IN_PIT_MARK = "B"

FLAGS: dict[str, Flag] = {
    "GF": Flag.GREEN,
    "SF": Flag.SAFETY_CAR,
    "SC": Flag.SAFETY_CAR,
    "FCY": Flag.FCY,
    "VSC": Flag.VSC,
    "YF": Flag.YELLOW,
    "RF": Flag.RED,
    "FF": Flag.CHEQUERED,
}

RESULT_COLUMNS = frozenset({"POSITION", NUMBER, "STATUS", "LAPS", "TOTAL_TIME"})
CLASS_RESULT_COLUMNS = frozenset({"CLASS_TYPE", "POS", "PIC", NUMBER, "LAPS"})
# Rows leave out the columns of seats that a car does not fill; all have these, up to the fastest lap.
LEAST_RESULT_COLUMNS = 10
WEATHER_COLUMNS = frozenset({"TIME_UTC_SECONDS", "AIR_TEMP", "PRESSURE"})
TYRE_MAKERS = {"M": "Michelin", "G": "Goodyear", "P": "Pirelli", "D": "Dunlop"}
MAX_INCHES = 40.0

# Whose cars these are: words of CLASS that only one series uses. Am alone, or a GR86, is the GR Cup.
SERIES_CLASSES: dict[Series, frozenset[str]] = {
    Series.WEC: frozenset({"HYPERCAR", "LMGT3", "LMGTE PRO", "LMGTE AM", "LMP1", "INNOVATIVE CAR"}),
    Series.IMSA: frozenset({"DPI", "GTP", "GTD", "GTDPRO", "GTLM", "LMP3"}),
}
GRCUP_MAKER = "Toyota Gazoo Racing"
IMSA_RESULT_COLUMN = "IMSA_CarId"
