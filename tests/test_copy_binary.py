"""Columns as typed pieces, and the bytes that PostgreSQL is sent: read back by the format's own rules."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from racelab.domain.tyres import Compound
from racelab.errors import StoreError
from racelab.store import copy_binary
from racelab.store.copy_binary import encode
from racelab.store.values import ArrayColumn, Fixed, Text, pieces, plain

COLUMNS = {"lap_number": "int", "top_speed_kph": "float", "car_number": "text", "pit_in": "bool", "time_utc": "instant"}
WORDS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=6)
MOMENTS = st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))
ROW = st.tuples(
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.floats(allow_nan=False),
    st.none() | WORDS,
    st.none() | st.booleans(),
    st.none() | MOMENTS,
)


def decoded(data: bytes) -> Iterator[tuple[Any, ...]]:
    """Rows of the five columns from COPY's bytes, as the PostgreSQL documentation describes them."""
    place = 0
    while place < len(data):
        (count,) = struct.unpack_from(">h", data, place)
        assert count == len(COLUMNS)
        place, row = place + 2, []
        for kind in COLUMNS.values():
            (length,) = struct.unpack_from(">i", data, place)
            place += 4
            field = data[place : place + max(length, 0)]
            place += len(field)
            row.append(None if length < 0 else _value(kind, field))
        yield tuple(row)


def _value(kind: str, field: bytes) -> Any:
    if kind == "text":
        return field.decode()
    if kind == "instant":
        return datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=struct.unpack(">q", field)[0])
    return struct.unpack({"int": ">q", "float": ">d", "bool": ">?"}[kind], field)[0]


def columns_of(rows: list[tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {key: [row[place] for row in rows] for place, key in enumerate(COLUMNS)}


@given(st.lists(ROW, min_size=1, max_size=12), st.integers(1, 5), st.sampled_from([60, 200, 10_000]))
def test_any_rows_in_any_pieces_and_blocks_are_told_by_their_bytes(
    rows: list[tuple[Any, ...]], size: int, block_bytes: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copy_binary, "_BLOCK_BYTES", block_bytes)
        blocks = [block for piece in pieces("laps", columns_of(rows), list(COLUMNS), size) for block in encode(piece)]
    assert [row for block in blocks for row in decoded(block)] == rows


def test_a_long_text_among_short_ones_is_laid_out_by_itself() -> None:
    """At full width these rows would take 6 GB."""
    texts = ["x"] * 1_500 + ["y" * 4_000_000]
    (piece,) = pieces("laps", {"car_number": texts}, ["car_number"], 50_000)
    assert sum(map(len, encode(piece))) == sum(2 + 4 + len(text) for text in texts)


@given(st.lists(ROW, max_size=8))
def test_plain_values_are_those_that_were_given(rows: list[tuple[Any, ...]]) -> None:
    for key, values in columns_of(rows).items():
        assert plain(key, values) == values
        assert [type(value) for value in plain(key, values)] == [type(value) for value in values]


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([1, None, 3], dtype="Int64"), pd.Series([1.0, np.nan, 3.0]), pd.Series([1, None, 3], dtype=object),
        np.array([1.0, np.nan, 3.0]), [1, None, 3], [1, pd.NA, 3.0], pd.Series([1, pd.NA, 3], dtype="Int16"),
    ],
)  # fmt: skip
def test_whole_numbers_come_from_any_kind_of_column(values: Any) -> None:
    assert plain("lap_number", values) == [1, None, 3]


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(["a", None, "b"], dtype="string"), pd.Series(["a", None, "b"], dtype="category"),
        pd.Series(["a", np.nan, "b"], dtype=object), ["a", None, "b"], np.array(["a", None, "b"], dtype=object),
    ],
)  # fmt: skip
def test_texts_come_from_any_kind_of_column(values: Any) -> None:
    assert plain("car_number", values) == ["a", None, "b"]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_instants_come_from_any_unit_and_zone(unit: str) -> None:
    moments = pd.Series(["2024-06-15T14:00:00", None]).astype(f"datetime64[{unit}]").dt.tz_localize("Asia/Tokyo")
    assert plain("time_utc", moments) == [datetime(2024, 6, 15, 5, tzinfo=UTC), None]
    assert plain("time_utc", list(moments)) == [datetime(2024, 6, 15, 5, tzinfo=UTC), None]


def test_enums_are_written_as_their_text() -> None:
    assert plain("compound", [Compound.SOFT, None, "hard"]) == ["soft", None, "hard"]


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("lap_number", 2.5, "2.5 is no whole number"), ("lap_number", 1e300, "is no whole number"),
        ("lap_number", "3", "'3' is no whole number"), ("lap_number", 2**64, "64 bits"),
        ("time_utc", datetime(2024, 1, 1), "no instant with a time zone"), ("car_number", 7, "7 is no text"),
        ("pit_in", "yes", "not true or false"), ("top_speed_kph", "fast", "is no number"),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_names_its_column(key: str, value: Any, why: str) -> None:
    with pytest.raises(StoreError, match=f"column {key} of laps holds .* values, and one is not: .*{why}"):
        list(pieces("laps", {key: [value]}, [key], 10))


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="not of one length"):
        list(pieces("laps", {"lap_number": [1, 2], "car_number": ["7"]}, ["lap_number", "car_number"], 10))


def test_an_array_column_reads_as_a_sequence_of_plain_values() -> None:
    column = ArrayColumn("lap_number", pd.Series([30, None, 10], dtype="Int64"), np.array([2, 1, 0]))
    assert list(column) == [10, None, 30]
    assert (len(column), column[0], column[-1], column[1:]) == (3, 10, 30, [None, 30])
    assert column[::2] == [10, 30]
    assert [type(value) for value in column] == [int, type(None), int]
    with pytest.raises(IndexError):
        column[3]


def test_parts_of_a_piece_keep_only_their_own_words() -> None:
    text = Text(np.array([0, 1, -1, 2]), ["a", "b", "c"])
    part = text.part(1, 3)
    assert (part.words, part.codes.tolist()) == (["b"], [0, -1])
    fixed = Fixed("int", np.array([1, 2]), np.array([True, False]))
    assert fixed.part(0, 1).is_empty()
    assert not fixed.part(1, 2).is_empty()
