"""One race from its warm-up to its end: the feed is recorded, read and stored, and started again when it breaks."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from racelab.domain.frames import Frame
from racelab.domain.records import Provenance
from racelab.errors import BadInput
from racelab.live.clock import Clock
from racelab.live.feed import LiveFeed
from racelab.live.feeds.health import CONNECTED, CONNECTING, SIGN_IN_NONE, SIGN_IN_VALID, FeedHealth
from racelab.live.follow import catch_up, follow
from racelab.live.identity import recording_path, with_session
from racelab.live.link import CONNECTION_LOST, link_frame
from racelab.live.protocols import make_parser
from racelab.live.recorder import Recorder
from racelab.live.recording import RecordedFeed
from racelab.live.replay import Road
from racelab.live.state import RaceState
from racelab.live.writer import SessionWriter
from racelab.runs.monitor.ending import Seen, Verdict, is_over, observe
from racelab.runs.monitor.laps import LapWork, leader_laps
from racelab.runs.monitor.parts import FAILED, OK, WAITING, WARNING, Parts
from racelab.runs.monitor.planned import Planned
from racelab.store.protocol import Store
from racelab.store.rows import Columns

log = logging.getLogger("racelab")
LIVE = "live"
FEED, RECORDER, PARSER = "feed", "recorder", "parser"
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 120.0
# So often the parts of a running race are looked at, in seconds of its clock.
_HEALTH_S = 10.0
_END_S = 30.0


class LiveWriter(SessionWriter):
    """Writes a session's rows; its status is that it is live, whatever the provider calls it."""

    def take(self, state: RaceState, now: datetime) -> dict[str, Columns]:
        """Rows of everything gathered since the last call."""
        tables = super().take(state, now)
        if "sessions" in tables:
            tables["sessions"] = {**tables["sessions"], "status": [LIVE]}
        return tables


