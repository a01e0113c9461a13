"""A text of race control as a ruling."""

import re

from racelab.domain.series import Series
from racelab.sources.racecontrol import specification as spec
from racelab.sources.racecontrol.cars import find_cars
from racelab.sources.racecontrol.reasons import find_reason
from racelab.sources.racecontrol.ruling import Category, Happening, Penalty, Ruling

_WITH_PENALTY = (Category.PENALTY, Category.SERVED, Category.LAP_DELETED)
_FLAGGED = (Category.FLAG, Category.TECHNICAL, Category.WARNING)


def read_message(text: str, series: Series | None = None) -> Ruling:
    """What a text of race control says; whatever it says, there is a ruling.

    Args:
        text: one message; what is beyond the first 1,000 characters is not read.
        series: whose race control it is; IMSA's penalties may be mere warnings. Null reads any of the three.
    """
    said = " ".join(text[: spec.LONGEST].upper().replace("\u2013", "-").split())
    category = _category(said, series)
    cars = find_cars(said)
    turn, post, sector, lap, article = (
        spec.TURN.search(said), spec.MARSHAL_POST.search(said), spec.SECTOR.search(said), spec.LAP.search(said),
        spec.ARTICLE.search(said),
    )  # fmt: skip
    return Ruling(
        category, tuple(cars.about), tuple(cars.beside), tuple(cars.drivers),
        penalty=_penalty(said) if category in _WITH_PENALTY else None,
        happening=_happening(said, category),
        flag=_flag(said) if category in _FLAGGED and not spec.ANNOUNCED.search(said) else None,
        reason=find_reason(said, category, cars.drivers),
        article=article[1] if article else None,
        lap=int(lap[1]) if lap else None,
        turn=re.sub(r"[ T]", "", turn[1]) if turn else None,
        marshal_post=post[1] if post else None,
        sector=int(sector[1]) if sector else None,
        withdrawn=bool(spec.WITHDRAWN.search(said)) or (category is Category.FLAG and bool(spec.REMOVED.search(said))),
        correction=bool(spec.CORRECTION.search(said)),
    )  # fmt: skip


def _category(said: str, series: Series | None) -> Category:
    found = next((category for category, pattern in spec.CATEGORIES if pattern.search(said)), Category.INFORMATION)
    if series in (None, Series.IMSA) and found is not Category.LAP_DELETED and spec.ONLY_WARNING.search(said):
        return Category.WARNING
    if found is Category.INFORMATION and spec.BARE_PENALTY.search(said):
        return Category.PENALTY
    return found


def _penalty(said: str) -> Penalty | None:
    for kind, pattern, factor in spec.PENALTIES:
        found = pattern.search(said)
        if found is not None:
            return Penalty(kind, _amount(found, factor))
    return None


def _amount(found: re.Match[str], factor: int) -> int | None:
    if found.re.groups == 0:
        return None
    minutes, _, seconds = found[1].rpartition(":")
    return (int(minutes or 0) * 60 + int(seconds)) * factor


def _happening(said: str, category: Category) -> Happening | None:
    """What happened to the car: told of the track itself; of a contact also what follows from it."""
    found = next((happening for happening, pattern in spec.HAPPENINGS if pattern.search(said)), None)
    if found is Happening.CONTACT and spec.NO_CONTACT.search(said):
        return Happening.CONTINUED
    return found if found is Happening.CONTACT or category is Category.ON_TRACK else None


def _flag(said: str) -> str | None:
    card = next((flag for flag, words in spec.CARD_FLAGS if words in said), None)
    return card or next((flag for flag, pattern in spec.FLAGS if pattern.search(said)), None)
