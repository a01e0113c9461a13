"""The files as text: JSON with or without a callback around it, and letters that were encoded twice."""

import json
from typing import Any

_CALLBACK_MOST = 100


def read_jsonp(text: str) -> dict[str, Any]:
    """The object of ``callback({...});`` or of plain JSON; nothing of it is run.

    Raises:
        ValueError: the text is neither, or not an object.
    """
    body = text.strip().lstrip("\ufeff").strip()
    if not body.startswith("{"):
        head, bracket, rest = body.partition("(")
        if not bracket or len(head) > _CALLBACK_MOST:
            raise ValueError("neither JSON nor a callback with JSON")
        body = rest.rstrip().removesuffix(";").rstrip()
        if not body.endswith(")"):
            raise ValueError("the callback is not closed: the answer is cut off")
        body = body[:-1]
    try:
        content = json.loads(body)
    except RecursionError as error:
        raise ValueError("JSON that is nested too deeply") from error
    if not isinstance(content, dict):
        raise ValueError("JSON that is no object")
    return content


def mended(text: str) -> str:
    """The text with letters that were encoded as UTF-8 twice put right; any other text stays as it is."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text
