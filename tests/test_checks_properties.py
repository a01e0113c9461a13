"""Whatever a source gives: a check ends in a refusal or in a session that the store can hold, and a second one finds it sound."""

import json
from dataclasses import fields, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import session_data
from hypothesis import given, settings
from hypothesis import strategies as st

from racelab.domain.checks import RULES, check
from racelab.domain.checks.kinds import kinds
from racelab.domain.checks.ledger import KEYS
from racelab.domain.checks.limits import impossible
from racelab.domain.checks.values import RECORDS
from racelab.domain.records import SessionData
from racelab.errors import BadInput
from racelab.store.sql import SqlStore

TABLES = list(RECORDS)
ODD = [
    None, True, np.bool_(False), np.int64(3), np.float64("nan"), float("inf"), -1, 0, 2.5, 3.0, 10**40, Decimal("1.5"),
    "nan", "", "None", "UNKNOWN", "soft", "green", "7", "\x00", "\ud800", [1], {"a": 1}, (), object, pd.NA, pd.NaT,
    datetime(2024, 1, 1), 1j, b"7", "official", 32_768, 90_000_000,
]  # fmt: skip
values = st.one_of(st.sampled_from(ODD), st.integers(), st.floats(), st.text(max_size=3), st.integers(0, 2_000_000))
changes = st.lists(
    st.tuples(
        st.sampled_from(TABLES), st.integers(0, 50), st.sampled_from(["set", "set", "set", "twice", "out", "move"]),
        st.integers(0, 50), values,
    ),
    max_size=12,
)  # fmt: skip


def bent(steps: list[tuple[str, int, str, int, Any]]) -> SessionData:
    """A session in which fields were set to odd values, and records doubled, taken out or moved."""
    data = session_data(laps=4)
    for table, place, how, which, value in steps:
        records: list[Any] = getattr(data, table)
        if not records:
            continue
        at = place % len(records)
        if how == "set":
            field = fields(records[at])[which % len(fields(records[at]))]
            records[at] = replace(records[at], **{field.name: value})
        elif how == "twice":
            records.append(replace(records[at]))
        elif how == "move":
            records.insert(0, records.pop())
        else:
            records.pop(at)
    return data


def pass_checks(data: SessionData) -> bool:
    """Check the session; False where it is refused."""
    try:
        check(data)
    except BadInput:
        return False
    return True


@settings(max_examples=200)
@given(changes)
def test_what_is_let_in_is_sound(steps: list[tuple[str, int, str, int, Any]]) -> None:
    data = bent(steps)
    counts = {table: len(getattr(data, table)) for table in TABLES}
    if not pass_checks(data):
        return
    for table in TABLES:
        assert_sound(table, getattr(data, table))
    assert_consistent(data)
    assert_nothing_is_lost(data, counts)
    for row in data.checks:
        assert row.checked == row.accepted + row.repaired + row.quarantined
        assert min(row.checked, row.accepted, row.repaired, row.quarantined) >= 0
        assert row.rule in RULES


def assert_sound(table: str, records: list[Any]) -> None:
    """Every value is of its column's kind and range, and every key stands once."""
    for record in records:
        for kind in kinds(type(record), table):
            value = getattr(record, kind.name)
            assert type(value) in kind.plain, (table, kind.name, value)
            assert value == value
            assert not (kind.vital and value is None)
        assert list(impossible(record)) == []
    keys = [tuple(getattr(record, key) for key in KEYS[table]) for record in records]
    assert len(set(keys)) == len(keys)


def assert_consistent(data: SessionData) -> None:
    """What the checks promise of records together."""
    entered = {entry.car_number for entry in data.entries}
    for table in ("laps", "pit_stops", "results"):
        assert not entered or {record.car_number for record in getattr(data, table)} <= entered
    for lap in data.laps:
        assert lap.start_ms is None or lap.end_ms is None or lap.start_ms < lap.end_ms
        assert lap.lap_time_ms is None or 0 < lap.lap_time_ms <= 86_400_000
        if None not in (lap.lap_time_ms, lap.s1_ms, lap.s2_ms, lap.s3_ms):
            assert abs((lap.s1_ms or 0) + (lap.s2_ms or 0) + (lap.s3_ms or 0) - (lap.lap_time_ms or 0)) <= 2
    for entry in data.entries:
        seats = [driver.seat for driver in entry.drivers]
        assert len(set(seats)) == len(seats)
    for table in ("weather", "track_status", "session_status"):
        times = [record.time_ms for record in getattr(data, table)]
        assert times == sorted(times)


def assert_nothing_is_lost(data: SessionData, counts: dict[str, int]) -> None:
    """What left its list is in quarantine as it was read, or stood there twice."""
    for table, before in counts.items():
        gone = before - len(getattr(data, table))
        kept = sum(row.table == table for row in data.quarantine)
        twice = any(row.rule == "exact_duplicate" and row.table == table for row in data.repairs)
        made = sum(row.rule == "unknown_car" and row.table == table for row in data.repairs)
        assert gone + made == kept or (twice and gone + made > kept), table
    assert all(isinstance(json.loads(row.content), dict) and row.reason for row in data.quarantine)


@settings(max_examples=100)
@given(changes)
def test_a_second_check_finds_nothing_new(steps: list[tuple[str, int, str, int, Any]]) -> None:
    data = bent(steps)
    if not pass_checks(data):
        return
    before = {field.name: repr(getattr(data, field.name)) for field in fields(data)}
    assert pass_checks(data)
    assert {field.name: repr(getattr(data, field.name)) for field in fields(data)} == before


@settings(max_examples=30)
@given(changes)
def test_the_store_takes_what_was_let_in(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, str, int, Any]]
) -> None:
    data = bent(steps)
    if not pass_checks(data):
        return
    folder: Path = tmp_path_factory.getbasetemp()
    with SqlStore(f"sqlite:///{folder / 'properties.db'}") as store:
        rows = store.write_session(data, force=True).rows
        assert rows.get("laps", 0) == len(data.laps)
        assert rows.get("quarantine", 0) == len(data.quarantine)
        assert rows["checks"] == len(data.checks)
