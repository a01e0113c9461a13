"""Why: what is left of a text without its cars, its decision and its places."""

import re
from collections.abc import Sequence

from racelab.sources.racecontrol.ruling import Category

_WITH_REASON = frozenset({
    Category.SERVED, Category.DECISION, Category.INVESTIGATION, Category.NOTED, Category.LAP_DELETED, Category.PENALTY,
    Category.WARNING, Category.TECHNICAL,
})  # fmt: skip
# Parts between dashes that say who, what was decided or where, not why.
_NO_REASON = re.compile(
    r"FIA STEWARDS ?:|INFORMATION ?:|CORRECTION\b|UPDATE ?:|CARS?\b|\d{1,3}\b(?! ?(?:ST|ND|RD|TH))|\d{1,3} ?SEC"
    r"|PENALTY\b(?! NOT)|UNDER? (?:INVESTIGATION|REVIEW)|NO (?:FURTHER|INVESTIGATION|ACTION)|\(\+\d|DRIVE[ -]?THROUGH"
    r"|STOP ?(?:\+|PLUS|AND)|LAP TIME|TURNS? \d|LAPS?\b|(?:FINAL )?WARNING|REPRIMAND|RESCINDED|NFA$|TEAM MANAGER"
    r"|BLACK AND|MECHANICAL BLACK|WAVED|FINE PENALTY|CANCEL|SUSPENDED|STAND BY|IS SUSPENDED|DRIVER [A-Z ]+$(?<!DECLARATION)"
    r"|.{0,30}INCIDENTS? INVOLVING|NUMBER CORRECTION"
)
_WHERE_AND_WHEN = re.compile(
    r" (?:(?:AT|ON) (?:T(?:URN)? ?\d|MP ?\d|LAP|\d{1,2}:?\d\d).{0,60}|\d\d:?\d\d(?::?\d\d)?|T\d{1,2})$"
)
_DECIDED = re.compile(
    r" (?:(?:IS |CONTINUES TO BE )?(?:UNDER REVIEW|UNDER INVESTIGATION|REVIEWED)|(?:INVOLVING|BETWEEN) CARS? \d).{0,80}$"
)
_DELETED = re.compile(r"DELETED - (.{1,80}?)(?: AT TURN| LAP|$)")


def find_reason(said: str, category: Category, drivers: Sequence[str]) -> str | None:
    """The reason in race control's words; null where the text gives none or the category has none."""
    if category not in _WITH_REASON:
        return None
    deleted = _DELETED.search(said)
    if deleted:
        return deleted[1].strip() or None
    parts = (part.strip() for part in re.split(r" - | -(?=[A-Z])", said))
    words = [part for part in parts if part and part not in drivers and not _NO_REASON.match(part)]
    reason = _DECIDED.sub("", " - ".join(words))
    # A place and a time may stand one behind the other.
    reason = _WHERE_AND_WHEN.sub("", _WHERE_AND_WHEN.sub("", reason)).strip()
    return reason[:200] or None
