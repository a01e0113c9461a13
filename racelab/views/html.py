"""Tables and facts as HTML; everything that comes from data is escaped."""

from collections.abc import Collection, Mapping, Sequence
from html import escape

import pandas as pd
from IPython.display import HTML

from racelab.domain.time import MISSING, format_duration
from racelab.domain.vocabulary import COLUMNS

_RIGHT = ("int", "float")


def table(
    frame: pd.DataFrame,
    headings: Mapping[str, str] | None = None,
    caption: str | None = None,
    minor: Collection[str] = (),
) -> HTML:
    """A frame for people: the vocabulary's headings, times in racing notation, an en dash for what is missing.

    A value in a row whose ``quality`` is repaired carries a dot; the column itself is not shown.
    Columns in ``minor`` are left out on a phone.
    """
    keys = [str(key) for key in frame.columns if key != "quality"]
    names = {key: COLUMNS[key].heading for key in keys if key in COLUMNS} | dict(headings or {})
    head = "".join(
        f'<th scope="col"{_class(_kind(key), key in minor)}{_title(key)}>{escape(names.get(key, key))}</th>'
        for key in keys
    )
    body = "".join(_row(row, keys, minor) for row in frame.to_dict("records"))
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
        return f"{value:.1f}".removesuffix(".0")
    return str(value)


def _row(row: Mapping[object, object], keys: Sequence[str], minor: Collection[str]) -> str:
    repaired = row.get("quality") == "repaired"
    return f"<tr>{''.join(_cell(key, row[key], key in minor, repaired) for key in keys)}</tr>"


def _cell(key: str, value: object, is_minor: bool, repaired: bool) -> str:
    words = shown(key, value)
    marked = repaired and key.endswith("_ms") and words != MISSING
    title = ' title="repaired: see Repairs"' if marked else ""
    return f"<td{_class(_kind(key), is_minor, marked)}{title}>{escape(words)}</td>"


def _class(kind: str, is_minor: bool, marked: bool = False) -> str:
    names = [name for name, there in ((kind, kind), ("minor", is_minor), ("repaired", marked)) if there]
    return f' class="{" ".join(names)}"' if names else ""


def _kind(key: str) -> str:
    right = key.endswith("_ms") or key in ("gap", "car_number", "n") or (key in COLUMNS and COLUMNS[key].kind in _RIGHT)
    return "number" if right else ""


def _title(key: str) -> str:
    return f' title="{escape(COLUMNS[key].description)}"' if key in COLUMNS else ""
