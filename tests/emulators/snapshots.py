"""A race as a row of snapshots, from which the emulators of IMSA's services make their answers.

It comes from Timing71's recording of Detroit 2026, or is made up: cars that lap at their own pace and stop once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from racelab.sources.timing71 import Recording

GREEN, YELLOW, RED, CHEQUERED, NONE = "green", "fcy", "red", "chequered", "none"


@dataclass
class Car:
    """A car at an instant; times in ms, ``line_ms`` is the session time at which it last crossed the line."""

    number: str
    car_class: str
    driver: str
    vehicle: str
    team: str = ""
    place: int = 0
    class_place: int = 0
    laps: int = 0
    last_ms: int = 0
    best_ms: int = 0
    best_lap: int = 0
    line_ms: int = 0
    gap: tuple[int | None, int | None] = (None, None)
    interval: tuple[int | None, int | None] = (None, None)
    state: str = "RUN"
    stops: int = 0
    pit_time_ms: int = 0
    sectors: list[int] = field(default_factory=list)
    last_sectors: list[int] = field(default_factory=list)


@dataclass
class Snapshot:
    """Everything at an instant: seconds since 1970 and of the race clock, the flag, the cars by place, new messages."""

    at_s: float
    elapsed_s: float | None
    remaining_s: float
    flag: str
    cars: list[Car]
    messages: list[tuple[int, str]] = field(default_factory=list)


def made_up(laps: int = 4, cars: int = 3, step_s: float = 10.0, pace_ms: int = 61_000) -> list[Snapshot]:
    """A small race: car n laps at the pace and n tenths, the first one stops on lap 2, with a yellow at half time."""
    crossings = {}
    for n in range(cars):
        times = [pace_ms + 100 * n + 37 * lap for lap in range(1, laps + 1)]
        if n == 0:
            times[1] += 20_000
            times[2] += 15_000
        crossings[n] = [sum(times[: lap + 1]) for lap in range(laps)]
    end = max(times[-1] for times in crossings.values())
    flag_ms = min(times[-1] for times in crossings.values())
    out = []
    t = -20_000
    while t < end + 30_000:
        now = [_made_car(n, crossings[n], t) for n in range(cars)]
        now.sort(key=lambda car: (-car.laps, car.line_ms, car.number))
        for place, car in enumerate(now, 1):
            car.place = place
            car.class_place = sum(other.car_class == car.car_class for other in now[:place])
            car.gap = _gap(now[0], car)
            car.interval = _gap(now[place - 2], car) if place > 1 else (None, None)
        half = flag_ms // 2
        flag = NONE if t < 0 else CHEQUERED if t >= flag_ms else YELLOW if half <= t < half + 40_000 else GREEN
        elapsed = None if t < 0 else t / 1000
        messages = [(1_780_171_791_000 + t, "CAR 2 DRIVE THROUGH")] if half <= t < half + step_s * 1000 else []
        out.append(Snapshot(1_780_171_791 + t / 1000, elapsed, max(flag_ms - max(t, 0), 0) / 1000, flag, now, messages))
        t += int(step_s * 1000)
    return out


def _made_car(n: int, lines: list[int], t: int) -> Car:
    laps = sum(line <= t for line in lines)
    times = [line - before for line, before in zip(lines, [0, *lines], strict=False)]
    car = Car(str(n + 1), "GTP" if n % 2 == 0 else "GTD", f"Renée Driver{n}", f"Porsche {n}", f"Team {n}", laps=laps)
    if laps:
        car.last_ms, car.line_ms = times[laps - 1], lines[laps - 1]
        car.best_ms = min(times[:laps])
        car.best_lap = times.index(car.best_ms) + 1
    thirds = [[time // 3, time // 3, time - 2 * (time // 3)] for time in times]
    if laps:
        car.last_sectors = thirds[laps - 1]
    if laps < len(lines) and t >= 0:
        car.sectors = [thirds[laps][k] for k in range(2) if t - car.line_ms >= sum(thirds[laps][: k + 1])]
    if n == 0 and t >= lines[1] - 12_000:
        car.stops = int(t >= lines[1] + 14_000)
        car.pit_time_ms = 26_000 if car.stops else 0
        if not car.stops:
            car.state = "PIT"
        else:
            car.driver = "Zoë Second"
            if laps < 3:
                car.state = "OUT"
    if laps == len(lines):
        car.state = "FIN"
    return car


def _gap(ahead: Car, car: Car) -> tuple[int | None, int | None]:
    if ahead.number == car.number:
        return None, None
    if ahead.laps > car.laps:
        return None, ahead.laps - car.laps
    return car.line_ms - ahead.line_ms, 0


def detroit(path: Path, step_s: float = 10.0) -> Iterator[Snapshot]:
    """The recorded race from a minute before its start, a snapshot every so many seconds, and the last frame."""
    cars: dict[str, Car] = {}
    said: set[tuple[int, str]] = set()
    nxt = 0.0
    frames = list(Recording(path).frames())
    start = next(f.received_at.timestamp() - f.payload["session"]["timeElapsed"] for f in frames if f.payload["session"].get("timeElapsed"))  # fmt: skip
    for place, frame in enumerate(frames):
        at, session = frame.received_at.timestamp(), frame.payload["session"]
        _take(frame.payload["cars"], cars)
        said |= {(m[0], m[2]) for m in frame.payload["messages"] if len(m) > 3 and m[3] == "raceControl"}
        if at < start - 60 or (at < nxt and place + 1 < len(frames)):
            continue
        nxt = at + step_s - 0.5
        elapsed = session.get("timeElapsed")
        listed = [Car(**vars(cars[row[0]])) for row in frame.payload["cars"]]
        yield Snapshot(at, elapsed, session.get("timeRemain") or 0, session["flagState"], listed, sorted(said))


def _ms(cell: object) -> int:
    value = cell[0] if isinstance(cell, list) else cell
    return round(float(value) * 1000) if isinstance(value, int | float) and value else 0


def _delta(cell: object) -> tuple[int | None, int | None]:
    if isinstance(cell, str) and "lap" in cell:
        return None, int(cell.split()[0])
    return (round(cell * 1000), 0) if isinstance(cell, int | float) else (None, None)


def _take(rows: list[list], cars: dict[str, Car]) -> None:
    for place, row in enumerate(rows, 1):
        number, state, car_class, class_place, driver, team, vehicle, laps = row[:8]
        last, first = driver.split(", ")
        car = cars.setdefault(number, Car(number, car_class, "", vehicle, team))
        car.driver, car.place, car.class_place = f"{first} {last}", place, int(class_place)
        car.last_ms, best = _ms(row[13]), _ms(row[14])
        car.gap, car.interval = _delta(row[8]), _delta(row[9])
        shown = [_ms(cell) for cell in row[10:13]]
        old = [isinstance(cell, list) and len(cell) > 1 and cell[1] == "old" for cell in row[10:13]]
        if laps > car.laps:
            car.line_ms += car.last_ms
            car.last_sectors = shown if abs(sum(shown) - car.last_ms) <= 1 else []
        car.sectors = (
            [] if laps > car.laps else [ms for ms, is_old in zip(shown[:2], old[:2], strict=True) if ms and not is_old]
        )
        if best and best != car.best_ms:
            car.best_ms, car.best_lap = best, laps
        car.laps, car.state, car.stops = laps, state, int(row[16] or 0)
