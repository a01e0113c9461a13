"""When a session began: on FastF1's own clock, and in UTC.

FastF1's session time counts from the beginning of the data stream, often an hour before the start;
racelab's counts from the start. The stream's instant in UTC comes with the telemetry; without it, it is
found from events that both clocks saw.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import numpy as np
import pandas as pd

from racelab.sources.f1.columns import durations

# Race control's words and the event of a status stream that comes at the same moment.
_SEEN_TWICE = (
    (r"SAFETY CAR DEPLOYED", "track_status", "4"),
    (r"(VIRTUAL SAFETY CAR|VSC) DEPLOYED", "track_status", "6"),
    (r"RED FLAG", "track_status", "5"),
)
# The flag is shown up to ten seconds before the session is called finished: second choice.
_FINISH = ((r"CHEQUERED FLAG", "session_status", "Finished"),)
# Race control's messages have whole seconds, and the streams lag behind each other by one or two.
_AGREEMENT_MS = 3000
_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Clock:
    """The session's start on FastF1's clock (ms), its instant, and how the instant is known."""

    origin_ms: int
    start_utc: datetime | None
    known_from: Literal["telemetry", "messages", "schedule"]

    def session_ms(self, values: pd.Series) -> pd.Series:
        """FastF1's session times as milliseconds since the start (Int64)."""
        return durations(values) - self.origin_ms

    def utc(self, time_ms: int) -> datetime | None:
        """The instant of a session time; None where only the schedule tells the start."""
        if self.start_utc is None or self.known_from == "schedule":
            return None
        return to_datetime(int(self.start_utc.timestamp() * 1000) + time_ms)

    def since_start(self, moment: datetime) -> int | None:
        """The session time of an instant, in milliseconds; None where only the schedule tells the start."""
        if self.start_utc is None or self.known_from == "schedule":
            return None
        return round((moment - self.start_utc).total_seconds() * 1000)


def to_datetime(epoch_ms: int) -> datetime:
    """The UTC instant of milliseconds since 1970."""
    return datetime.fromtimestamp(epoch_ms // 1000, UTC).replace(microsecond=epoch_ms % 1000 * 1000)


def find_origin(session_status: pd.DataFrame) -> int | None:
    """FastF1's session time of the first status Started, in milliseconds; None where there is none."""
    if session_status.empty:
        return None
    started = durations(session_status.loc[session_status["Status"] == "Started", "Time"]).dropna()
    return int(started.iloc[0]) if len(started) else None


def stream_start(messages: pd.DataFrame, statuses: dict[str, pd.DataFrame]) -> int | None:
    """The instant (ms since 1970) at which FastF1's session time was 0, from events seen on both clocks.

    Safety cars, virtual safety cars, red flags and the finish stand in race control's messages (UTC, whole seconds)
    and in a status stream (session time). On Australia 2025, where the telemetry tells the instant, the two ways
    differ by 0.2 s; where only the finish is seen on both, expect up to ten seconds. None where no kind of event is
    seen equally often on both, or where they disagree by more than 3 s.
    """
    if messages.empty:
        return None
    for events in (_SEEN_TWICE, _FINISH):
        offsets = [offset for event in events for offset in _offsets(messages, statuses, *event)]
        if offsets and max(offsets) - min(offsets) <= _AGREEMENT_MS:
            return int(np.median(offsets))
    return None


def _offsets(
    messages: pd.DataFrame, statuses: dict[str, pd.DataFrame], pattern: str, stream: str, value: str
) -> list[int]:
    """UTC less session time (ms) of each event of a kind, where both clocks saw it equally often."""
    frame = statuses[stream]
    if frame.empty:
        return []
    text = messages["Message"].astype(str).str.strip().str.upper()
    said = messages.loc[text.str.fullmatch(pattern), "Time"].dropna().drop_duplicates()
    seen = durations(frame.loc[frame["Status"] == value, "Time"]).dropna()
    if len(said) != len(seen):
        return []
    return list(said.to_numpy("datetime64[ns]").astype("int64") // _NS_PER_MS - seen.to_numpy("int64"))
