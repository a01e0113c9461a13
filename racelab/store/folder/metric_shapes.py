"""Driver metrics: many rows (a metric each) as one object a session, car and seat, under the metrics' own names."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import orjson

from racelab.store.folder.names import Row
from racelab.store.folder.values import INFINITE
from racelab.store.spec import row_id
from racelab.store.spec_metrics import STRENGTHS, from_json, is_number, is_strength, metric_rows, metrics_of

_OWN = ("session_id", "car_number", "seat")
_STRENGTH = "sector_strength"
# Keys of the object that are no metrics.
_TAKEN = {"id", "session_id", "driver_id", "car_number", "seat", "n", "created", "created_at", "metrics"}


def to_objects(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Objects from rows that are in the order of their natural key."""
    return [_object(key, list(group)) for key, group in groupby(rows, key=lambda row: tuple(row[k] for k in _OWN))]


def to_rows(thing: dict[str, Any]) -> list[Row]:
    """The rows of an object, in the order of their metrics' names, as every store gives them.

    Raises:
        ValueError: a metric cannot be kept.
    """
    driver = thing.get("driver_id", thing.get("car_number"))
    if isinstance(driver, int) and not isinstance(driver, bool):
        driver = str(driver)
    own = {"session_id": thing.get("session_id"), "car_number": driver, "seat": thing.get("seat", 1)}
    counts, written = thing.get("n") or {}, thing.get("created") or {}
    rows = metric_rows({name: value for name, value in thing.items() if name not in _TAKEN})
    for row in rows:
        row |= {"n": counts.get(row["metric"]), "created_utc": written.get(row["metric"], thing.get("created_at"))}
    whole = [{**own, **row} for row in (*rows, *thing.get("metrics", ()))]
    return sorted(whole, key=lambda row: str(row.get("metric")))


def is_exact(text: str) -> bool:
    """Whether a JSON text is what its value is written as, so that the value can stand for it."""
    try:
        return orjson.dumps(orjson.loads(text)).decode() == text
    except orjson.JSONDecodeError:
        return False


def can_stand(detail: str) -> bool:
    """Whether a detail's value can stand in the place of a number, and still be told from one."""
    if not is_exact(detail):
        return False
    value = from_json(detail)
    return value is not None and not is_number(value) and not (isinstance(value, str) and value in INFINITE)


def _object(key: tuple[Any, ...], rows: list[Row]) -> dict[str, Any]:
    whole = any(row["metric"] in STRENGTHS for row in rows)
    plain = [row for row in rows if _is_plain(row) and not (whole and row["metric"] == _STRENGTH)]
    odd = [{name: value for name, value in row.items() if name not in _OWN} for row in rows if row not in plain]
    written = max((row["created_utc"] for row in plain if row.get("created_utc")), default=None)
    thing = {"id": row_id(key), "session_id": key[0], "driver_id": key[1], "seat": key[2], **metrics_of(plain)}
    counts = {row["metric"]: row["n"] for row in plain if row.get("n") is not None}
    others = {row["metric"]: row.get("created_utc") for row in plain if row.get("created_utc") != written}
    told = {"n": counts, "created": others, "created_at": written, "metrics": odd}
    return {**thing, **{name: value for name, value in told.items() if value}}


def _is_plain(row: Row) -> bool:
    """Whether a row can be read back from its metric's name and value alone; any other is kept in long form."""
    metric, value, detail = row["metric"], row.get("value"), row.get("detail")
    if isinstance(value, str):
        return False  # infinity in words
    if detail is None:
        return metric not in _TAKEN and metric != _STRENGTH
    if metric in _TAKEN or metric in STRENGTHS or not can_stand(detail):
        return False
    shown = from_json(detail)
    if isinstance(shown, dict) and is_number(shown.get(metric)):
        return len(shown) > 1 and float(shown[metric]) == value
    return value is None and not (metric == _STRENGTH and is_strength(shown))
