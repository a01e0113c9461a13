"""The words of the lightweight interface, and where their values stand in our tables.

The interface speaks of race types, lap times in seconds and metrics by name; the tables hold session codes, integer
milliseconds and a row a metric.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from hashlib import blake2b
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from racelab.domain.sessions import code_name, read_code
from racelab.domain.time import parse_duration, to_utc

# The source of sessions that people made themselves.
LOCAL_SOURCE = "local"
SECTORS = ("s1", "s2", "s3")
# The word for a first practice has no number, as most such sessions are the only one.
_TYPES = {"PRACTICE": "FP1"}
_WORDS = {code: word.lower() for word, code in _TYPES.items()}
_LONGEST_S = 30 * 3600


def read_race_type(text: str) -> str:
    """The session code for a race type: race is R, qualifying Q, practice FP1, and every spelling of a code.

    Raises:
        ValueError: no session is of this type.
    """
    word = " ".join(str(text).replace("_", " ").split()).upper()
    return _TYPES.get(word) or read_code(word)


def race_type(code: str) -> str:
    """The race type that stands for a session's code; `read_race_type` reads it back."""
    return _WORDS.get(code, code_name(code).lower())


def instant(given: object) -> datetime:
    """An instant in UTC from a datetime, a date or an ISO text; without a zone it is UTC.

    Raises:
        ValueError: it is none of these.
    """
    if isinstance(given, datetime):
        return to_utc(given)
    if isinstance(given, date):
        return datetime.combine(given, time(), UTC)
    if isinstance(given, str):
        return to_utc(datetime.fromisoformat(given.strip()))
    raise ValueError(f"no date: {given!r}")


def moment_text(moment: Any) -> str | None:
    """An instant as the interface writes it: ISO, in UTC and without a zone; None where there is none."""
    if moment is None or pd.isna(moment):
        return None
    return to_utc(moment).replace(tzinfo=None).isoformat()


def millis(given: object) -> int | None:
    """Integer milliseconds of a duration in seconds, as a number or as text such as 93.5 or 1:33.500.

    Half a millisecond is rounded up; None, NaN, NA and NaT are none.

    Raises:
        ValueError: it is no duration, or one that no lap has.
    """
    if is_missing(given):
        return None
    if isinstance(given, bool) or not isinstance(given, str | Real | Decimal):
        raise ValueError(f"not a time in seconds: {given!r}")
    try:
        seconds = Decimal(str(given).strip())
    except InvalidOperation:
        return parse_duration(str(given))
    if not seconds.is_finite() or not 0 <= seconds <= _LONGEST_S:
        raise ValueError(f"not a time in seconds: {given!r}")
    return int((seconds * 1000).quantize(Decimal(1), ROUND_HALF_UP))


def is_missing(given: object) -> bool:
    """Whether a value is one of the marks for none: None, NaN, NA or NaT."""
    return given is None or (pd.api.types.is_scalar(given) and bool(pd.isna(given)))


def seconds(given: int | None) -> float | None:
    """Milliseconds as seconds; None stays None."""
    return None if given is None else given / 1000


def sector_millis(given: object) -> dict[str, int | None]:
    """``s1_ms`` to ``s3_ms`` from a list of three times, or from a mapping by s1, S1 or sector1 and so on.

    Raises:
        ValueError: there are more than three sectors, or one is no time.
    """
    if is_missing(given):
        return {}
    if isinstance(given, np.ndarray | pd.Series):
        given = given.tolist()
    if isinstance(given, Mapping):
        named = {
            "s" + str(name).strip().lower().removeprefix("sector").strip(" _s"): one for name, one in given.items()
        }
        if len(named) < len(given):
            raise ValueError(f"a sector is named twice: {', '.join(map(str, given))}")
    elif isinstance(given, list | tuple):
        named = {f"s{number}": one for number, one in enumerate(given, 1)}
    else:
        raise ValueError(f"no sector times: {given!r}")
    if strange := set(named) - set(SECTORS):
        raise ValueError(f"a lap has the sectors s1, s2 and s3, not {', '.join(sorted(strange))}")
    return {f"{name}_ms": millis(one) for name, one in named.items()}


def sectors(row: Mapping[str, Any]) -> dict[str, float] | None:
    """The sector times of a lap in seconds, those that are known; None where none is."""
    known = {name: row[f"{name}_ms"] / 1000 for name in SECTORS if row.get(f"{name}_ms") is not None}
    return known or None


def row_id(parts: Iterable[object]) -> int:
    """An id for the row with this natural key: the same in every store, up to 2^53 so that JavaScript can hold it."""
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 11
