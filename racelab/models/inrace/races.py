"""A race as the finishing order is predicted from it: its laps as plain numbers, its cars, its length."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from racelab.analysis.crossings import crossings
from racelab.domain.flags import Flag
from racelab.domain.series import Series
from racelab.domain.sessions import RACES, SessionKey
from racelab.models.inrace.lengths import Length, length_of
from racelab.store.protocol import Store

# Laps as plain floats: NaN is missing, flags and pits are 0 or 1.
LAP_COLUMNS = (
    "car",
    "lap",
    "end_ms",
    "time_ms",
    "pit_in",
    "pit_out",
    "soft",
    "wet_tyre",
    "tyre_age",
    "seat",
    "neutral",
)
_SOFTNESS = {"hard": 0.0, "medium": 1.0, "soft": 2.0, "supersoft": 2.5, "ultrasoft": 3.0, "hypersoft": 3.5}
_NEUTRAL = [flag.value for flag in Flag if flag.is_neutral]


@dataclass(frozen=True, slots=True)
class Race:
    """One race.

    ``laps`` has the `LAP_COLUMNS`, a row for each crossing of the line, in the order of their ends; ``car`` is the
    position of the car in ``cars``, whose rows name each starter's ``car_number, car_class, team`` and ``crew`` (names
    of its drivers by seat).
    """

    key: SessionKey
    start: str
    circuit: str
    length: Length
    laps: pd.DataFrame
    cars: pd.DataFrame

    @property
    def session_id(self) -> int:
        """The session's id."""
        return self.key.session_id


def races(store: Store, series: Series | None = None) -> Iterator[SessionKey]:
    """The races with laps that the store holds, in the order in which they were started."""
    held = store.sessions()
    held = held[held["session"].isin(RACES) & (held["laps"] > 0)]
    if series is not None:
        held = held[held["series"] == series.value]
    keys = [SessionKey.of_id(int(each)) for each in held["id"]]
    starts = dict(zip(held["id"].astype(int), held["start_utc"], strict=True))
    yield from sorted(keys, key=lambda key: began(key, starts[key.session_id]))


def began(key: SessionKey, start: object) -> tuple[int, str, int, str]:
    """What orders races in time: season, the start where it is known, round; a sprint is before its grand prix."""
    told = "" if start is None or pd.isna(start) else str(start)
    return key.season, told, key.round, {"QR": "0", "S": "0"}.get(key.code, key.code)


def read_race(store: Store, key: SessionKey) -> Race:
    """A race from the store.

    Raises:
        NotFound: the store lacks the session.
        StoreError: it cannot be read.
    """
    session = store.read("sessions", key).iloc[0]
    event = store.read("events").set_index("event_id").loc[key.event_id]
    driven = store.read("laps", key)
    cars = _cars(store, key, driven)
    numbered = _numbers(crossings(driven), cars)
    start = "" if pd.isna(session["start_utc"]) else str(session["start_utc"])
    circuit = str(event["circuit"] if pd.notna(event["circuit"]) else event["name"])
    return Race(key, start, circuit, length_of(store, key, session, numbered), numbered, cars)


def _cars(store: Store, key: SessionKey, laps: pd.DataFrame) -> pd.DataFrame:
    """The starters: cars with laps, and those of Formula 1 that history names and that did not get through the first."""
    entries = store.read("entries", key)[["car_number", "car_class", "team"]]
    drivers = store.read("drivers", key).sort_values("seat")
    crews = drivers.groupby("car_number")["name"].agg(tuple)
    lapless = _lapless(store, key)
    started = entries[entries["car_number"].isin([*laps["car_number"], *lapless])]
    unseen = [number for number in lapless if number not in set(entries["car_number"])]
    kind = entries["car_class"].mode()
    more = pd.DataFrame({"car_number": unseen, "car_class": kind.iloc[0] if len(kind) else ""}, columns=list(entries))
    started = pd.concat([started, more.astype(started.dtypes.to_dict())], ignore_index=True) if unseen else started
    started = started.reset_index(drop=True)
    crew = started["car_number"].map(crews)
    return started.assign(
        car_class=started["car_class"].fillna("").astype(str),
        team=started["team"].fillna("").astype(str),
        crew=[each if isinstance(each, tuple) else () for each in crew],
    )


def _lapless(store: Store, key: SessionKey) -> list[str]:
    if key.series is not Series.F1:
        return []
    rows = store.read("history_results", provider="ergast", season=key.season, round=key.round, code=key.code)
    out = rows[rows["position_text"].eq("DNF") & rows["laps"].eq(0) & rows["car_number"].notna()]
    return [str(number) for number in out["car_number"]]


def _numbers(laps: pd.DataFrame, cars: pd.DataFrame) -> pd.DataFrame:
    place = {number: index for index, number in enumerate(cars["car_number"])}
    laps = laps[laps["car_number"].isin(place)]
    compound = laps["compound"].astype(object)
    flag = laps["flag"].astype(object)
    frame = pd.DataFrame(
        {
            "car": laps["car_number"].map(place),
            "lap": laps["lap_number"],
            "end_ms": laps["end_ms"],
            "time_ms": laps["lap_time_ms"],
            "pit_in": laps["pit_in"],
            "pit_out": laps["pit_out"],
            "soft": compound.map(_SOFTNESS),
            "wet_tyre": compound.isin(["intermediate", "wet"]).where(compound.notna()),
            "tyre_age": laps["tyre_age"],
            "seat": laps["seat"],
            "neutral": flag.isin(_NEUTRAL).where(flag.notna()),
        }
    )
    plain = {name: frame[name].astype("Float64").to_numpy(dtype="float64", na_value=np.nan) for name in LAP_COLUMNS}
    return pd.DataFrame(plain).sort_values(["end_ms", "lap"], kind="stable", ignore_index=True)
