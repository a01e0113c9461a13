"""What every command shares: where it writes, how it shows progress, what it prints."""

import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from racelab.errors import BadInput
from racelab.settings import Settings, get_settings

T = TypeVar("T")
JSON_MODE = "RACELAB_JSON"
log = logging.getLogger("racelab")


def configure(db: str | None, data: Path | None, as_json: bool) -> Settings:
    """Put the command line's options where settings and child processes (notebooks) read them."""
    if db:
        os.environ["RACELAB_DB"] = db
    if data:
        os.environ["RACELAB_DATA"] = str(data)
    os.environ[JSON_MODE] = "1" if as_json else ""
    get_settings.cache_clear()
    try:
        return get_settings()
    except ValidationError as error:
        raise BadInput(_setting_fault(error)) from error
    except SettingsError as error:
        # It names the field in quotes, and no value.
        name = str(error).partition('"')[2].partition('"')[0].upper() or "?"
        raise BadInput(
            f"RACELAB_{name} cannot be used (it is no JSON): correct it in the environment or in .env"
        ) from None


def _setting_fault(error: ValidationError) -> str:
    """The first wrong setting by its variable's name, without its value: that may be a secret."""
    first = error.errors(include_input=False, include_url=False)[0]
    name = str(first["loc"][0]).upper() if first["loc"] else "?"
    aliases = {field.validation_alias for field in Settings.model_fields.values()}
    variable = name if name in aliases else f"RACELAB_{name}"
    return f"{variable} cannot be used ({first['msg']}): correct it in the environment or in .env"


def is_json() -> bool:
    """Whether the command prints one JSON document instead of words."""
    return bool(os.environ.get(JSON_MODE))


def emit(payload: object, show: Callable[[Console], None]) -> None:
    """Print the payload as JSON, or let `show` print it for people."""
    if is_json():
        sys.stdout.write(json.dumps(payload, default=_plain, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    else:
        show(Console(width=None if sys.stdout.isatty() else 160))


def table(frame: pd.DataFrame, title: str | None = None) -> Table:
    """A frame as a table for the terminal: missing is an en dash, numbers are right-aligned."""
    shown = Table(title=title, header_style="bold", box=box.SIMPLE_HEAD)
    for name in frame.columns:
        numeric = pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(frame[name])
        shown.add_column(str(name), justify="right" if numeric else "left", no_wrap=True)
    for row in frame.itertuples(index=False):
        shown.add_row(*(Text("–" if pd.isna(value) else printable(str(value))) for value in row))
    return shown


def printable(text: str) -> str:
    """The text without characters that would steer a terminal: names come from files of others."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's rows as plain dictionaries: missing is None."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]


def track(items: Iterable[T], label: str, total: int, name: Callable[[T], str] = str) -> Iterator[T]:
    """The items one by one, with a progress bar on a terminal and a log line each elsewhere."""
    if not sys.stderr.isatty() or is_json():
        for number, item in enumerate(items, 1):
            log.info("%s %d/%d: %s", label, number, total, name(item))
            yield item
        return
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(label, total=total)
        for item in items:
            progress.update(task, description=f"{label}: {escape(printable(name(item)))}")
            yield item
            progress.advance(task)


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"cannot be written as JSON: {type(value).__name__}")
