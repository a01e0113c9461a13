"""Formula 1's messages in, records out: the same parser for a live feed, a replay and the importer."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pandas as pd

from racelab.domain.frames import Frame
from racelab.domain.records import Record
from racelab.domain.sessions import Session
from racelab.sources.f1live import specification as spec
from racelab.sources.f1live.cars import CarTrack
from racelab.sources.f1live.drivers import MOST_CARS, Drivers, is_car
from racelab.sources.f1live.final import final_records
from racelab.sources.f1live.messages import Messages
from racelab.sources.f1live.rows import Rows
from racelab.sources.f1live.session import SessionTrack
from racelab.sources.f1live.shown import Shown
from racelab.sources.f1live.stamps import Stamps
from racelab.sources.f1live.telemetry import Samples
from racelab.sources.f1live.telling import Telling, dropped_samples, missed_lap, skipped_message
from racelab.sources.f1live.track import Track
from racelab.sources.f1live.values import epoch_ms, instant, part, text, whole

# What a message may stumble over whose parts are not what they should be.
_STRANGE = (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
_KEPT = 1_000
_JOINED = (*spec.FIRST, spec.RACE_CONTROL, spec.WEATHER, spec.TIMING)
# Samples wait for the session's start only so long; what is older is of no lap.
_BEFORE_START = 20_000


class Parser:
    """Turns the messages of one session, in their order, into records.

    A frame's payload is ``[topic, content]``, with the feed's own stamp as a third part where it is live; the topic
    ``Subscribe`` has the full state of each topic. Session time counts from the first start of the session, which is
    taken from ``start`` where a recording has told it before. Messages that cannot be read are named in ``skipped``.
    """

    def __init__(
        self,
        start: datetime | None = None,
        samples: Samples | None = None,
        *,
        is_race: bool = True,
        is_live: bool = False,
        session: Session | None = None,
    ) -> None:
        """Begin before the first message; SessionInfo tells better whether it is a race.

        What is read whole is checked before it is stored; the laps of a session that ``is_live`` are checked here.
        Where a ``session`` is given, messages of any other that the stream shows before or after it are left out.
        """
        self._shown = Shown(session) if session is not None else None
        self.track = Track(epoch_ms(start) if start is not None else None, is_race)
        self.session = SessionTrack(self.track)
        self.drivers = Drivers()
        self.messages = Messages()
        self.telling = Telling(self.track, self.messages, is_live=is_live)
        self.cars: dict[str, CarTrack] = {}
        self.samples = samples
        self.stamps = Stamps()
        self.skipped: list[str] = []
        self.unread = 0

    @property
    def start(self) -> datetime | None:
        """The instant of session time 0, once it is known."""
        return None if self.track.start is None else instant(self.track.start)

    def process(self, frame: Frame) -> list[Record]:
        """The records that a message brings; one that cannot be read is named in ``skipped``."""
        found: list[Record] = []
        payload = frame.payload
        topic: Any = None
        try:
            if isinstance(payload, str):
                raise ValueError(f"not a message: {payload}")
            topic, content = payload[0], payload[1]
            if self._shown is not None:
                found += self._shown.look(topic, content)
                if not self._shown.is_ours:
                    return found
            if topic == spec.SUBSCRIBE:
                self.stamps.join(frame.received_at, content)
            at = self.stamps.moment(frame.received_at, payload[2] if len(payload) > 2 else None)
            if topic == spec.TIMING:
                self._timing(content, at, found)
            elif topic in spec.KNOWN:
                self._other(topic, content, at, found)
            found += self.session.tick(at, self.telling.leader_laps)
        except _STRANGE as error:
            why = f"{type(error).__name__}: {str(error)[:80]}"
            found += self._skip(f"{str(topic)[:40]} at {frame.received_at:%H:%M:%S}: {why}")
        return found

    def finish(self) -> Iterator[Record]:
        """Laps, stops and places as the whole session tells them, where that is more, and the classification."""
        yield from final_records(self.cars, self.drivers.entries, self.session, self.telling)
        if self.samples is not None and self.samples.dropped:
            yield dropped_samples(self.samples.dropped)

    def telemetry(self) -> pd.DataFrame | None:
        """The samples that wait, in the columns of the telemetry table; None for none. Then nothing waits.

        Before the session's start is known its time is not, and samples wait for it; old ones are dropped.
        """
        if self.samples is None or not len(self.samples):
            return None
        if self.track.start is None:
            self.samples.keep(_BEFORE_START)
            return None
        return self.samples.take(self.track.start)

    def _skip(self, name: str) -> list[Record]:
        self.unread += 1
        if len(self.skipped) >= _KEPT:
            return []
        self.skipped.append(name)
        return [skipped_message(name)]

    def _other(self, topic: str, content: Any, at: int, found: list[Record]) -> None:
        if topic == spec.SUBSCRIBE:
            self._subscribed(content, at, found)
        elif topic == spec.TYRES:
            self._tyres(content, at, found)
        elif topic == spec.DRIVERS:
            found += self.drivers.read(content)
        elif topic == spec.RACE_CONTROL:
            self._race_control(content, at, found)
        elif topic == spec.WEATHER:
            reading = self.session.weather(content, at)
            found += [reading] if reading is not None else []
        elif topic not in spec.COMPRESSED:
            self._session(topic, content, at, found)
        elif self.samples is not None:
            self.samples.read(topic, content)

    def _session(self, topic: str, content: Any, at: int, found: list[Record]) -> None:
        session = self.session
        if topic == spec.SESSION_INFO:
            session.read_info(content)
        elif topic == spec.SESSION_DATA:
            found += session.read_data(content)
        elif topic == spec.SESSION_STATUS:
            found += session.become(text(part(content, "Status")), at)
        elif topic == spec.TRACK_STATUS:
            found += session.show(part(content, "Status"), at, text(part(content, "Message")))
        elif topic == spec.LAP_COUNT:
            session.read_laps(content)
        elif topic == spec.CLOCK:
            session.read_clock(content)

    def _subscribed(self, content: Any, at: int, found: list[Record]) -> None:
        """The full state of every topic: what the others are judged by comes first."""
        if not isinstance(content, dict):
            raise ValueError("no state to join with")
        for topic in _JOINED:
            if topic == spec.TIMING:
                self._timing(content.get(topic), at, found)
            elif topic in content:
                self._other(topic, content[topic], at, found)

    def _timing(self, content: Any, at: int, found: list[Record]) -> None:
        lines = content.get("Lines") if isinstance(content, dict) else None
        if not isinstance(lines, dict):
            return
        time_ms = self.session.time_ms(at)
        for number, line in lines.items():
            car = self.cars.get(number) or self._car(number)
            if car is not None and isinstance(line, dict):
                self._line(car, line, at, time_ms, found)

    def _car(self, number: Any) -> CarTrack | None:
        if not is_car(number) or len(self.cars) >= MOST_CARS:
            return None
        car = self.cars[number] = CarTrack(number, Rows(self.track))
        return car

    def _line(self, car: CarTrack, line: dict[str, Any], at: int, time_ms: int, found: list[Record]) -> None:
        was_in, missed = car.rows.is_in, len(car.rows.missed)
        changed, told = car.read(line, at)
        if len(car.rows.missed) > missed:
            self.telling.missed.update(car.rows.missed[missed:])
            found += (missed_lap(car.car_number, lap) for lap in car.rows.missed[missed:])
        if changed == 2:
            found += self.telling.lap_ended(car)
            self._finished(car, told)
        # A number without an entry and without laps may be none of a car.
        is_known = car.car_number in self.drivers.entries or bool(car.live)
        if was_in is not car.rows.is_in and self.track.is_race and not car.is_done and is_known:
            found += self.telling.pitted(car, at)
        if not told:
            return
        if not car.is_placed and "gap_ms" in told:
            told |= self._place(car)
        timing = car.timing(told, time_ms)
        if timing is not None:
            found.append(timing)

    def _place(self, car: CarTrack) -> dict[str, int]:
        """The place that a car's gap gives, where the stream has told none since it was joined without its state."""
        own = car.behind_ms
        if own is None:
            return {}
        ahead = sum(
            other is not car and (gap := other.behind_ms) is not None and gap < own for other in self.cars.values()
        )
        return {"position": ahead + 1} if car.shown.get("position") != ahead + 1 else {}

    def _finished(self, car: CarTrack, told: dict[str, Any]) -> None:
        """The leader's last lap ends a race; whoever ends a lap from then on has finished."""
        session, laps = self.session, car.rows.done
        if not self.track.is_race or car.is_done or "laps" not in told or laps is None:
            return
        if session.is_flagged or (session.total_laps is not None and laps >= session.total_laps):
            session.is_flagged = car.is_done = True
            told["status"] = car.status()

    def _tyres(self, content: Any, at: int, found: list[Record]) -> None:
        lines = content.get("Lines") if isinstance(content, dict) else None
        for number, line in (lines if isinstance(lines, dict) else {}).items():
            car = self.cars.get(number) or self._car(number)
            if car is None or not isinstance(line, dict):
                continue
            if (grid := whole(line.get("GridPos"), 99)) is not None:
                car.grid = grid
            if "Stints" in line and car.tyres.read(line["Stints"], at):
                found += self.telling.tyres_told(car)
                self._on_car(car, at, found)

    def _on_car(self, car: CarTrack, at: int, found: list[Record]) -> None:
        """Show the tyres that the car has on now."""
        told = car.tyre()
        timing = car.timing(told, self.session.time_ms(at)) if told else None
        found += [timing] if timing is not None else []

    def _race_control(self, content: Any, at: int, found: list[Record]) -> None:
        judged = set(self.messages.deleted)
        for message, happened in self.messages.read(part(content, "Messages"), at):
            if message.flag == spec.CHEQUERED and self.track.is_race:
                self.session.is_flagged = True
            found.append(replace(message, time_ms=self.session.time_ms(happened)))
        for number, lap_ms in judged ^ self.messages.deleted:
            found += self.telling.time_judged(self.cars, number, lap_ms)
