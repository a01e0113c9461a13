"""Metrics by name, as the lightweight interface takes and gives them, and as rows of the table driver_metrics."""

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import numpy as np
import orjson

from racelab.store.spec import SECTORS, is_missing

_STRENGTH = "sector_strength"
_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
MetricRow = dict[str, Any]


def to_json(value: object) -> str:
    """A value as JSON text; what is no number (NaN) is null there.

    Raises:
        ValueError: it cannot be written as JSON.
    """
    try:
        return orjson.dumps(value, option=_OPTIONS).decode()
    except TypeError as error:
        raise ValueError(f"cannot be kept as JSON: {error}") from error


def from_json(text: str) -> Any:
    """The value of a JSON text; the text itself where it is none."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def split_value(given: object) -> tuple[float | None, str | None]:
    """A value as its number and its detail: a number has no detail, anything else is JSON; None, NaN, NA and NaT are null.

    Raises:
        ValueError: it is infinite, or cannot be written as JSON.
    """
    if is_missing(given):
        return None, None
    if isinstance(given, np.generic):
        given = given.item()
    if isinstance(given, int | float) and not isinstance(given, bool):
        if math.isinf(given):
            raise ValueError("infinity is no value")
        return float(given), None
    return None, to_json(given)


def join_value(value: float | None, detail: str | None) -> Any:
    """The value that `split_value` took apart."""
    return value if detail is None else from_json(detail)


def metric_rows(metrics: Mapping[str, object]) -> list[MetricRow]:
    """Rows (metric, value, detail) from metrics by name.

    ``{"sector_strength": {"s1": ...}}`` becomes a row a sector. A metric that is nested under its own name, as in
    ``{"aggression_score": {"aggression_score": 0.65}}``, is taken out; what stands beside it there is kept as detail.

    Raises:
        ValueError: a value is infinite or cannot be kept.
    """
    rows = []
    for name, given in metrics.items():
        if name == _STRENGTH and is_strength(given):
            rows += [_row(f"{_STRENGTH}_{sector}", one) for sector, one in given.items()]  # type: ignore[attr-defined]
        elif isinstance(given, Mapping) and name in given and is_number(given[name]):
            detail = to_json(dict(given)) if len(given) > 1 else None
            rows.append({**_row(name, given[name]), "detail": detail})
        else:
            rows.append(_row(str(name), given))
    return rows


def metrics_of(rows: Iterable[MetricRow]) -> dict[str, Any]:
    """Metrics by name from rows (metric, value, detail): what `metric_rows` was given."""
    named: dict[str, Any] = {}
    for row in rows:
        name, value = row["metric"], join_value(row.get("value"), row.get("detail"))
        if name in STRENGTHS:
            named.setdefault(_STRENGTH, {})[STRENGTHS[name]] = value
        else:
            named[name] = value
    return named


def is_strength(given: object) -> bool:
    """Whether a value is a strength by sector: numbers under s1, s2 and s3, or some of them."""
    return (
        isinstance(given, Mapping) and bool(given) and set(given) <= set(SECTORS) and all(map(_plain, given.values()))
    )


def is_number(given: object) -> bool:
    """Whether a value is a number that JSON can hold."""
    return isinstance(given, Real) and not isinstance(given, bool) and math.isfinite(given)


def _plain(given: object) -> bool:
    return given is None or (isinstance(given, Real) and not isinstance(given, bool))


def _row(metric: str, given: object) -> MetricRow:
    value, detail = split_value(given)
    return {"metric": metric, "value": value, "detail": detail}


STRENGTHS = {f"{_STRENGTH}_{sector}": sector for sector in SECTORS}
