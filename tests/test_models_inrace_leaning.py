"""How far the order during the race leaves the order as it is: only where earlier races showed that it pays."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from racelab.models.inrace.leaning import AS_IT_IS, Lean, at_share, evidence, leaned, leans_of, of_part, part_of
from racelab.models.inrace.naive import win_rates


def orders(events: int, cars: int = 6, series: str = "f1", mark: float = 0.5) -> pd.DataFrame:
    """Races, one an event, in which the two last cars always change places with the two first."""
    final = [cars - 1, cars, *range(3, cars - 1), 1, 2]
    one = pd.DataFrame(
        {"place": range(1, cars + 1), "final": final, "car_class": "A", "class_cars": cars, "share": mark}
    )
    return pd.concat(
        [one.assign(turn=turn, session_id=turn, race=str(turn), at_ms=1.0, series=series, mark=mark) for turn in range(events)],
        ignore_index=True,
    )  # fmt: skip


def told(rows: pd.DataFrame, right: bool = True) -> pd.DataFrame:
    """Expected places, those that came or the opposite."""
    final = rows["final"].astype("float64")
    return pd.DataFrame({"expected": final if right else rows["class_cars"] + 1 - final, "p_retires": 0.1})


def test_a_model_that_was_right_is_followed_and_one_that_was_wrong_is_not() -> None:
    rows = orders(10)
    assert leans_of(evidence(rows, told(rows)), "f1")[0.5].weight == 1.0
    assert leans_of(evidence(rows, told(rows, right=False)), "f1") == {0.5: AS_IT_IS}


def test_few_events_or_none_of_the_series_leave_the_order_as_it_is() -> None:
    few = orders(5)
    assert leans_of(evidence(few, told(few)), "f1") == {0.5: AS_IT_IS}
    rows = orders(10, series="imsa")
    assert leans_of(evidence(rows, told(rows)), "wec") == {}
    both = pd.concat([rows, orders(1, series="wec").assign(turn=11, session_id=11)], ignore_index=True)
    assert leans_of(evidence(both, told(both)), "wec")[0.5].weight == 1.0  # the pool's races count beside its own


def test_places_are_drawn_to_the_expected_ones_where_the_order_tells_nothing() -> None:
    random = np.random.default_rng(3)
    rows = orders(60)
    rows["final"] = np.concatenate([random.permutation(6) + 1 for _ in range(60)])
    middle = pd.DataFrame({"expected": 3.5 + 0.01 * rows["place"], "p_retires": 0.1})
    lean = leans_of(evidence(rows, middle), "f1")[0.5]
    assert (lean.weight, lean.drawn) == (0.0, 0.8)


@settings(max_examples=25)
@given(st.permutations(range(1, 7)), st.floats(0, 1), st.floats(0, 1))
def test_the_leaned_answer_deals_out_the_same_places_in_one_order(
    final: list[int], weight: float, drawn: float
) -> None:
    rows = orders(1).assign(final=final)
    found = leaned(rows, told(rows), {0.5: Lean(weight, drawn)})
    assert sorted(found["expected"]) == sorted(final)
    assert found["median"].is_unique
    assert (found["median"].rank() == found["expected"].rank()).all()
    as_it_is = leaned(rows, told(rows), {})
    assert as_it_is["median"].tolist() == [1, 2, 3, 4, 5, 6]
    assert as_it_is["expected"].tolist() == [1, 2, 3, 4, 5, 6]


def test_the_whole_weight_is_the_order_of_the_model() -> None:
    rows = orders(1)
    found = leaned(rows, told(rows), {0.5: Lean(1.0, 0.0)})
    assert found["median"].tolist() == rows["final"].tolist()


def test_leans_between_two_shares_are_between_theirs_and_are_kept_as_plain_data() -> None:
    leans = {0.25: Lean(1.0, 0.4), 0.75: Lean(0.5, 0.0)}
    assert at_share(leans, 0.5) == Lean(0.75, 0.2)
    assert at_share(leans, 0.1) == leans[0.25]
    assert at_share(leans, 0.9) == leans[0.75]
    assert of_part(part_of(leans)) == leans


def test_naive_chances_to_win_know_earlier_races_alone() -> None:
    rows = orders(3)
    found = win_rates(rows, "place").to_numpy().reshape(3, 6)
    assert found[0] == pytest.approx(np.full(6, 1 / 6))
    assert found.sum(axis=1) == pytest.approx(np.ones(3))
    assert found[2].argmax() == 4  # who was fifth has won both races before
    assert found[2, 4] > found[1, 4] > found[0, 4]
    later = rows.assign(final=rows["final"].where(rows["turn"] < 2, rows["place"]))
    assert win_rates(later, "place").to_numpy() == pytest.approx(found.ravel())
