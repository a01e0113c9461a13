"""Names as people write them, made comparable: accents, case, punctuation and order do not count."""

import re
import unicodedata
from collections.abc import Iterable

# Letters that no decomposition takes apart.
_FOLDED = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"})
# What nearly every circuit is called.
_GENERAL = frozenset(
    {"autodromo", "circuit", "circuito", "course", "de", "di", "do", "du", "international", "motor", "of", "park",
     "raceway", "rc", "road", "speedway", "the"}
)  # fmt: skip
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
_WORD = re.compile(r"[^\W_]+")
# A shared word of fewer letters (de, van, di) says nothing about who is meant.
_TELLING = 3


def words_of(name: str | None) -> tuple[str, ...]:
    """The name's words without accents, case and punctuation; Jr. and its like are left out.

    ``"Sébastien BUEMI"`` gives ``("sebastien", "buemi")``.
    """
    lowered = (name or "").lower().translate(_FOLDED)
    bare = "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))
    return tuple(word for word in _WORD.findall(bare) if word not in _SUFFIXES)


def name_key(name: str | None) -> str:
    """One key for every spelling and order of a name: its words, sorted; empty where there is no word."""
    return " ".join(sorted(words_of(name)))


def chassis_key(name: str | None) -> str:
    """The key of a constructor's chassis: Ergast's ``Cooper-Climax`` is a Cooper with an engine of Climax."""
    return name_key((name or "").split("-", maxsplit=1)[0]) or name_key(name)


def circuit_key(name: str | None) -> str:
    """The key of a circuit without general words: ``Circuit de Spa-Francorchamps`` is Spa-Francorchamps.

    It is empty for a street circuit, which may run through other streets of the town by now.
    """
    words = set(words_of(name))
    return "" if "street" in words else " ".join(sorted(words - _GENERAL))


def share_a_word(first: Iterable[str], second: Iterable[str]) -> bool:
    """Whether two names have a telling word in common."""
    return any(len(word) >= _TELLING for word in set(first) & set(second))


def own_id(provider_id: str | None, name: str) -> str:
    """The id under which a driver of a session stands in `identities`: the provider's own, else the name's key."""
    return provider_id or name_key(name)
