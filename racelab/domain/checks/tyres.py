"""Stints against tyre age: what a source says of tyres, held against what can be."""

import numpy as np

from racelab.domain.checks.ledger import Ledger
from racelab.domain.checks.rows import array, pairs
from racelab.domain.flags import Flag
from racelab.domain.laps import Lap

_AGE, _STINT = "tyre_age", "stint_without_stop"
# A set that was used before may by chance be one lap older than the one that it follows; an old one hardly.
_OLD = 5


def note_tyres(ledger: Ledger) -> None:
    """Name tyre ages that fall within a stint or do not fit its start, and stints that begin from nothing."""
    laps = ledger.data.laps
    stint, age = array(ledger, "stint"), array(ledger, "tyre_age")
    before, this = pairs(ledger).next
    staged = ~np.isnan(stint[this]) & ~np.isnan(stint[before])
    aged = ~np.isnan(age[this]) & ~np.isnan(age[before])
    new = staged & (stint[this] != stint[before])
    ledger.look(_AGE, int((~np.isnan(age)).sum()))
    for at in this[staged & ~new & aged & (age[this] < age[before])].tolist():
        ledger.note(_AGE, "laps", at, "tyre_age", "the age falls within a stint")
    for old, at in zip(before[new & aged].tolist(), this[new & aged].tolist(), strict=True):
        if reason := _strange_start(laps[old], laps[at]):
            ledger.note(_AGE, "laps", at, "tyre_age", reason)
    if ledger.data.session.key.is_race:
        ledger.look(_STINT, int(new.sum()))
        for old, at in zip(before[new].tolist(), this[new].tolist(), strict=True):
            if not _may_change(laps[old], laps[at]):
                reason = "the stint begins without a stop and without a red flag"
                ledger.note(_STINT, "laps", at, "stint", reason)


def _strange_start(before: Lap, lap: Lap) -> str | None:
    old, age = before.tyre_age or 0, lap.tyre_age or 0
    if lap.fresh_tyre and age > 1 and age != old + 1:
        return "the set is called new, and is older than a lap"
    if lap.compound is not before.compound and lap.compound and before.compound and age == old + 1 > _OLD:
        return "another compound goes on with the age of the one before it"
    return None


def _may_change(before: Lap, lap: Lap) -> bool:
    return before.pit_in or lap.pit_out or Flag.RED in (before.flag, lap.flag)
