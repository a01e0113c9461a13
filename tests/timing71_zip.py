"""Small Timing71 recordings for tests: a race of a few cars as states, and states as a ZIP of key and difference frames."""

import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

START = 1_780_000_000
HEADINGS = ["Num", "State", "Class", "PIC", "Driver", "Team", "Car", "Laps", "Gap", "Int", "S1", "S2", "S3", "Last", "Best", "Pits"]  # fmt: skip
MANIFEST = {
    "name": "IMSA WeatherTech SportsCar Championship",
    "description": "Somewhere Grand Prix - Race",
    "colSpec": [[heading, "text"] for heading in HEADINGS],
    "trackDataSpec": ["Air temp", "Track temp", "Humidity", "Wind speed"],
    "startTime": START - 10.5,
    "uuid": "0",
    "version": 1,
}


@dataclass
class Car:
    """A car's plan: sector times in seconds for each lap, when it is in the pits, who drives from when on."""

    number: str
    laps: list[tuple[float, float, float]]
    car_class: str = "GTP"
    pit: tuple[int, int] | None = None
    drivers: list[tuple[int, str]] = field(default_factory=lambda: [(-99, "ONE, Driver")])

    def done(self, second: float) -> list[tuple[float, float, float]]:
        """Laps completed by then."""
        total, done = 0.0, []
        for lap in self.laps:
            total += sum(lap)
            if total > second:
                break
            done.append(lap)
        return done

    def row(self, second: int, place: int, in_class: int, chequered: bool) -> list:
        """The car's row in a state."""
        done = self.done(second)
        last = done[-1] if done else ("", "", "")
        total = round(sum(last), 3) if done else ""
        best = min((round(sum(lap), 3) for lap in done), default="")
        driver = [name for since, name in self.drivers if since <= second][-1]
        is_in = self.pit is not None and self.pit[0] <= second < self.pit[1]
        is_out = self.pit is not None and self.pit[1] <= second < self.pit[1] + 5
        finished = chequered and len(done) == len(self.laps)
        state = "PIT" if is_in else "OUT" if is_out else "FIN" if finished else "RUN"
        gap = "" if place == 1 else float(place)
        stops = int(self.pit is not None and second >= self.pit[0])
        return [
            self.number, state, self.car_class, in_class, driver, f"Team {self.number}", "ASTON MARTIN VALKYRIE", len(done),
            gap, gap, *[[value, ""] for value in last], [total, ""], [best, ""], str(stops),
        ]  # fmt: skip


def states(
    cars: list[Car], seconds: int, *, flags: dict[int, str] | None = None, messages=()
) -> list[tuple[int, dict]]:
    """A state a second from 5 s before the start on; flags by second, messages as (second, category, text, style, car)."""
    flags = {0: "green"} | (flags or {})
    found = []
    for second in range(-5, seconds + 1):
        flag = "none" if second < 0 else flags[max(since for since in flags if since <= second)]
        order = sorted(cars, key=lambda car: (-len(car.done(second)), sum(map(sum, car.done(second)))))
        seen: dict[str, int] = {}
        rows = []
        for place, car in enumerate(order, 1):
            seen[car.car_class] = seen.get(car.car_class, 0) + 1
            rows.append(car.row(second, place, seen[car.car_class], flag == "chequered"))
        session = {
            "flagState": flag,
            "timeRemain": seconds - max(second, 0),
            "trackData": [[68, "°F"], [30, "°C"], [50, "%"], ["10", "mph"]],
        }
        if second >= 0:
            session["timeElapsed"] = second
        said = [[(START + at) * 1000, *rest] for at, *rest in messages if at == second]
        found.append((START + second, {"cars": rows, "session": session, "messages": said[::-1]}))
    return found


def difference(old, new, path=()) -> list:
    """What dictdiffer would list."""
    if isinstance(old, dict):
        found = [["add", ".".join(path), [[key, new[key]]]] for key in new if key not in old]
        found += [["remove", ".".join(path), [[key, old[key]]]] for key in old if key not in new]
        return found + [one for key in old if key in new for one in difference(old[key], new[key], (*path, key))]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [one for place in range(len(old)) for one in difference(old[place], new[place], (*path, place))]
    if old == new:
        return []
    return [["change", list(path) if len(path) > 1 else path[0], [old, new]]]


def write_zip(
    path: Path, listed: list[tuple[int, dict]], manifest: dict = MANIFEST, *, leave_out=(), key_every: int = 10
) -> Path:
    """The states as a recording; frames whose place is in `leave_out` are missing from it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        for place, (second, state) in enumerate(listed):
            is_key = place % key_every == 0
            name, content = f"{second:011d}{'' if is_key else 'i'}.json", state
            if is_key:
                content = {**state, "manifest": manifest, "lastUpdated": second * 1000 + 250}
            else:
                before = listed[place - 1][1]
                parts = {part: difference(before[part], state[part]) for part in ("cars", "session")}
                content = {**parts, "messages": state["messages"], "highlight": []}
            if place not in leave_out:
                archive.writestr(name, json.dumps(content))
    return path


def small_race() -> list[tuple[int, dict]]:
    """Three cars of two classes: 31 wins 40 over 7 with 5 laps each and 4 for 3; 40 stops once and changes its driver."""
    cars = [
        Car("31", [(5.0, 5.0, 5.5)] + [(4.0, 5.0, 5.25)] * 4),
        Car("40", [(5.0, 5.25, 5.5), (4.0, 5.0, 6.0), (9.0, 5.0, 5.0), (4.0, 5.0, 5.0), (4.0, 5.0, 5.0)], pit=(28, 36),
            drivers=[(-99, "ONE, Anna"), (33, "TWO, Berta")]),
        Car("007", [(6.0, 6.0, 6.25)] * 4, car_class="GTD"),
    ]  # fmt: skip
    messages = [
        (0, "Track", "Green flag - track clear", "green"),
        (1, "Race Control", "GREEN FLAG", "raceControl"),
        (28, "GTP", "#40 (ONE, Anna) has entered the pits", "pit", "40"),
        (30, "Race Control", "CAR 7: PENALTY - SPEEDING - DRIVE THROUGH", "raceControl", "007"),
        (36, "GTP", "#40 (TWO, Berta) has left the pits (pit time: 0:08)", "out", "40"),
        (73, "Race Control", "CHECKERED FLAG", "raceControl"),
    ]
    return states(cars, 90, flags={20: "fcy", 26: "green", 73: "chequered"}, messages=messages)
