"""Partial updates: what an update means for the state, and that nothing else changes."""

import contextlib
import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racelab.sources.f1live.merge import items, merged

SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text("abz", max_size=2)
KEYS = st.sampled_from(["a", "b", "Lines", "0", "1", "2", "7"])
STATES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))
OBJECTS = st.dictionaries(KEYS, STATES, max_size=3)


def test_an_object_is_merged_key_by_key():
    state = {"Lines": {"1": {"Position": "1", "InPit": False}, "4": {"Position": "2"}}}
    after = merged(state, {"Lines": {"1": {"InPit": True}}})
    assert after == {"Lines": {"1": {"Position": "1", "InPit": True}, "4": {"Position": "2"}}}
    assert after["Lines"]["4"] is state["Lines"]["4"]


def test_a_list_is_changed_at_the_places_that_an_object_names():
    assert merged({"S": [{"V": "a", "P": 1}, {"V": "b"}]}, {"S": {"1": {"V": "c"}, "2": {"V": "d"}}}) == {
        "S": [{"V": "a", "P": 1}, {"V": "c"}, {"V": "d"}]
    }
    assert merged({"S": [1]}, {"S": {"3": 9}}) == {"S": [1, None, None, 9]}
    assert merged({"S": [1, 2]}, {"S": [3]}) == {"S": [3]}


def test_deleted_keys_go():
    assert merged({"B": {"Value": "1:20.000", "Lap": 3}}, {"B": {"Value": "", "_deleted": ["Lap"]}}) == {
        "B": {"Value": ""}
    }
    assert merged({"S": ["a", "b", "c"]}, {"S": {"_deleted": ["1"]}}) == {"S": ["a", "c"]}
    assert merged({"a": 1}, {"_deleted": ["nothing", 3]}) == {"a": 1}
    assert merged({"a": 1}, {"_deleted": "a"}) == {"a": 1}


def test_a_key_frame_replaces_everything():
    assert merged({"Status": "1", "Message": "AllClear"}, {"Status": "2", "_kf": True}) == {"Status": "2"}
    assert merged({"a": 1}, {"b": 2, "_kf": False}) == {"a": 1, "b": 2}


@pytest.mark.parametrize("update", [{"x": 1}, {"-1": 1}, {"99999999": 1}, {"1.0": 1}, {"20000": 1}, {"١": 1}])
def test_a_place_that_no_list_has_is_an_error(update):
    with pytest.raises(ValueError, match="no place"):
        merged({"S": [1]}, {"S": update})


def test_an_update_nested_without_end_is_an_error():
    update: dict = {}
    for _ in range(60):
        update = {"a": update}
    with pytest.raises(ValueError, match="too deep"):
        merged({}, update)


@given(OBJECTS, OBJECTS)
def test_merging_changes_neither_side(state, update):
    kept = copy.deepcopy((state, update))
    with contextlib.suppress(ValueError):
        merged(state, update)
    assert (state, update) == kept


@given(OBJECTS, OBJECTS)
def test_the_same_update_twice_is_the_update_once(state, update):
    try:
        once = merged(state, update)
    except ValueError:
        return
    assert merged(once, update) == once


@given(OBJECTS, st.sampled_from(["new", "other"]), SCALARS)
def test_updates_of_different_keys_commute(state, key, value):
    one, two = {"first": 1}, {key: value}
    assert merged(merged(state, one), two) == merged(merged(state, two), one)


@given(OBJECTS)
def test_a_full_state_over_nothing_is_itself(state):
    assert merged(None, state) == state == merged({}, state)


def test_items_are_those_of_a_list_or_of_the_places_named():
    assert items(["a", "b"]) == [(0, "a"), (1, "b")]
    assert items({"10": "k", "2": "c", "x": 1, "_kf": True}) == [(2, "c"), (10, "k")]
    assert items(None) == items("ab") == items(7) == []
