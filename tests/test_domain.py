"""Words, units and ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racelab.domain.flags import Flag
from racelab.domain.laps import Lap
from racelab.domain.series import Series
from racelab.domain.sessions import _CODES, SessionKey, read_code, spec_code
from racelab.domain.time import format_clock, format_duration, format_gap, parse_duration
from racelab.domain.tyres import Compound, read_compound
from racelab.domain.vocabulary import COLUMNS

KEYS = st.builds(
    SessionKey, st.sampled_from(Series), st.integers(1900, 2999), st.integers(0, 99), st.sampled_from(list(_CODES))
)


@pytest.mark.parametrize(
    ("text", "millis"),
    [
        ("35.849", 35_849), ("1:32.605", 92_605), ("1'30.127", 90_127), ("47:28.1", 2_848_100), ("0:37.526", 37_526),
        ("24:01:55.856", 86_515_856), ("-1.5", -1500), ("+0.452", 452), ("10:01:40.400", 36_100_400), ("5", 5000),
        (" 1:02.835 ", 62_835), ("1:32.6059", 92_605),
    ],
)  # fmt: skip
def test_durations_are_read_as_timing_systems_write_them(text: str, millis: int) -> None:
    assert parse_duration(text) == millis


@pytest.mark.parametrize("text", ["", "abc", "1:", ":5", "1:60.0", "1:2:3:4", "--1", "1.2.3", "NaN", "١:٣٢", "1 2"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@given(st.integers(-(10**9), 10**9))
def test_a_formatted_duration_reads_back(millis: int) -> None:
    assert parse_duration(format_duration(millis)) == millis


def test_missing_is_an_en_dash_never_zero() -> None:
    assert format_duration(None) == format_gap(None) == format_clock(None) == "–"
    assert format_duration(0) == "0.000"


@pytest.mark.parametrize(
    ("millis", "laps", "text"),
    [(1234, None, "+1.234"), (0, 1, "+1 lap"), (500, 3, "+3 laps"), (61_000, 0, "+1:01.000"), (-250, None, "-0.250")],
)
def test_gaps_as_the_tower_shows_them(millis: int, laps: int | None, text: str) -> None:
    assert format_gap(millis, laps) == text


def test_race_time() -> None:
    assert format_clock(21_492_004) == "5:58:12"


@given(KEYS)
def test_a_key_reads_back_from_its_name_and_from_its_id(key: SessionKey) -> None:
    assert SessionKey.read(str(key)) == key
    assert SessionKey.of_id(key.session_id) == key
    assert key.session_id // 100 == key.event_id
    # Ids of the series' own sessions fit 32 bits, those of local ones JavaScript's whole numbers.
    assert key.session_id < (2**53 if key.series is Series.LOCAL else 2**31)


@given(KEYS, KEYS)
def test_different_sessions_have_different_ids(one: SessionKey, other: SessionKey) -> None:
    assert (one.session_id == other.session_id) == (one == other)


def test_ids_never_change_because_files_that_left_the_house_hold_them() -> None:
    assert SessionKey.read("f1/2025/1/R").session_id == 120250113
    assert SessionKey.read("grcup/2025/4/R2").session_id == 420250415


@pytest.mark.parametrize(
    ("spelling", "code"),
    [
        ("EL1", "FP1"),
        ("Free Practice 3", "FP3"),
        ("COURSE", "R"),
        ("race", "R"),
        ("SPRINT", "S"),
        ("Sprint Shootout", "SQ"),
        ("Q3", "Q3"),
    ],
)
def test_both_spellings_of_a_session_code_are_read(spelling: str, code: str) -> None:
    assert read_code(spelling) == code


def test_the_spec_spelling_is_written() -> None:
    assert [spec_code(code) for code in ("FP1", "FP4", "S", "R", "WUP")] == ["EL1", "EL4", "SPRINT", "RACE", "WUP"]


@pytest.mark.parametrize("code", ["", "R9", "../R", "FP5"])
def test_an_unknown_code_names_the_known_ones(code: str) -> None:
    with pytest.raises(ValueError, match="use one of FP1"):
        read_code(code)


@pytest.mark.parametrize("blank", ["UNKNOWN", "nan", "None", "", None, float("nan"), "TEST_UNKNOWN"])
def test_an_unknown_compound_is_missing(blank: object) -> None:
    assert read_compound(blank) is None


def test_compounds_and_their_letters() -> None:
    assert read_compound("SOFT") is Compound.SOFT
    assert [c.letter for c in Compound] == ["S", "M", "H", "I", "W", "HS", "US", "SS"]


def test_neutral_flags_and_words() -> None:
    assert [flag for flag in Flag if flag.is_neutral] == [Flag.SAFETY_CAR, Flag.VSC, Flag.FCY, Flag.CODE_60, Flag.RED]
    assert (Flag.FCY.label, Flag.SAFETY_CAR.label) == ("Full-course yellow", "Safety car")


def test_series_by_code_and_label() -> None:
    assert Series.read("GR Cup") is Series.GRCUP
    assert Series.read("F1") is Series.F1
    with pytest.raises(ValueError, match="no series 'dtm'"):
        Series.read("dtm")


def test_every_column_says_what_it_is_and_durations_say_ms() -> None:
    for column in COLUMNS.values():
        assert column.description, column.key
        assert column.heading, column.key
        assert column.key.endswith("_ms") == (column.unit == "ms"), column.key
    assert COLUMNS["lap_time_ms"].kind == "int"


def test_a_lap_without_times_is_missing_not_zero() -> None:
    assert Lap("7", 1).lap_time_ms is None
