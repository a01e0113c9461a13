"""How cars, teams and drivers did in the races before: places in class, retirements and pace, newer races first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from racelab.models.inrace.races import Race

_KEEP = 0.85  # what a race still counts when the next one comes
_PRIOR_RACES = 2.0  # an unknown car is taken to be middling, as if it had shown so in so many races
_PARTED = "\t"
_NOTHING = [0.0, 0.0, 0.0, 0.0]  # place, retired, pace, races


@dataclass(slots=True)
class Form:
    """Running sums by driver, team and car; `learn` takes races one after the other, in the order of their starts."""

    sums: dict[tuple[str, ...], list[float]] = field(default_factory=dict)

    def learn(self, race: Race, places: pd.DataFrame, pace: pd.Series) -> None:
        """Add a race that is over.

        Args:
            race: the race.
            places: of `finals.finals`.
            pace: each car's median pace over its class, a share; NaN where unknown.
        """
        size = race.cars.groupby("car_class")["car_number"].transform("size").to_numpy(dtype="float64")
        share = (places["place"].to_numpy(dtype="float64") - 0.5) / size - 0.5
        speed = pace.fillna(0.0).clip(-0.04, 0.04).to_numpy()
        retired = places["retired"].to_numpy(dtype="float64")
        for index, names in enumerate(_names(race)):
            for name in names:
                found = self.sums.get(name, _NOTHING)
                news = (share[index], retired[index], speed[index], 1.0)
                self.sums[name] = [_KEEP * old + new for old, new in zip(found, news, strict=True)]

    def of(self, race: Race) -> pd.DataFrame:
        """Form of each car of a race, from what was learned: means over its names, drawn to the middle where few."""
        rows = [[self._mean(name) for name in names] for names in _names(race)]
        mean = np.array([np.mean(each, axis=0) if each else np.zeros(4) for each in rows]).reshape(-1, 4)
        return pd.DataFrame(mean, columns=["form_place", "form_retired", "form_pace", "form_n"])

    def part(self) -> dict[str, list[float]]:
        """Plain data for the registry: sums by names, which a tab parts."""
        return {_PARTED.join(name): list(sums) for name, sums in self.sums.items()}

    @classmethod
    def of_part(cls, part: Mapping[str, Sequence[float]]) -> "Form":
        """The form that the registry kept."""
        return cls({tuple(name.split(_PARTED)): list(sums) for name, sums in part.items()})

    def _mean(self, name: tuple[str, ...]) -> list[float]:
        place, retired, pace, n = self.sums.get(name, _NOTHING)
        known = n + _PRIOR_RACES
        return [place / known, (retired + 0.15 * _PRIOR_RACES) / known, pace / known, n]


def _names(race: Race) -> Iterable[list[tuple[str, ...]]]:
    """What carries form from race to race: each driver, the team, and in endurance the car of the team."""
    series = race.key.series.value
    for row in race.cars.itertuples():
        kind = str(row.car_class)
        names: list[tuple[str, ...]] = [(series, "driver", kind, str(name)) for name in row.crew]
        if row.team:
            names += [(series, "team", kind, str(row.team)), (series, "car", kind, str(row.team), str(row.car_number))]
        else:
            names.append((series, "car", kind, str(row.car_number)))
        yield names
