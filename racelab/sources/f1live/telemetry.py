"""Telemetry: the samples of car data and positions, gathered within a bound and handed over as frames."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from racelab.sources.f1live import specification as spec
from racelab.sources.f1live.compressed import unpack
from racelab.sources.f1live.drivers import is_car
from racelab.sources.f1live.values import number, part, stamp_ms, text, whole

# Two hours of 20 cars have about 1.1 million samples of both kinds; a sample takes some 250 bytes until it is taken.
MOST_SAMPLES = 400_000
_CAR, _POSITION = "car", "position"
_CHANNELS = (
    ("speed_kph", spec.SPEED, 500), ("rpm", spec.RPM, 25_000), ("gear", spec.GEAR, 10), ("throttle_pct", spec.THROTTLE, 105),
    ("brake_pct", spec.BRAKE, 105), ("drs", spec.DRS, 20),
)  # fmt: skip
_WHOLE = ("rpm", "gear", "drs")
_COLUMNS = (
    "car_number", "kind", "time_ms", "speed_kph", "rpm", "gear", "throttle_pct", "brake_pct", "drs", "x_m", "y_m", "z_m",
    "status",
)  # fmt: skip
_FURTHEST = 1_000_000.0


@dataclass(slots=True)
class Samples:
    """Samples that wait to be taken; beyond ``most`` the new ones are dropped, and counted."""

    most: int = MOST_SAMPLES
    dropped: int = 0
    _rows: list[tuple[Any, ...]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._rows)

    def read(self, topic: str, content: Any) -> None:
        """Take a compressed message.

        Raises:
            ValueError: it cannot be unpacked.
        """
        held = unpack(content)
        if topic == spec.CAR_DATA:
            for entry in _listed(part(held, "Entries")):
                self._add(entry, "Utc", "Cars", _car)
        else:
            for entry in _listed(part(held, "Position")):
                self._add(entry, "Timestamp", "Entries", _position)

    def take(self, start_ms: int) -> pd.DataFrame:
        """Everything that waits, in the columns of the telemetry table, by car, kind and time; then nothing waits.

        Args:
            start_ms: the instant (ms since 1970) of session time 0.
        """
        frame = pd.DataFrame(self._rows, columns=list(_COLUMNS))
        self._rows = []
        frame["time_ms"] = frame["time_ms"].astype("Int64") - start_ms
        for name in _COLUMNS[3:-1]:
            frame[name] = pd.to_numeric(frame[name]).astype("Int64" if name in _WHOLE else "Float64")
        order = ["car_number", "kind", "time_ms"]
        return frame.drop_duplicates(order, keep="last").sort_values(order, ignore_index=True)

    def keep(self, most: int) -> None:
        """Drop all but the newest samples."""
        del self._rows[: max(len(self._rows) - most, 0)]

    def _add(self, entry: Any, stamp: str, cars: str, row: Any) -> None:
        at, told = stamp_ms(part(entry, stamp)), part(entry, cars)
        if at is None or not isinstance(told, dict):
            return
        for car_number, sample in told.items():
            if not is_car(car_number):
                continue
            if len(self._rows) >= self.most:
                self.dropped += 1
            else:
                self._rows.append((car_number, *row(at, sample)))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _car(at: int, sample: Any) -> tuple[Any, ...]:
    channels = part(sample, "Channels")
    values = {name: whole(part(channels, key), most) for name, key, most in _CHANNELS}
    # The pedal is told as pressed or not.
    brake = None if values["brake_pct"] is None else 100 if values["brake_pct"] > 0 else 0
    values["brake_pct"] = brake
    return (_CAR, at, *values.values(), None, None, None, None)


def _position(at: int, sample: Any) -> tuple[Any, ...]:
    found = [number(part(sample, axis), -_FURTHEST, _FURTHEST) for axis in ("X", "Y", "Z")]
    metres = [None if one is None else one / spec.POSITION_UNITS_PER_M for one in found]
    return (_POSITION, at, None, None, None, None, None, None, *metres, text(part(sample, "Status")))
