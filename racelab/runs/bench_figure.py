"""What a benchmark gives."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure: the median of so many runs, its ratio to another one of the same run, and what it is to be at most."""

    name: str
    median: float
    unit: str
    runs: int
    ratio_to: str | None = None
    ratio: float | None = None
    aim: float | None = None
