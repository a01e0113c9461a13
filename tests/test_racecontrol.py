"""Race control's texts as rulings: read by hand line by line, counted on the real files, and safe on any text."""

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racelab.domain.series import Series
from racelab.sources.racecontrol import Category as C
from racelab.sources.racecontrol import Happening, Penalty, PenaltyKind, Ruling, read_message

TEXTS = Path("live/race_control_text")
# Text; category; cars; and what else the eye reads in it.
HAND_READ: list[tuple[str, C, str, dict[str, object]]] = [
    # IMSA
    ("CAR 9: PENALTY - BLOCKING - DRIVE THROUGH", C.PENALTY, "9", {"penalty": "drive-through", "reason": "BLOCKING"}),
    ("CAR 007: PENALTY - INCIDENT RESPONSIBILITY WITH 7 - STOP + 60", C.PENALTY, "007", {"penalty": "stop and go 60 s", "with_cars": ("7",), "happening": Happening.CONTACT}),
    ("CAR 12: PENALTY - PIT LANE SPEED VIOLATION - (+42) STOP PLUS 30", C.PENALTY, "12", {"penalty": "stop and go 30 s", "reason": "PIT LANE SPEED VIOLATION"}),
    ("CAR 8, 18, 88: PENALTY - IMPROPER WAVE-BY - STOP + 2:40", C.PENALTY, "8 18 88", {"penalty": "stop and go 160 s"}),
    ("CAR 31 & 033 - STOP + 60", C.PENALTY, "31 033", {"penalty": "stop and go 60 s", "reason": None}),
    ("CARS 85, 48, 24 - DRIVE THROUGH", C.PENALTY, "85 48 24", {"penalty": "drive-through"}),
    ("CAR 5: PENALTY - BLOCKING - DRIVE THROUGH - RESCINDED", C.PENALTY, "5", {"withdrawn": True, "reason": "BLOCKING"}),
    ("CAR 3: PENALTY - PIT EQUIPMENT PLACEMENT - WARNING", C.WARNING, "3", {"penalty": None, "reason": "PIT EQUIPMENT PLACEMENT"}),
    ("CAR 44: PENALTY - TRACK LIMITS - TURN 5 - LAP TIME INVALIDATED - LAP 27 - WARNING", C.LAP_DELETED, "44", {"lap": 27, "turn": "5", "reason": "TRACK LIMITS"}),
    ("CAR 75: PENALTY - SHORT CUT - TURN 7 - LAP TIME INVALIDATED - LAP 54 & 57", C.LAP_DELETED, "75", {"lap": 54, "reason": "SHORT CUT"}),
    ("CORRECTION CAR 25: PENALTY - BLOCKING - STOP PLUS 60", C.PENALTY, "25", {"correction": True, "penalty": "stop and go 60 s"}),
    ("CAR 18 SPUN AT TURN 7 & CONTINUED", C.ON_TRACK, "18", {"happening": Happening.SPUN, "turn": "7"}),
    ("CAR 64 STOPPED ON COURSE, TURN T14", C.ON_TRACK, "64", {"happening": Happening.STOPPED, "turn": "14"}),
    ("CAR 120 & 83 OFF COURSE, TURN 5", C.ON_TRACK, "120 83", {"happening": Happening.OFF}),
    ("CAR  OFF COURSE, TURN 7", C.ON_TRACK, "", {"turn": "7"}),
    ("CAR 34 FLAT TIRE - CONTINUING SLOWLY", C.ON_TRACK, "34", {"happening": Happening.SLOW, "drivers": ()}),
    ("CAR 40, 65  CONTINUED", C.ON_TRACK, "40 65", {"happening": Happening.CONTINUED}),
    ("CAR 5 CONTINUED FROM BACKSTRETCH - NO CONTACT", C.ON_TRACK, "5", {"happening": Happening.CONTINUED}),
    ("CAR 70, 44 RETIRED", C.ON_TRACK, "70 44", {"happening": Happening.RETIRED}),
    ("CAR 21 RETURNED FROM BEHIND THE WALL", C.ON_TRACK, "21", {"happening": Happening.CONTINUED}),
    ("IMPACT AT TURN 3", C.ON_TRACK, "", {"happening": Happening.CONTACT, "turn": "3"}),
    ("CAR 6 MECHANICAL BLACK FLAG", C.TECHNICAL, "6", {"flag": "black_and_orange", "penalty": None}),
    ("CAR 40 STOPPED ON COURSE, TURN 6 *UPDATE* 40 NOT 23", C.ON_TRACK, "40", {"with_cars": ("23",), "correction": True}),
    ("INCIDENT INVOLVING CARS 04 & 11 IN TURN 3 UNDER REVIEW", C.INVESTIGATION, "04 11", {"turn": "3", "reason": None}),
    ("INCIDENT INVOLVING CARS 2, 22 & 43 REVIEWED, NO ACTION - INCIDENTAL", C.DECISION, "2 22 43", {"reason": "INCIDENTAL"}),
    ("04, 85, 99 AHEAD 343 - PIT EXIT RE-ORDER", C.PIT_LANE, "04 85 99 343", {}),
    ("CAR 96, 78 ENTERED CLOSED PIT", C.PIT_LANE, "96 78", {}),
    ("IMPOUND CARS: 31, 10, 60", C.SUMMONS, "31 10 60", {}),
    ("DEBRIS OFF TRACK, TURN 1, RUNOFF", C.TRACK, "", {"happening": None}),
    ("THE PASS-AROUND IS ON-GOING", C.PROCEDURE, "", {}),
    # WEC
    ("CAR 007 TINCKNELL - 15 MAGNUSSEN - UNDER INVESTIGATION - INCIDENT AT T10 AT 1114", C.INVESTIGATION, "007 15", {"drivers": ("TINCKNELL", "MAGNUSSEN"), "reason": "INCIDENT", "turn": "10"}),
    ("CARS 46 VAN DER LINDE 21 ROVERA - NO FURTHER ACTION - INCIDENT AT T2 AT 20:01", C.DECISION, "46 21", {"drivers": ("VAN DER LINDE", "ROVERA")}),
    ("CAR 12 - 30 SECONDS STOP AND GO PENALTY - INCIDENT AT T4 AT 121029", C.PENALTY, "12", {"penalty": "stop and go 30 s", "turn": "4"}),
    ("CAR 8 - 3 MINUTES STOP AND GO - FCY PROCEDURES", C.PENALTY, "8", {"penalty": "stop and go 180 s", "reason": "FCY PROCEDURES"}),
    ("CARS 27 - 34 - 61 - 5 SECONDS ADDED TO THE NEXT PIT STOP - STARTING PROCEDURES", C.PENALTY, "27 34 61", {"penalty": "5 s"}),
    ("5SEC TIME PENALTY ADDED TO NEXT PIT STOP CAR 83 - LASTING ADVANTAGE MP16", C.PENALTY, "83", {"penalty": "5 s", "marshal_post": "16"}),
    ("CAR 77 - DRIVE THROUGHT PENALTY - INCIDENT WITH CAR 78 AT T16", C.PENALTY, "77", {"penalty": "drive-through", "with_cars": ("78",)}),
    ("CAR 777 - CANCEL THE DRIVE THROUGH - NO FURTHER ACTION FOR BLUE FLAG BEHAVIOUR", C.PENALTY, "777", {"withdrawn": True}),
    ("CAR 60 - DRIVE THROUGH PENALTY - APPLICATION OF THE SUSPENDED PENALTY OF FP3", C.PENALTY, "60", {"withdrawn": False}),
    ("CAR 91 - 1 MINUTE STOP AND GO IS SUSPENDED BY STEWARDS INSTRUCTION", C.PENALTY, "91", {"withdrawn": True}),
    ("CARS 94 - 93 - FINE PENALTY - STARTING PROCEDURES", C.PENALTY, "94 93", {"penalty": "fine"}),
    ("CARS 35 - 36 - STAND BY - STOP AND GO", C.PENALTY, "35 36", {"penalty": "stop and go"}),
    ("CAR 20 - WARNING FLAG - INCIDENT WITH CAR 6 AT T16", C.WARNING, "20", {"with_cars": ("6",)}),
    ("CAR 10 - REPRIMAND - TECHNICAL INFRINGEMENT", C.WARNING, "10", {"reason": "TECHNICAL INFRINGEMENT"}),
    ("CAR 5 - BLACK AND ORANGE FLAG - REPAIR THE REAR RIGHT WING", C.TECHNICAL, "5", {"flag": "black_and_orange"}),
    ("INFORMATION: CAR 77 - BLACK AND ORANGE FLAG CANCELLED", C.TECHNICAL, "77", {"withdrawn": True}),
    ("CORRECTION: CARS 6 ESTRE - 35 MILESI - UNDER INVESTIGATION - CAR 36 NOT UNDER INVESTIGATION", C.DECISION, "6 35", {"with_cars": ("36",)}),
    ("CAR 33 TEAM MANAGER - TO RACE CONTROL IMMEDIATELY PLEASE", C.SUMMONS, "33", {}),
    ("DOUBLE YELLOW REMOVED AT TURN 3-4-T5, 6", C.FLAG, "", {"flag": "double_yellow", "turn": "3-4-5", "withdrawn": True}),
    ("PREPARE FOR FCY AT 12:30:15", C.FLAG, "", {"flag": None}),
    ("TRACK IS DECLARED WET", C.WEATHER, "", {}),
    ("PIT LANE IS NOW OPEN - PIT LANE WILL CLOSE AT 10:10", C.PIT_LANE, "", {}),
    # Formula 1
    ("CAR 1 (VER) TIME 1:27.983 DELETED - TRACK LIMITS AT TURN 1 LAP 51 18:17:55 (PIT)", C.LAP_DELETED, "1", {"drivers": ("VER",), "lap": 51, "turn": "1", "reason": "TRACK LIMITS"}),
    ("CAR 4 (NOR) TIME 1:57.940 WILL BE REINSTATED", C.LAP_DELETED, "4", {"withdrawn": True}),
    ("FIA STEWARDS: 10 SECOND TIME PENALTY FOR CAR 27 (HUL) - MULTIPLE TRACK LIMITS", C.PENALTY, "27", {"penalty": "10 s"}),
    ("10 SECOND STOP/GO PENALTY FOR CAR 44 (HAM) - ENTERING THE PIT LANE WHEN CLOSED", C.PENALTY, "44", {"penalty": "stop and go 10 s"}),
    ("FIA STEWARDS: PENALTY SERVED - 5 SECOND TIME PENALTY FOR CAR 4 (NOR) - FALSE START", C.SERVED, "4", {"penalty": "5 s", "reason": "FALSE START"}),
    ("FIA STEWARDS: BLACK FLAG FOR CAR 27 (HUL)", C.PENALTY, "27", {"penalty": "disqualification"}),
    ("3 PLACE GRID PENALTY FOR CAR 55 (SAI) - IMPEDING", C.PENALTY, "55", {"penalty": "3 grid places", "reason": "IMPEDING"}),
    ("1 LAP PENALTY FOR CAR 55 (SAI) - ARTICLE 33.4", C.PENALTY, "55", {"penalty": "1 lap", "article": "33.4"}),
    ("TURN 12 INCIDENT INVOLVING CARS 30 (LAW) AND 14 (ALO) NOTED - CAUSING A COLLISION", C.NOTED, "30 14", {"happening": Happening.CONTACT, "turn": "12"}),
    ("INCIDENT INVOLVING CAR 7 (RAI) WILL BE INVESTIGATED AFTER THE RACE", C.INVESTIGATION, "7", {}),
    ("BLACK AND WHITE FLAG FOR CAR 18 (STR) - TRACK LIMITS", C.WARNING, "18", {"flag": "black_and_white"}),
    ("WAVED BLUE FLAG FOR CAR 2 (SAR) TIMED AT 18:09:40", C.FLAG, "2", {"flag": "blue"}),
    ("CLEAR IN TRACK SECTOR 14", C.FLAG, "", {"flag": "clear", "sector": 14}),
    ("LAPPED CARS MAY NOW OVERTAKE THE SAFETY CAR: 2, 18, 40", C.PROCEDURE, "2 18 40", {}),
    ("TEST MESSAGE FROM RACE CONTROL", C.INFORMATION, "", {}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "category", "cars", "more"), HAND_READ, ids=[line[0][:60] for line in HAND_READ])
