"""A made-up endurance race as Griiip would tell it: what happened when, in the service's own words, and the truth."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

SID, FIRST_PID = 18999, 500_001
SECTORS = (0.3, 0.45, 0.25)
CREW = [("Ada Quick", "P", "FR"), ("Ben Steady", "S", "GB")]


@dataclass
class Made:
    """One car of the race: its laps as (time, end) in ms of the session, and its stops."""

    number: str
    car_class: str
    pid: int
    pace_ms: int
    laps: list[tuple[int, int]] = field(default_factory=list)
    seats: list[int] = field(default_factory=list)
    stops: list[tuple[int, int, int]] = field(default_factory=list)
    is_out: bool = False


@dataclass
class MadeRace:
    """The race from its seed; ``events`` are (ms of the session, channel, record), in their order."""

    start: datetime
    seed: int = 1
    length_ms: int = 200_000
    lap_ms: int = 20_000
    cars: int = 6
    stint_laps: int = 5
    events: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    field_: list[Made] = field(default_factory=list)

    def __post_init__(self) -> None:
        chance = random.Random(self.seed)
        for place in range(self.cars):
            is_gt = place >= self.cars // 2
            number = "007" if place == 1 else str(10 + 7 * place)
            pace = self.lap_ms + 130 * place + (self.lap_ms // 8 if is_gt else 0)
            self.field_.append(Made(number, "LMGT3" if is_gt else "HYPERCAR", FIRST_PID + place, pace))
        self._drive(chance)
        self._tell(chance)
        self.events.sort(key=lambda event: event[0])

    def _drive(self, chance: random.Random) -> None:
        """Every car's laps and stops; the flag falls when the leader first crosses the line after the time is up."""
        for car in self.field_:
            end, since, seat = 10_000 + 300 * (car.pid - FIRST_PID), 0, 1
            while end < self.length_ms + 2 * self.lap_ms:
                lap = car.pace_ms + chance.randrange(-600, 600)
                since += 1
                comes_in, goes_out = since == self.stint_laps, since == 1 and bool(car.laps)
                lap += (3_000 if comes_in else 0) + (9_000 if goes_out else 0)
                car.laps.append((lap, end + lap))
                car.seats.append(seat)
                end += lap
                if comes_in:
                    # The pit lane begins 3 s before the line and ends 10 s after it.
                    car.stops.append((len(car.laps), end - 3_000, end + 10_000 + chance.randrange(999)))
                    since, seat = 0, 3 - seat
        self.flag_ms = min(end for car in self.field_ for _, end in car.laps if end >= self.length_ms)
        for car in self.field_:
            last = next(place for place, (_, end) in enumerate(car.laps) if end >= self.flag_ms)
            car.laps = car.laps[: last + 1]
        dropped = self.field_[-1]
        dropped.laps, dropped.is_out = dropped.laps[:4], True
        for car in self.field_:
            car.stops = [stop for stop in car.stops if stop[0] < len(car.laps)]
        self.end_ms = max(end for car in self.field_ for _, end in car.laps)

    def order(self, at_ms: int | None = None, car_class: str | None = None) -> list[Made]:
        """The cars by laps and time, at an instant or at the end."""

        def key(car: Made) -> tuple[int, int, int]:
            done = [end for _, end in car.laps if at_ms is None or end <= at_ms]
            return -len(done), done[-1] if done else 0, car.pid

        return sorted((car for car in self.field_ if car_class in (None, car.car_class)), key=key)

    def iso(self, ms: int) -> str:
        return (self.start + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds")

    def _put(self, ms: int, channel: str, car: Made | None = None, **told: Any) -> None:
        of = {"pid": car.pid, "carNumber": car.number, "classId": car.car_class} if car else {"pid": -1, "carNumber": "", "classId": ""}  # fmt: skip
        self.events.append(
            (ms, channel, {**told, "ts": self.iso(ms), "elapsedTimeMillis": max(ms, -1), "sid": SID, **of})
        )

    def _tell(self, chance: random.Random) -> None:
        self._session()
        for place, car in enumerate(self.field_, 1):
            self._entry(car, place)
            self._car(car)
        for car in self.field_:
            for number, (_, end) in enumerate(car.laps, 1):
                self._standings(end, car, number)
        for ms in range(-60_000, self.end_ms, 60_000):
            # The service tells a new reading every minute.
            told = {"temperature": 20 + chance.randrange(50) / 10, "humidity": 54, "pressure": 1016.6}
            self._put(
                ms, "Weather", **told, trackTemperature=33.2, windDirectionCode="WNW", windSpeedKph=6, sky="Cloudy"
            )

    def _session(self) -> None:
        fcy, red = self.length_ms // 3, self.length_ms // 2
        flags = [(0, "Green", []), (fcy, "FullCourseYellow", []), (fcy + 15_000, "Green", []), (red, "Red", []),
                 (red + 10_000, "Green", []), (fcy // 2, "Yellow", [2]), (fcy // 2 + 4_000, "Green", [2]),
                 (self.flag_ms, "Chequered", [])]  # fmt: skip
        for ms, flag, sectors in flags:
            self._put(
                ms,
                "race-flags",
                flag=flag,
                sectorNumbers=sectors,
                raceFlagID=f"{ms}{flag}{sectors}",
                lapNumber=1,
                info="",
            )
        said = [(fcy, "FULL COURSE YELLOW"), (fcy + 15_000, "TRACK CLEAR"), (red + 1, "CAR 007 UNDER INVESTIGATION")]
        for ms, text in said:
            self._put(
                ms, "race-log", type="RCMessage", raceLogItemId=f"rc-{ms}", text=text, lapNumber=2, sectorNumber=-1
            )

    def _entry(self, car: Made, place: int) -> None:
        self._seat(-50_000, car, 1)
        self._put(-50_000, "participants-running-status", car, status="Running")
        self._put(-50_000, "grids", car, startingAt=place, overallStartingAt=place)
        self._put(-40_000, "ranks", car, overallPosition=place, position=place, isDeleted=False)
        if car.is_out:
            self._put(car.laps[-1][1] + 30_000, "participants-running-status", car, status="Retired")

    def _seat(self, ms: int, car: Made, seat: int) -> None:
        nothing = {"ts": "0001-01-01T00:00:00+00:00", "elapsedTimeMillis": -2, "sid": -1, "pid": -1, "carNumber": "", "classId": ""}  # fmt: skip
        crew = [
            {"displayName": f"{name} {car.number}", "threeLettersName": name[:3].upper(), "externalDriverID": str(own),
             "categoryId": rating, "countryCodeTwo": country, "driverId": car.pid * 10 + own, **nothing}
            for own, (name, rating, country) in enumerate(CREW, 1)
        ]  # fmt: skip
        self._put(
            ms, "participants", car, displayName=f"Team {car.number}", teamName=f"Team {car.number}", drivers=crew,
            manufacturer="Aston Martin Valkyrie" if car.number == "007" else "Ferrari 499P", currentDriverId=str(seat),
        )  # fmt: skip

    def _car(self, car: Made) -> None:
        best = None
        for number, (time, end) in enumerate(car.laps, 1):
            at = end - time
            for sector, share in enumerate(SECTORS, 1):
                own = time - sum(round(time * one) for one in SECTORS[:2]) if sector == 3 else round(time * share)
                at += own
                told = {
                    "sectorNumber": sector,
                    "lapNumber": number,
                    "sectorTimeMillis": own,
                    "isValid": True,
                    "color": "Gray",
                }
                self._put(at, "sectors", car, **told)
            told = {
                "sessionPart": 1,
                "lapNumber": number,
                "lapTimeMillis": time,
                "isValid": number % 4 != 0,
                "color": "Gray",
            }
            self._put(end, "laps", car, **told)
            if told["isValid"] and (best is None or time < best):
                best = time
                self._put(end, "best-laps", car, **told)
        for lap, came, left in car.stops:
            self._put(came, "pit-in", car, lapNumber=lap)
            self._put(left, "pit-out", car, lapNumber=lap + 1, durationMillis=left - came, isMandatory=None)
            old, new = str(car.seats[lap - 1]), str(car.seats[lap])
            swap = {
                "type": "DriverSwap",
                "raceLogItemId": f"swap-{car.pid}-{lap}",
                "lapNumber": lap,
                "sectorNumber": -1,
            }
            self._put(left + 700, "race-log", car, **swap, newDriverId=new, previousDriverId=old)
            self._seat(left + 700, car, int(new))
            corners = [
                {"id": name, "compound": "MEDIUM", "ageInLaps": 0, "isChanged": True}
                for name in ("frontLeft", "rearLeft")
            ]
            self._put(left + 900, "tires", car, tires=corners)
            self._put(left + 900, "cars-energy-tanks", car, e=97)

    def _standings(self, ms: int, car: Made, laps: int) -> None:
        overall, mates = self.order(ms), self.order(ms, car.car_class)
        for place, other in enumerate(overall, 1):
            in_class = self.order(ms, other.car_class).index(other) + 1
            self._put(ms, "ranks", other, overallPosition=place, position=in_class, isDeleted=False)
        first, place = mates[0], mates.index(car)
        gap, behind = self._gap(first, car, laps, ms)
        to_ahead, laps_ahead = self._gap(mates[place - 1], car, laps, ms) if place else (0, 0)
        self._put(ms, "gaps", car, gapToFirstMillis=gap, gapToFirstLaps=behind, gapToAheadMillis=to_ahead, gapToAheadLaps=laps_ahead, isDeleted=False)  # fmt: skip
        for place, other in enumerate(overall, 1):
            gap, behind = self._gap(overall[0], car, laps, ms) if other is car else (-1, -1)
            self._put(ms, "official-rank", other, position=place, gapToFirstMillis=gap, gapToFirstLaps=behind)

    @staticmethod
    def _gap(ahead: Made, car: Made, laps: int, ms: int) -> tuple[int, int]:
        done = sum(end <= ms for _, end in ahead.laps)
        return (ms - ahead.laps[laps - 1][1], 0) if done == laps else (-1, done - laps)
