"""The field of a series: cars, crews and how fast they truly are; names are made up from two lists."""

from dataclasses import dataclass

import numpy as np

from racelab.domain.entries import Driver, Entry
from racelab.sources.sample.parameters import CarClass, SeriesModel

_FIRST = (
    "Ada", "Bo", "Cy", "Dag", "Elin", "Finn", "Gus", "Hal", "Ida", "Jon", "Kai", "Liv", "Max", "Noa", "Ola", "Pia", "Quin", "Rae", "Siv", "Tor", "Una", "Vic", "Wim", "Yan", "Zoe",
)  # fmt: skip
_LAST = (
    "Ashby", "Brook", "Cole", "Dale", "Elm", "Ford", "Grove", "Heath", "Isley", "Jute", "Knoll", "Lund", "Marsh", "North", "Oakes", "Penn", "Quarry", "Ridge", "Stone", "Thorpe", "Upton", "Vale", "Wold", "Yardley", "Zeal",
)  # fmt: skip
_TEAM = (
    "Alder", "Birch", "Cedar", "Damson", "Elder", "Fir", "Gorse", "Hazel", "Ivy", "Juniper", "Larch", "Maple", "Oak", "Pine", "Rowan", "Spruce", "Willow", "Yew",
)  # fmt: skip
_MAKE = (
    "Cobalt", "Nickel", "Tungsten", "Zinc", "Argon",
)  # fmt: skip
_COLOURS = (
    "#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22",
)  # fmt: skip
_RATINGS = ("Platinum", "Gold", "Bronze")


@dataclass(frozen=True, slots=True)
class Racer:
    """A car of the field; ``pace`` is the share by which each seat is slower than its class, true and unseen."""

    entry: Entry
    car_class: CarClass
    pace: tuple[float, ...]


def make_field(model: SeriesModel, rng: np.random.Generator) -> list[Racer]:
    """All cars of a series, class by class, with true paces drawn from the class's spreads."""
    people = [f"{first} {last}" for first in _FIRST for last in _LAST]
    rng.shuffle(people)
    numbers = _numbers(model, rng)
    racers: list[Racer] = []
    for car_class in model.classes:
        racers += _cars(model, car_class, rng, people, numbers)
    return racers


def _numbers(model: SeriesModel, rng: np.random.Generator) -> list[str]:
    count = sum(car_class.cars for car_class in model.classes)
    drawn = [str(number) for number in rng.choice(np.arange(2, 100), count, replace=False)]
    if len(model.classes) > 1:  # two cars that differ in their text only, as they do in real entry lists
        drawn = ["007", "7", *[number for number in drawn if number != "7"]][:count]
    return drawn


def _cars(
    model: SeriesModel, car_class: CarClass, rng: np.random.Generator, people: list[str], numbers: list[str]
) -> list[Racer]:
    teams = rng.permutation(_TEAM)
    team_pace = rng.normal(0, car_class.car_spread, car_class.cars)
    made = []
    for index in range(car_class.cars):
        team = index // 2 if car_class.cars > 1 else index
        crew = rng.normal(0, car_class.driver_spread, car_class.seats) if car_class.driver_spread else np.zeros(1)
        car = team_pace[team if model.tyres else index]  # both cars of an F1 team are built alike
        entry = _entry(car_class, numbers.pop(0), str(teams[team % len(teams)]), team, people)
        made.append(Racer(entry, car_class, tuple(float(car + seat) for seat in crew)))
    return made


def _entry(car_class: CarClass, number: str, team: str, index: int, people: list[str]) -> Entry:
    names = [people.pop() for _ in range(car_class.seats)]
    rated = car_class.seats > 1
    drivers = tuple(
        Driver(seat, name, _code(name), rating=_RATINGS[(seat - 1) % 3] if rated else None)
        for seat, name in enumerate(names, 1)
    )
    make = _MAKE[index % len(_MAKE)]
    return Entry(number, car_class.name, None, f"Sample {team} Racing", make, f"{make} S{index % 3 + 1}", colour=_COLOURS[index % len(_COLOURS)], drivers=drivers)  # fmt: skip


def _code(name: str) -> str:
    first, last = name.split()
    return (first[0] + last[:2]).upper()
