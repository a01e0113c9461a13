"""Lines of recordings as messages: FastF1's saved text, and the archive's streams."""

import ast
import re
from typing import Any

import orjson

from racelab.sources.f1live.values import duration_ms

_LONGEST = 8 * 1024 * 1024
_WORDS = {"True": "true", "False": "false", "None": "null"}
_TOKEN = re.compile(r'"[^"]*"|\b(?:True|False|None)\b')
_STREAM = re.compile(r"^\ufeff?(\d{1,2}:\d\d:\d\d\.\d{1,7})(?!\d)(.+)$", re.DOTALL)


def read_text(line: str) -> tuple[str, Any, str]:
    """Topic, content and stamp of a line of FastF1's recorder: ``['Topic', {...}, 'time']``, in Python's or JSON's way.

    Raises:
        ValueError: the line is no such message; nothing in it is ever run.
    """
    if len(line) > _LONGEST:
        raise ValueError("a line too long for a message")
    found = _loaded(line.strip().lstrip("\ufeff"))
    if not isinstance(found, list | tuple) or len(found) != 3:
        raise ValueError("not a message of three parts")
    topic, content, stamp = found
    if not isinstance(topic, str) or not isinstance(stamp, str):
        raise ValueError("a message without topic or time")
    return topic, content, stamp


def read_stream(line: str) -> tuple[int, Any]:
    """Stream time (ms) and content of a line of the archive: ``00:03:12.456{...}`` or the same with a quoted text.

    Raises:
        ValueError: the line is no such message.
    """
    match = _STREAM.match(line.strip()) if len(line) <= _LONGEST else None
    if match is None:
        raise ValueError("not a time followed by a message")
    return duration_ms(match[1]) or 0, orjson.loads(match[2])


def _loaded(line: str) -> Any:
    # A literal without double quotes and backslashes has single quotes around its texts only: changed, it is JSON.
    if '"' not in line and "\\" not in line:
        text = line.replace("'", '"')
        if "True" in text or "False" in text or "None" in text:
            text = _TOKEN.sub(lambda token: _WORDS.get(token[0], token[0]), text)
        return orjson.loads(text)
    if line.startswith('["'):
        try:
            return orjson.loads(line)
        except orjson.JSONDecodeError:
            return _literal(line)
    return _literal(line)


def _literal(line: str) -> Any:
    """A Python literal; the parser of literals runs nothing."""
    try:
        return ast.literal_eval(line)
    except (SyntaxError, MemoryError, RecursionError, TypeError) as error:
        raise ValueError(f"not a message ({type(error).__name__})") from error
