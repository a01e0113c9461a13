"""Race control's messages as a list that never covers data."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from racelab.domain.flags import Flag, RaceControlMessage
from racelab.domain.time import format_clock
from racelab.views.theme import css_variables, flag_colour

_HERE = Path(__file__).parent
_MOST = 200


class Messages(anywidget.AnyWidget):
    """The messages, newest first."""

    _esm = (_HERE / "messages.js").read_text(encoding="utf-8")
    _css = css_variables() + (_HERE / "messages.css").read_text(encoding="utf-8")
    messages: Any = traitlets.List().tag(sync=True)


def message_rows(messages: Sequence[RaceControlMessage]) -> list[dict[str, str]]:
    """Time, words and flag colour of the latest messages, newest first."""
    latest = sorted(messages, key=lambda message: message.sequence)[-_MOST:]
    return [_row(message) for message in reversed(latest)]


def _row(message: RaceControlMessage) -> dict[str, str]:
    known = (message.flag or "").lower() in Flag._value2member_map_
    return {
        "time": format_clock(message.time_ms) if message.time_ms is not None else "",
        "text": message.text,
        "colour": flag_colour((message.flag or "").lower()) if known else "",
    }
