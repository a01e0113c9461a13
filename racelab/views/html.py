"""Tables and facts as HTML; everything that comes from data is escaped."""

from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd
from IPython.display import HTML

from racelab.domain.time import MISSING, format_duration
from racelab.domain.vocabulary import COLUMNS


def table(
    frame: pd.DataFrame,
    headings: Mapping[str, str] | None = None,
    caption: str | None = None,
    minor: Collection[str] = (),
    right: Collection[str] = (),
) -> HTML:
    """A frame for people: the vocabulary's headings, times in racing notation, an en dash for what is missing.

    A value in a row whose ``quality`` is repaired carries a dot; the column itself is not shown.
    Columns in ``minor`` are left out on a phone; those in ``right`` are numbers in words and stand at the right, as numbers do.
    """
    keys = [str(key) for key in frame.columns if key != "quality"]
    names = {key: COLUMNS[key].heading for key in keys if key in COLUMNS} | dict(headings or {})
    classes = {key: _classes(frame[key], key in minor, key in right) for key in keys}
    head = "".join(_head(key, names.get(key, key), classes[key]) for key in keys)
    body = "".join(_row(row, classes) for row in frame.to_dict("records"))
    over = f"<caption>{escape(caption)}</caption>" if caption else ""
    return HTML(f"<table>{over}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def facts(pairs: Sequence[tuple[str, str, str | None]]) -> HTML:
    """Large facts: what, value, a small line under it."""
    parts = [
        f"<div><dt>{escape(what)}</dt><dd>{escape(value)}{f'<small>{escape(note)}</small>' if note else ''}</dd></div>"
        for what, value, note in pairs
    ]
    return HTML(f'<dl class="facts">{"".join(parts)}</dl>')


def listed(sentences: Sequence[str], ordered: bool = False) -> HTML:
    """Sentences as a list."""
    kind = "ol" if ordered else "ul"
    return HTML(f"<{kind}>" + "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences) + f"</{kind}>")


def shown(key: str, value: object) -> str:
    """A value as people read it: 1:32.605 for a duration, an en dash for what is missing."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and pd.isna(value)):
        return MISSING
    if key.endswith("_ms") and isinstance(value, int | float):
        return format_duration(int(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.1f}"
    return str(value)


def _head(key: str, name: str, classes: list[str]) -> str:
    title = f' title="{escape(COLUMNS[key].description)}"' if key in COLUMNS else ""
    return f'<th scope="col"{_class(classes)}{title}>{escape(name)}</th>'


def _row(row: Mapping[object, object], classes: Mapping[str, list[str]]) -> str:
    repaired = row.get("quality") == "repaired"
    return f"<tr>{''.join(_cell(key, row[key], own, repaired) for key, own in classes.items())}</tr>"


def _cell(key: str, value: object, classes: list[str], repaired: bool) -> str:
    words = shown(key, value)
    marked = repaired and key.endswith("_ms") and words != MISSING
    title = ' title="repaired: see Repairs"' if marked else ""
    return f"<td{_class([*classes, 'repaired'] if marked else classes)}{title}>{escape(words)}</td>"


def _classes(column: "pd.Series[Any]", is_minor: bool, is_right: bool) -> list[str]:
    """Numbers, car numbers and gaps stand at the right."""
    right = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    right = right or is_right or column.name in ("gap", "car_number")
    return [name for name, there in (("number", right), ("minor", is_minor)) if there]


def _class(names: list[str]) -> str:
    return f' class="{" ".join(names)}"' if names else ""
