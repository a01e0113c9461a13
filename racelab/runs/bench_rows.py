"""Generated rows for the benchmarks of the store: a race's telemetry and a season's laps."""

import numpy as np
import pandas as pd

from racelab.domain.records import Provenance, SessionData
from racelab.domain.series import Series
from racelab.domain.sessions import Event, Session, SessionKey
from racelab.store.frames import typed

KEY = SessionKey(Series.F1, 2024, 1, "R")
CARS = [str(number) for number in (1, 2, 3, 4, 10, 11, 14, 16, 18, 20, 22, 23, 24, 27, 31, 44, 55, 63, 77, 81)]


def empty_session() -> SessionData:
    """The session that the rows belong to."""
    return SessionData(Event("Benchmark"), Session(KEY), Provenance("bench", "memory", "none", "1"))


def telemetry_frame(rows: int) -> pd.DataFrame:
    """So many samples of 20 cars as FastF1 brings them: half of car data (4 a second), half of positions."""
    count = max(rows // (2 * len(CARS)), 1)
    draws = np.random.default_rng(7)
    parts = [part for car in CARS for part in (_car(car, count, draws), _position(car, count, draws))]
    return pd.concat(parts, ignore_index=True)


def laps_frame(rows: int) -> pd.DataFrame:
    """So many laps of 20 cars, with the columns that a race of Formula 1 fills, typed as the store's frames."""
    draws = np.random.default_rng(11)
    lap = np.arange(rows) // len(CARS) + 1
    time = draws.normal(90_000, 900, rows).round()
    thirds = {f"s{n}_ms": (time / 3).round() for n in (1, 2, 3)}
    pits = lap % 20 == 0
    frame = pd.DataFrame(
        {
            "car_number": np.array(CARS)[np.arange(rows) % len(CARS)], "lap_number": lap,
            "seat": 1, "stint": lap // 20 + 1, "lap_time_ms": time, **thirds, "start_ms": lap * 90_000,
            "end_ms": lap * 90_000 + time, "pit_in": pits, "pit_out": lap % 20 == 1,
            "pit_in_ms": np.where(pits, lap * 90_000, np.nan), "position": np.arange(rows) % len(CARS) + 1,
            "compound": np.where(lap % 40 < 20, "medium", "hard"), "tyre_age": lap % 20, "fresh_tyre": True,
            "flag": "green", "top_speed_kph": draws.normal(310, 5, rows), "deleted": False, "quality": "measured",
        }
    )  # fmt: skip
    return typed(frame.sort_values(["car_number", "lap_number"], ignore_index=True))


def _car(car: str, count: int, draws: np.random.Generator) -> pd.DataFrame:
    whole = {name: pd.array(draws.integers(0, high, count), dtype="Int64") for name, high in _WHOLE.items()}
    return pd.DataFrame(
        {
            "car_number": car, "kind": "car", "time_ms": _times(count, draws),
            "speed_kph": draws.uniform(60, 330, count).round(), **whole,
            "throttle_pct": draws.uniform(0, 100, count).round(), "brake_pct": draws.integers(0, 2, count) * 100.0,
        }
    )  # fmt: skip


_WHOLE = {"rpm": 12_000, "gear": 9, "drs": 15}


def _position(car: str, count: int, draws: np.random.Generator) -> pd.DataFrame:
    places = {name: draws.normal(0, 2_000, count).round(1) for name in ("x_m", "y_m", "z_m")}
    return pd.DataFrame(
        {"car_number": car, "kind": "position", "time_ms": _times(count, draws), **places, "status": "OnTrack"}
    )


def _times(count: int, draws: np.random.Generator) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.cumsum(draws.integers(200, 300, count))
