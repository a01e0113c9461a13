"""When the archive's streams began: their lines count from then on, and only what they say tells the time of day."""

from collections.abc import Iterable, Iterator
from itertools import islice
from statistics import median
from typing import Any

from racelab.sources.f1live import specification as spec
from racelab.sources.f1live.compressed import unpack
from racelab.sources.f1live.naming import scheduled_ms
from racelab.sources.f1live.values import part, stamp_ms

_SAMPLES = 20
_LOOKED_AT = 2_000


def stream_zero(streams: Iterable[tuple[str, Iterator[tuple[int, Any]]]]) -> int | None:
    """The instant (ms since 1970) at which the streams' time was zero; None where nothing tells it.

    Telemetry is stamped by the millisecond and comes first. Race control's messages and the race clock carry their
    time too. The schedule is the last resort: the first start of the session is then taken to be on time.
    """
    offsets: dict[str, list[int]] = {}
    planned: int | None = None
    started: int | None = None
    for topic, messages in streams:
        for at, content in islice(messages, _LOOKED_AT):
            if topic == spec.SESSION_INFO:
                planned = scheduled_ms(content) or planned
            if topic == spec.SESSION_STATUS and started is None and part(content, "Status") == "Started":
                started = at
            moment = _stamped(topic, content)
            if moment is not None:
                offsets.setdefault(topic, []).append(moment - at)
            if len(offsets.get(topic, ())) >= _SAMPLES:
                break
    for topic in (spec.POSITION, spec.CAR_DATA, spec.CLOCK, spec.RACE_CONTROL):
        if topic in offsets:
            return int(median(offsets[topic]))
    return None if planned is None else planned - (started or 0)


def _stamped(topic: str, content: Any) -> int | None:
    """The instant that a message itself tells."""
    if topic == spec.CLOCK:
        return stamp_ms(part(content, "Utc"))
    if topic == spec.RACE_CONTROL:
        listed = part(content, "Messages")
        # The first message is the list of those before the stream began.
        return stamp_ms(part(next(iter(listed.values())), "Utc")) if isinstance(listed, dict) and listed else None
    if topic not in spec.COMPRESSED:
        return None
    try:
        held = unpack(content)
    except ValueError:
        return None
    name, stamp = ("Position", "Timestamp") if topic == spec.POSITION else ("Entries", "Utc")
    samples = part(held, name)
    return stamp_ms(part(samples[-1], stamp)) if isinstance(samples, list) and samples else None
