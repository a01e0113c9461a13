"""Timing71's words and what they mean here; nothing outside this package sees them."""

import re

from racelab.domain.flags import Flag
from racelab.domain.series import Series

MANIFEST = "manifest.json"
FRAME_NAME = re.compile(r"(\d{1,12})(i?)\.json")
# Column headings of `colSpec`; a service may leave any of them out but the number.
NUMBER, STATE, CLASS, CLASS_POSITION = "Num", "State", "Class", "PIC"
DRIVER, TEAM, CAR, LAPS = "Driver", "Team", "Car", "Laps"
GAP, INTERVAL, LAST, BEST, PITS = "Gap", "Int", "Last", "Best", "Pits"
SECTORS = ("S1", "S2", "S3")
ENERGY = "VFT"
OLD = "old"
# The words that the timing tower shows for a car's state.
PIT, OUT, FINISHED = "pit", "out_lap", "finished"
CAR_STATES = {
    "RUN": "running", "PIT": PIT, "OUT": OUT, "STOP": "stopped", "FIN": FINISHED, "RET": "retired",
    "DSQ": "disqualified", "N/S": "not_started", "N/C": "not_classified",
}  # fmt: skip
# `none` and `white` (last lap, or a slow car) change nothing about the track's state.
FLAGS = {
    "green": Flag.GREEN, "yellow": Flag.YELLOW, "fcy": Flag.FCY, "caution": Flag.FCY, "sc": Flag.SAFETY_CAR,
    "vsc": Flag.VSC, "code_60": Flag.CODE_60, "code_60_zone": Flag.SLOW_ZONE, "slow_zone": Flag.SLOW_ZONE,
    "red": Flag.RED, "chequered": Flag.CHEQUERED,
}  # fmt: skip
RACE_CONTROL = "raceControl"
PIT_IN_STYLE, PIT_OUT_STYLE = "pit", "out"
PIT_TIME = re.compile(r"\(pit time: (?:(\d+):)?(\d+):(\d\d)\)")
PENALTY = re.compile(r"PENALTY\b.*\b(DRIVE[ -]THROUGH|STOP)\b(?!.*POST[ -]RACE)", re.IGNORECASE)
MESSAGE_FLAGS = {
    "GREEN FLAG": Flag.GREEN, "FULL COURSE YELLOW": Flag.FCY, "RED FLAG": Flag.RED,
    "CHECKERED FLAG": Flag.CHEQUERED, "CHEQUERED FLAG": Flag.CHEQUERED,
}  # fmt: skip
# Words of a manifest's name or description that give the series.
SERIES = (
    ("imsa", Series.IMSA), ("weathertech", Series.IMSA), ("world endurance", Series.WEC), ("wec", Series.WEC),
    ("formula 1", Series.F1), ("formula one", Series.F1), ("f1", Series.F1), ("gr cup", Series.GRCUP),
)  # fmt: skip
SESSION_WORDS = (
    (re.compile(r"\brace\s*([1-3])\b"), "R{}"), (re.compile(r"\bsprint\s+(?:shootout|qualifying)"), "SQ"),
    (re.compile(r"\bqualifying\s+race\b"), "QR"), (re.compile(r"\bsprint\b"), "S"),
    (re.compile(r"\bpre-?qualifying\b"), "PQ"), (re.compile(r"\b(?:qualifying|hyperpole)\s*([1-4])\b"), "Q{}"),
    (re.compile(r"\b(?:qualifying|hyperpole|qualy)\b"), "Q"), (re.compile(r"\bpractice\s*([1-4])\b"), "FP{}"),
    (re.compile(r"\bfp\s*([1-4])\b"), "FP{}"), (re.compile(r"\bpractice\b"), "FP1"),
    (re.compile(r"\bwarm-?\s?up\b"), "WUP"), (re.compile(r"\b(?:test|testing|prologue|roar)\b"), "T"),
    (re.compile(r"\b(?:race|course)\b"), "R"),
)  # fmt: skip
# Makers of two words; for the others the first word of the car is the maker.
MAKERS = ("ASTON MARTIN", "ALFA ROMEO", "ISOTTA FRASCHINI", "GENERAL MOTORS", "MERCEDES AMG", "LAND ROVER")
