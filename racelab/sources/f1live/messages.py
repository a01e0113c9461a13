"""Race control's messages, and what they say of lap times."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from racelab.domain.flags import RaceControlMessage
from racelab.sources.f1live import specification as spec
from racelab.sources.f1live.merge import items
from racelab.sources.f1live.values import duration_ms, instant, stamp_ms, text, whole

_MOST = 5_000
# Messages are stamped in whole seconds, and come within one: stamps that differ by more are of another clock.
_LAGS, _CLOCKS_MS = 200, 5_000


@dataclass(slots=True)
class Messages:
    """What race control said so far: messages by number, and the lap times (car, ms) that are deleted now."""

    told: dict[int, RaceControlMessage] = field(default_factory=dict)
    deleted: set[tuple[str, int]] = field(default_factory=set)
    _content: dict[int, Any] = field(default_factory=dict)
    _lags: list[int] = field(default_factory=list)

    @property
    def skew_ms(self) -> int:
        """How far the messages' own clock is ahead of the stamps of the stream; 0 where both are the same."""
        usual = int(median(self._lags)) if self._lags else 0
        return usual if abs(usual) > _CLOCKS_MS else 0

    def read(self, content: Any, at: int) -> Iterator[tuple[RaceControlMessage, int]]:
        """New and changed messages, without their session time, each with its instant (ms).

        A list is what was said before; each of its messages counts when it was made, any other when it came.
        """
        is_history = isinstance(content, list)
        for index, told in items(content):
            if not isinstance(told, dict) or index > _MOST or self._content.get(index) == told:
                continue
            self._content[index] = told
            words = text(told.get("Message"))
            if words is None:
                continue
            utc = stamp_ms(told.get("Utc"))
            happened = at
            if is_history and utc is not None and utc < at:
                happened = utc
            elif utc is not None and len(self._lags) < _LAGS:
                self._lags.append(utc - at)
            message = _message(index + 1, words, told, instant(utc if utc is not None else at))
            self.told[index] = message
            self._judge(words)
            yield message, happened

    def _judge(self, words: str) -> None:
        reinstated = spec.TIME_REINSTATED.match(words)
        deleted = None if reinstated else spec.TIME_DELETED.match(words)
        found = reinstated or deleted
        lap_ms = duration_ms(found[2]) if found else None
        if found and lap_ms is not None:
            (self.deleted.discard if reinstated else self.deleted.add)((found[1], lap_ms))


def _message(sequence: int, words: str, told: dict[str, Any], moment: Any) -> RaceControlMessage:
    return RaceControlMessage(
        sequence, words, None, moment,
        lap_number=whole(told.get("Lap"), spec.MOST_LAPS), category=text(told.get("Category")),
        flag=text(told.get("Flag")), scope=text(told.get("Scope")), sector=whole(told.get("Sector"), 100),
        car_number=text(told.get("RacingNumber")),
    )  # fmt: skip