def test_a_text_is_read_as_a_person_reads_it(text: str, category: C, cars: str, more: dict[str, object]) -> None:
    ruling = read_message(text)
    assert (ruling.category, " ".join(ruling.car_numbers)) == (category, cars)
    found = {name: getattr(ruling, name) for name in more}
    if "penalty" in more and ruling.penalty is not None:
        found["penalty"] = str(ruling.penalty)
    assert found == more


def test_a_mere_warning_is_imsas_way_of_saying_it() -> None:
    text = "CAR 3: PENALTY - DRIVE THROUGH - WARNING"
    assert read_message(text, Series.IMSA).category is C.WARNING
    assert read_message(text, Series.WEC).category is C.PENALTY


def test_penalties_in_words() -> None:
    words = [str(Penalty(kind, amount)) for kind, amount in ((PenaltyKind.LAPS, 2), (PenaltyKind.GRID, None))]
    assert words == ["2 laps", "grid places"]


@given(st.text(max_size=300) | st.from_regex(r"(CARS? [\d,&A-Z:() -]{0,60}){1,5}(PENALTY|STOP|DELETED|LAP)?"))
def test_any_text_gives_a_ruling(text: str) -> None:
    ruling = read_message(text)
    assert isinstance(ruling, Ruling)
    assert all(re.fullmatch(r"\d{1,3}", number) for number in (*ruling.car_numbers, *ruling.with_cars))
    assert not set(ruling.car_numbers) & set(ruling.with_cars)


