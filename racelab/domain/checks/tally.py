"""How many records each rule accepted, repaired and quarantined, its own rows and those of the reader together."""

from collections import Counter

from racelab.domain.checks.rules import CHECKS, RULES, SOURCE_RULES
from racelab.domain.records import Repair, SessionData, Tally


def is_note(row: Repair) -> bool:
    """Whether the row names a value that is kept, and no repair."""
    return row.before == row.after


def tally(data: SessionData, looked: Counter[str]) -> list[Tally]:
    """One tally a rule that looked at something, in the order of the declarations.

    Args:
        data: the session after its checks.
        looked: how many records each rule looked at.
    """
    repaired, noted = _records(data, notes=False), _records(data, notes=True)
    quarantined = Counter(row.rule for row in data.quarantine)
    # A session that is checked again has lost what the first time took out: its first count stands.
    before = {row.rule: row.checked for row in data.checks} or looked
    strange = [name for name in {**repaired, **noted, **quarantined} if name not in RULES]
    rows = []
    for rule in [*(rule.name for rule in (*SOURCE_RULES, *CHECKS)), *strange]:
        found = repaired[rule] + quarantined[rule]
        named = found + noted[rule]
        checked = max(before.get(rule, 0), named, _held(data, rule, found) if named else 0)
        if checked:
            rows.append(Tally(rule, checked, checked - found, repaired[rule], quarantined[rule]))
    return rows


def _records(data: SessionData, *, notes: bool) -> Counter[str]:
    """How many records each rule repaired, or noted; a record that was quarantined counts as that alone."""
    out = {(row.rule, row.table, row.record) for row in data.quarantine}
    named = {(row.rule, row.table, row.record) for row in data.repairs if is_note(row) == notes}
    return Counter(rule for rule, _, _ in named - out)


def _held(data: SessionData, rule: str, found: int) -> int:
    """Records of the tables that a reader's rule looks at, those that it left out among them."""
    held = sum(len(getattr(data, table, ())) for table in _OF_SOURCES.get(rule, ()))
    return held + (found if rule in _LEFT_OUT else 0)


_LEFT_OUT = ("no_car_or_lap_number", "second_row_of_a_lap")
_OF_SOURCES = {rule.name: rule.tables for rule in SOURCE_RULES}
