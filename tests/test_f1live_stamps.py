"""Which instant a message of Formula 1 has, whatever either clock says."""

from datetime import timedelta

import pytest
from f1live_text import START, stamp

from racelab.sources.f1live.stamps import Stamps
from racelab.sources.f1live.values import epoch_ms

ZERO = epoch_ms(START)


def moment(stamps, received_s, stamped_s):
    told = None if stamped_s is None else stamp(int(stamped_s * 1000))
    return (stamps.moment(START + timedelta(seconds=received_s), told) - ZERO) / 1000


@pytest.mark.parametrize("ours", [0, 90, -3_600, 86_400])
def test_a_stamp_counts_whatever_the_clock_of_the_receipt_says(ours):
    stamps = Stamps()
    assert [moment(stamps, ours + at + delay, at) for at, delay in ((0, 1), (5, 40), (50, 2))] == [0, 5, 50]
    # What has no stamp is set by the one that was least delayed.
    assert moment(stamps, ours + 61, None) == 60


def test_a_stamp_that_jumped_does_not_count_until_all_did():
    stamps = Stamps()
    assert moment(stamps, 10, 10) == 10
    assert [moment(stamps, at, at - 7_200) for at in (20, 100, 300)] == [20, 100, 300]
    assert moment(stamps, 305, 305) == 305
    assert [moment(stamps, at, at - 7_200) for at in (310, 620)] == [310, 620 - 7_200]
    assert moment(stamps, 630, None) == 630 - 7_200


def test_a_full_state_tells_the_clock_before_the_first_stamp():
    stamps, received = Stamps(), START + timedelta(hours=3)
    stamps.join(received, {"Heartbeat": {"Utc": stamp(-10_000)}})
    assert moment(stamps, 10_805, None) == -5
    late = Stamps()
    # A heartbeat is up to 15 s old: so little is no other clock.
    late.join(START, {"Heartbeat": {"Utc": stamp(-10_000)}})
    assert moment(late, 5, None) == 5
    for strange in (None, {}, {"Heartbeat": 5}, {"Heartbeat": {"Utc": "now"}}):
        Stamps().join(START, strange)


def test_no_stamp_is_read_from_what_is_none():
    assert [moment(Stamps(), 5, None), Stamps().moment(START, "soon") - ZERO, Stamps().moment(START, 7) - ZERO] == [
        5,
        0,
        0,
    ]


def test_what_waited_on_its_way_keeps_its_stamps():
    stamps = Stamps()
    assert moment(stamps, 1, 0) == 0
    assert [moment(stamps, 900 + at / 100, at) for at in range(5, 800, 45)] == list(range(5, 800, 45))
    assert moment(stamps, 1_000, None) == 999
