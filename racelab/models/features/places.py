"""Where the filter keeps what it knows of a car, and where it writes what it sees at the start of a lap."""

# Compounds from soft to hard, then the wet ones; the last is for the unknown.
COMPOUND_NAMES = ("hypersoft", "ultrasoft", "supersoft", "soft", "medium", "hard", "intermediate", "wet")
COMPOUNDS = len(COMPOUND_NAMES) + 1
# The filter's state: the field, the slope of fuel, offsets and slopes of age by compound, levels and transients of cars.
FIELD_AT, FUEL_AT, OFFSET_AT, SLOPE_AT, CARS_AT = 0, 1, 2, 2 + COMPOUNDS, 2 + 2 * COMPOUNDS

# Columns of the filter's book, a row a car.
CROSSED, LAP, IN_PIT, COMPOUND, AGE, STARTED_AGE = 0, 1, 2, 3, 4, 5
MISSED, MISSED_AT, NOISE, OTHER, LAPS_CLEAN = 6, 9, 10, 11, 12  # three misses, newest first
GAP, GAP_BEFORE = 13, 14  # to the car ahead when the last two laps began; at GAP + 2 which car that was
OWN, EWM = (
    16,
    22,
)  # logarithms of the last six clean laps, newest first; three running averages of them and their weights

# Columns that the filter writes for a lap. Shares are of the lap that is expected.
EXPECTED = ("log_expected", "expected_sd")
FIELD_SEEN = ("field_fast", "field_medium", "field_slow", "field_noise", "field_laps")
CAR_SEEN = (
    "transient", "level", "level_sd", "missed_1", "missed_2", "missed_3", "noise", "last_other", "laps_since_clean",
    "clean_before", "own_1", "own_2", "own_3", "own_4", "own_5", "own_6", "smooth_30", "smooth_50", "smooth_70",
    "gap_1", "gap_2", "ahead_before",
)  # fmt: skip
AROUND = (
    "gap_ahead_s", "laps_ahead", "pace_ahead", "missed_ahead", "gap_second_s", "pace_second", "gap_behind_s",
    "laps_behind", "pace_behind", "backmarkers", "lappers", "cars", "place", "same_ahead", "field_now",
    "compound_share", "age_share", "lap_known", "lap_known_cars",
)  # fmt: skip
SEEN = (*EXPECTED, *FIELD_SEEN, *CAR_SEEN, *AROUND)
FIELD = len(EXPECTED)
OUT = FIELD + len(FIELD_SEEN)
ROUND = OUT + len(CAR_SEEN)
