"""Race control's messages, from the race log and from flags of single sectors."""

from dataclasses import dataclass, field
from typing import Any

from racelab.domain.flags import RaceControlMessage
from racelab.sources.griiip import specification as spec
from racelab.sources.griiip.flags import flag_of, sectors_of
from racelab.sources.griiip.values import DAY_MS, from_epoch_ms, lap_of, text

_MOST = 20_000


@dataclass(slots=True)
class Messages:
    """Messages by their own ids. Their numbers follow from when they were sent: told late, they are the same."""

    numbers: dict[str, int] = field(default_factory=dict)
    _taken: set[int] = field(default_factory=set)

    def control(self, item: dict[str, Any], at: int, time_ms: int) -> RaceControlMessage | None:
        """A message of race control; None for one that was told, or says nothing."""
        said, own = text(item.get(spec.TEXT)), text(item.get(spec.LOG_ID))
        sequence = self._number(own or f"{at}{said}", time_ms) if said is not None else None
        if said is None or sequence is None:
            return None
        return RaceControlMessage(
            sequence, said, time_ms, from_epoch_ms(at), lap_of(item), category=text(item.get(spec.LOG_TYPE))
        )

    def zone(self, item: dict[str, Any], at: int, time_ms: int) -> RaceControlMessage | None:
        """A flag of single sectors: a zone of the track, not the session's flag."""
        flag, sectors = flag_of(item), sectors_of(item)
        said = text(item.get(spec.FLAG))
        sequence = self._number(f"{at}{said}{sectors}", time_ms) if said is not None else None
        if said is None or sequence is None:
            return None
        where = ", ".join(map(str, sectors)) or "not named"
        return RaceControlMessage(
            sequence, f"{said}: sector {where}", time_ms, from_epoch_ms(at), lap_of(item), category="Flag",
            flag=flag.value if flag is not None else said, scope="Sector", sector=sectors[0] if sectors else None,
        )  # fmt: skip

    def _number(self, own: str, time_ms: int) -> int | None:
        """The message's number: ms since a day before the start, or the next that is free."""
        if own in self.numbers or len(self.numbers) >= _MOST:
            return None
        sequence = max(time_ms + DAY_MS, 0)
        while sequence in self._taken:
            sequence += 1
        self._taken.add(sequence)
        self.numbers[own] = sequence
        return sequence