@pytest.mark.parametrize("unit", ["CAR ", "CAR 1 ", "1, ", "STOP + ", "LAP TIME ", "- ", "(VER) ", "PENALTY - "])
def test_of_an_endless_text_only_the_beginning_is_read(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    assert read_message(text) == read_message(text[:1000])


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "series", "lines", "unknown", "named", "penalties"),
    [("imsa", Series.IMSA, 716, 1, 609, 208), ("wec", Series.WEC, 1245, 2, 723, 180)],
)
def test_real_texts(
    data: Path, name: str, series: Series, lines: int, unknown: int, named: int, penalties: int
) -> None:
    texts = (data / TEXTS / f"rc_messages_{name}.txt").read_text(encoding="utf-8").splitlines()
    read = [(text, read_message(text, series)) for text in texts if text.strip()]
    assert len(read) == lines
    assert Counter(ruling.category for _, ruling in read)[C.INFORMATION] == unknown
    with_car = [(re.search(r"\bCARS?:? ?(\d{1,3})\b(?! ?SEC)", text), ruling) for text, ruling in read]
    told = [(found[1], ruling) for found, ruling in with_car if found]
    assert len(told) == named
    assert all(number in ruling.car_numbers + ruling.with_cars for number, ruling in told)
    punished = [(text, one.penalty) for text, one in read if one.category in (C.PENALTY, C.SERVED, C.LAP_DELETED)]
    assert len(punished) == penalties
    assert all(penalty is not None for _, penalty in punished)
    counted = (PenaltyKind.STOP_AND_GO, PenaltyKind.TIME)
    unsized = [text for text, penalty in punished if penalty and penalty.kind in counted and penalty.amount is None]
    assert unsized == ([] if name == "imsa" else ["CARS 35 - 36 - STAND BY - STOP AND GO"])


@pytest.mark.data
def test_categories_of_the_real_texts(data: Path) -> None:
    counts = Counter(
        read_message(text).category
        for path in sorted((data / TEXTS).glob("*.txt"))
        for text in path.read_text(encoding="utf-8").splitlines()
    )
    assert {kind.value: count for kind, count in counts.items()} == {
        "investigation": 394, "flag": 370, "penalty": 324, "on_track": 243, "procedure": 116, "no_further_action": 113,
        "warning": 107, "pit_lane": 72, "track": 67, "lap_deleted": 64, "summons": 46, "technical": 34, "weather": 8,
        "information": 3,
    }  # fmt: skip
