"""Tables and facts as HTML; everything that comes from data is escaped."""

from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd
from IPython.display import HTML

from racelab.domain.time import MISSING, format_duration
from racelab.domain.vocabulary import COLUMNS

_RIGHT = ("int", "float")


def table(frame: pd.DataFrame, headings: Mapping[str, str] | None = None, caption: str | None = None) -> HTML:
    """A frame for people: the vocabulary's headings, times in racing notation, an en dash for what is missing.

    A value in a row whose ``quality`` is repaired carries a dot; the column itself is not shown.
    """
    keys = [str(key) for key in frame.columns if key != "quality"]
    names = {key: COLUMNS[key].heading for key in keys if key in COLUMNS} | dict(headings or {})
    head = "".join(f'<th scope="col"{_side(key)}{_title(key)}>{escape(names.get(key, key))}</th>' for key in keys)
    body = "".join(_row(row, keys) for row in frame.to_dict("records"))
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


def _row(row: Mapping[object, object], keys: Sequence[str]) -> str:
    mark = " repaired" if row.get("quality") == "repaired" else ""
    cells = [_cell(key, row[key], mark if key.endswith("_ms") else "") for key in keys]
    return f"<tr>{''.join(cells)}</tr>"


def _cell(key: str, value: object, mark: str) -> str:
    classes = ("number" if _is_right(key) else "") + (mark if value is not pd.NA else "")
    title = ' title="repaired: see Repairs"' if mark else ""
    return f"<td{f' class={chr(34)}{classes.strip()}{chr(34)}' if classes.strip() else ''}{title}>{escape(shown(key, value))}</td>"


def _is_right(key: str) -> bool:
    return key.endswith("_ms") or key in ("gap", "car_number") or (key in COLUMNS and COLUMNS[key].kind in _RIGHT)


def _side(key: str) -> str:
    return ' class="number"' if _is_right(key) else ""


def _title(key: str) -> str:
    return f' title="{escape(COLUMNS[key].description)}"' if key in COLUMNS else ""