@dataclass(slots=True)
class Race:
    """A race that is followed; ``seen`` and ``verdict`` say how it stands.

    ``due`` is the leader's lap whose work is to begin, and the revision of the road from which on the store has it.
    """

    planned: Planned
    store: Store
    data: Path
    clock: Clock
    wall: Clock
    parts: Parts
    margin: timedelta
    feed: LiveFeed
    work: LapWork
    seen: Seen = field(init=False)
    verdict: Verdict = field(default_factory=lambda: Verdict(False, "it has not begun"))
    road: Road | None = None
    _health_at: datetime | None = None
    _caught: int | None = None
    due: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        self.seen = Seen(self.planned)

    async def run(self) -> str:
        """Follow the race until it is over, whatever breaks meanwhile; returns why it is over."""
        pause = _FIRST_PAUSE_S
        while True:
            attempt = asyncio.create_task(self._attempt())
            try:
                await asyncio.wait({attempt})
            finally:
                attempt.cancel()
                await asyncio.gather(attempt, return_exceptions=True)
            error = attempt.exception() if not attempt.cancelled() else None
            if error is None:
                await self.work.end(self.wall.wall_seconds(_END_S))
                return self.verdict.why
            began = self._caught is not None and self.road is not None and self.road.frames > self._caught
            log.warning("monitor: %s: %s: %s; again in %.0f s", self.key, type(error).__name__, error, pause)
            self.parts.say(self.part(FEED), FAILED, f"{type(error).__name__}: {error}; it is started again")
            await self.clock.wait(pause)
            pause = _FIRST_PAUSE_S if began else min(pause * 2, _LONGEST_PAUSE_S)

    @property
    def key(self) -> Any:
        """What names the session."""
        return self.planned.key

    def part(self, name: str) -> str:
        """A part's name among the monitor's."""
        return f"{name} {self.key}"

    async def _attempt(self) -> None:
        """Fold what is recorded, then follow the feed to the end."""
        live, path = self.planned.live, recording_path(self.data, self.key)
        # The recorder's seconds are those of the machine, however fast the race runs.
        with Recorder(path, self.feed.protocol, with_session(self.feed.manifest, live), self.wall) as recorder:
            recorded = RecordedFeed(path)
            if recorded.protocol != self.feed.protocol:
                raise BadInput(f"{path} holds {recorded.protocol}, not {self.feed.protocol}: move it away to go on")
            self.seen, self.road, self.due = Seen(self.planned), self._opened(recorded, path), None
            self._caught = None
            road = self.road
            earlier = _Observed(recorded, self, road)
            await asyncio.to_thread(catch_up, earlier, road)
            if (last := earlier.last) is not None:
                log.info(
                    "monitor: %s: %d frames were recorded before, up to %s", self.key, road.frames, f"{last:%H:%M:%S}"
                )
                lost = link_frame(last, CONNECTION_LOST, "racelab was not running")
                recorder.append(lost)
                road.take(lost)
            self._caught = road.frames
            await asyncio.to_thread(road.flush)
            if self.look(road.state):
                await asyncio.to_thread(road.finish)
            else:
                await follow(self.feed, recorder, road, self.clock, self.look)

    def _opened(self, recorded: RecordedFeed, path: Path) -> Road:
        live = self.planned.live
        where = path.relative_to(self.data).as_posix()
        writer = LiveWriter(live.event, live.session, Provenance(recorded.protocol, where, recorded.protocol, "1"))
        parser = make_parser(recorded.protocol, recorded.manifest, live)
        return Road(parser, self.store, self.key, self.wall, writer)

    def look(self, state: RaceState) -> bool:
        """Look at the race after a frame or a tick: is it over, and what is due."""
        now = self.clock.now()
        self.observe(state, now)
        self._look_at_lap(leader_laps(state))
        if self._health_at is None or now - self._health_at >= timedelta(seconds=_HEALTH_S):
            self._health_at = now
            self._tell_health()
        return self.verdict.is_over

    def _look_at_lap(self, lap: int) -> None:
        """What a lap sets off reads the store: it begins once a batch that was made after the lap is written."""
        if self.road is None:
            return
        if lap > self.work.lap and self.due is None:
            self.due = (lap, self.road.revision + 2)
        if self.due is not None and (self.road.revision >= self.due[1] or not self.road.is_waiting):
            self.work.at(self.due[0])
            self.due = None

    def observe(self, state: RaceState, now: datetime) -> None:
        """Take in how the race stands at an instant."""
        self.seen = observe(self.seen, state, now)
        self.verdict = is_over(state, self.seen, now, self.margin)

    def _tell_health(self) -> None:
        health, words = feed_words(self.feed.health, self.clock.now())
        self.parts.say(self.part(FEED), health, words)
        frames = self.road.frames if self.road else 0
        self.parts.say(self.part(RECORDER), OK if frames else WAITING, f"{frames} frames" if frames else "no frame yet")
        unread = getattr(getattr(self.road and self.road.parser, "parser", None), "unread", 0)
        if frames:
            skipped = f"{unread} of {frames} frames could not be read"
            self.parts.say(self.part(PARSER), WARNING if unread * 100 > frames else OK, skipped)


@dataclass(slots=True)
class _Observed:
    """A recording whose frames the race looks at as if they came now; ``last`` is when the last one came."""

    recorded: RecordedFeed
    race: Race
    road: Road
    last: datetime | None = None

    def frames(self) -> Iterator[Frame]:
        """The frames, from the first on."""
        for frame in self.recorded.frames():
            yield frame
            self.last = frame.received_at
            self.race.observe(self.road.state, frame.received_at)


def feed_words(health: FeedHealth, now: datetime) -> tuple[str, str]:
    """A feed's health as a part's, and in words: its connection, its sign-in and what is lacking."""
    words = [health.state if health.state == CONNECTED else f"{health.state} ({health.why or 'no answer yet'})"]
    if health.last_frame is not None:
        words.append(f"last frame {max((now - health.last_frame).total_seconds(), 0):.0f} s ago")
    if health.sign_in != SIGN_IN_NONE:
        words.append(f"sign-in {health.sign_in}")
    if health.lacking:
        words.append(f"lacking {', '.join(health.lacking)}")
    if health.state == CONNECTED:
        fine = health.sign_in in (SIGN_IN_NONE, SIGN_IN_VALID) and not health.lacking
        return (OK if fine else WARNING), "; ".join(words)
    return (WAITING if health.state == CONNECTING else FAILED), "; ".join(words)
