"""Samples of telemetry: numbers, ranges, one sample a car and instant."""

import pandas as pd

from racelab.domain.checks.ledger import Ledger
from racelab.domain.checks.limits import is_limited, range_of
from racelab.domain.vocabulary import COLUMNS
from racelab.errors import BadInput

_KEY = ["car_number", "kind", "time_ms"]
_TYPE, _RANGE, _SAME, _OTHER = "type", "impossible_value", "exact_duplicate", "contradicting_duplicate"


def check_telemetry(ledger: Ledger) -> None:
    """Leave out samples and values that cannot be, with a row for each column and car that had some.

    Raises:
        BadInput: the frame lacks the columns that name a sample.
    """
    frame = ledger.data.telemetry
    if frame is None:
        return
    if lacking := sorted(set(_KEY) - set(frame.columns)):
        raise BadInput(f"the telemetry of {ledger.data.session.key} lacks {', '.join(lacking)}: it names no samples")
    for rule in (_TYPE, _RANGE, _SAME):
        ledger.look(rule, len(frame))
    frame = _numbers(ledger, frame)
    frame = _within(ledger, frame)
    ledger.data.telemetry = _once(ledger, frame)


def _numbers(ledger: Ledger, frame: pd.DataFrame) -> pd.DataFrame:
    for key in [key for key in frame.columns if key in COLUMNS and COLUMNS[key].kind in ("int", "float")]:
        if not pd.api.types.is_numeric_dtype(frame[key]):
            read = pd.to_numeric(frame[key], errors="coerce")
            _count(ledger, _TYPE, frame[read.isna() & frame[key].notna()], key, "no number; it is left out")
            frame = frame.assign(**{key: read})
    nameless = frame[_KEY].isna().any(axis=1)
    _count(ledger, _TYPE, frame[nameless], "time_ms", "samples without car, kind or time are left out")
    return frame[~nameless] if nameless.any() else frame


def _within(ledger: Ledger, frame: pd.DataFrame) -> pd.DataFrame:
    for key in [key for key in frame.columns if key in COLUMNS and is_limited(key)]:
        low, high = range_of(key)
        bad = ((frame[key] < low) | (frame[key] > high)).fillna(False).astype(bool)
        if bad.any():
            _count(ledger, _RANGE, frame[bad], key, f"not between {low:g} and {high:g}; left out")
            frame = frame[~bad] if key == "time_ms" else frame.assign(**{key: frame[key].mask(bad)})
    return frame


def _once(ledger: Ledger, frame: pd.DataFrame) -> pd.DataFrame:
    twice = frame.duplicated(_KEY)
    _count(ledger, _SAME, frame[twice], "time_ms", "a second sample of the same instant; the first is kept")
    return frame[~twice] if twice.any() else frame


def _count(ledger: Ledger, rule: str, rows: pd.DataFrame, key: str, reason: str) -> None:
    for car, own in rows.groupby("car_number", dropna=False):
        record = f"{car}, {len(own)} samples"
        ledger.write(rule, "telemetry", record, key, (own[key].iloc[0], None), reason)
