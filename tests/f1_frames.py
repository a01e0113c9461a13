"""Small frames as FastF1 gives them, and a session that holds them."""

from typing import Any

import pandas as pd
from fastf1.exceptions import DataNotLoadedError

T0 = pd.Timestamp("2024-03-02 14:00:00")
START = pd.Timedelta(minutes=60)


def at(seconds: float | None) -> Any:
    """A session time on FastF1's clock, `seconds` after the start."""
    return pd.NaT if seconds is None else START + pd.Timedelta(seconds=seconds)


def span(seconds: float | None) -> Any:
    return pd.NaT if seconds is None else pd.Timedelta(seconds=seconds)


def lap(car: str, number: float, end: float | None, time: float | None = None, **more: Any) -> dict[str, Any]:
    row = {
        "Time": at(end), "Driver": f"D{car}", "DriverNumber": car, "LapTime": span(time), "LapNumber": float(number),
        "Stint": 1.0, "PitOutTime": pd.NaT, "PitInTime": pd.NaT, "Sector1Time": pd.NaT, "Sector2Time": span(30.0005),
        "Sector3Time": span(31.25), "SpeedI1": 250.0, "SpeedI2": float("nan"), "SpeedFL": 280.0, "SpeedST": 301.0,
        "Compound": "SOFT", "TyreLife": float(number), "FreshTyre": True, "Team": "Team", "LapStartTime": pd.NaT,
        "TrackStatus": "1", "Position": 1.0, "Deleted": False, "FastF1Generated": False, "IsAccurate": True,
    }  # fmt: skip
    return {**row, **more}


def race_laps() -> pd.DataFrame:
    """Car 44 wins after a stop, car 7 stops on the track on lap 3, car 16 retires in the pits on lap 2."""
    return pd.DataFrame(
        [
            lap("44", 1, 100.0, 99.8, PitOutTime=at(-900.0)),
            lap("44", 2, 195.0, 95.0, PitInTime=at(193.0), TrackStatus="12"),
            lap("44", 3, 310.0, 115.0, PitOutTime=at(215.5), Compound="HARD", TyreLife=1.0, Stint=2.0),
            lap("44", 4, 400.0, 90.0, TyreLife=2.0, Compound="HARD", Stint=2.0),
            lap("7", 1, 101.0, 100.8, Position=2.0),
            lap("7", 2, 197.0, 96.0, Position=2.0),
            lap("7", 3, 347.0, None, Position=float("nan"), FastF1Generated=True, IsAccurate=False),
            lap("16", 1, 102.0, 101.8, Position=3.0, Compound="UNKNOWN", TyreLife=float("nan")),
            lap("16", 2, 230.0, None, Position=3.0, PitInTime=at(231.0), TrackStatus="671"),
            lap("63", 1, 103.0, 102.8, Position=4.0),
            lap("63", 2, 200.0, 97.0, Position=4.0),
            lap("63", 3, 312.0, 112.0, Position=2.0),
            lap("63", 4, 405.5, 93.5, Position=2.0, Deleted=True),
        ]
    )


def race_results() -> pd.DataFrame:
    numbers = ["44", "63", "7", "16"]
    return pd.DataFrame(
        {
            "DriverNumber": numbers, "Abbreviation": ["HAM", "RUS", "RAI", "LEC"], "TeamName": ["A", "A", "B", "nan"],
            "FullName": ["Lewis Hamilton", "George Russell", "Kimi Räikkönen", "Charles Leclerc"],
            "TeamColor": ["00D2BE", "00D2BE", "", "nope"], "CountryCode": ["GBR", "", None, "MON"],
            "DriverId": ["hamilton", "russell", "raikkonen", "leclerc"], "Position": [1.0, 2.0, 3.0, 4.0],
            "GridPosition": [2.0, 1.0, 0.0, float("nan")], "Points": [25.0, 18.0, 0.0, 0.0],
            "Status": ["Finished", "Finished", "Engine", "Retired"], "Laps": [4.0, 4.0, 2.0, 1.0],
            "Time": [span(399.8), span(10.5), pd.NaT, pd.NaT],
            "Q1": [pd.NaT] * 4, "Q2": [pd.NaT] * 4, "Q3": [pd.NaT] * 4,
        },
        index=pd.Index(numbers, name="DriverNumber"),
    )  # fmt: skip


def session_status() -> pd.DataFrame:
    times = [pd.Timedelta(seconds=5), at(0.0), at(406.0), at(500.0)]
    return pd.DataFrame({"Time": times, "Status": ["Inactive", "Started", "Finished", "Finalised"]})


def track_status() -> pd.DataFrame:
    times = [pd.Timedelta(0), at(150.0), at(180.0), at(180.0), at(300.0)]
    return pd.DataFrame({"Time": times, "Status": ["1", "3", "2", "4", "1"], "Message": ["AllClear", "", "", "SC", ""]})


def race_control() -> pd.DataFrame:
    words = ["PIT EXIT OPEN", "SAFETY CAR DEPLOYED", "CAR 44 TIME DELETED", "CHEQUERED FLAG"]
    return pd.DataFrame(
        {
            "Time": [T0, T0 + at(180.0), T0 + at(190.0), T0 + at(400.0)], "Message": words,
            "Category": ["Flag", "SafetyCar", "Other", "Flag"], "Flag": ["GREEN", None, None, "CHEQUERED"],
            "Scope": ["Track", None, None, "Track"], "Sector": [float("nan"), float("nan"), 3.0, float("nan")],
            "RacingNumber": [None, None, "44", None], "Lap": [1, 2, 2, 4],
        }
    )  # fmt: skip


def weather() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Time": [at(-60.0), at(0.0)], "AirTemp": [20.5, 20.6], "Humidity": [40.0, 0.0], "Pressure": [1010.1, 0.0],
            "Rainfall": [False, True], "TrackTemp": [30.0, 31.0], "WindDirection": [180, 359], "WindSpeed": [2.6, 0.0],
        }
    )  # fmt: skip


def car_data() -> dict[str, pd.DataFrame]:
    return {
        "44": pd.DataFrame(
            {
                "SessionTime": [at(0.06), at(0.18), at(0.18)], "Speed": [0.0, 120.0, 121.0], "RPM": [9000.0] * 3,
                "nGear": [1, 2, 2], "Throttle": [0.0, 100.0, 100.0], "Brake": [True, False, False], "DRS": [0, 12, 12],
            }
        )
    }  # fmt: skip


def positions() -> dict[str, pd.DataFrame]:
    times = [at(0.07), at(0.3)]
    coordinates = {"X": [-1046.0, 5.0], "Y": [-1476.0, float("nan")], "Z": [86.0, 0.0]}
    return {"44": pd.DataFrame({"SessionTime": times, "Status": ["OnTrack", "OffTrack"], **coordinates})}


class FakeSession:
    """A loaded FastF1 session: parts that it was not given are not loaded."""

    def __init__(self, **parts: Any) -> None:
        self.api_path = "/static/2024/race/"
        self.date = pd.Timestamp("2024-03-02 15:00:00")
        self.event = {"EventName": "Bahrain Grand Prix", "Location": "Sakhir", "Country": "Bahrain"}
        self.asked: dict[str, bool] = {}
        for name, part in parts.items():
            setattr(self, name, part)

    def load(self, **asked: bool) -> None:
        self.asked = asked

    def __getattr__(self, name: str) -> Any:
        raise DataNotLoadedError(name)


def full_session(**parts: Any) -> FakeSession:
    known: dict[str, Any] = {
        "laps": race_laps(), "results": race_results(), "weather_data": weather(), "track_status": track_status(),
        "session_status": session_status(), "race_control_messages": race_control(), "total_laps": 4,
        "session_info": {"Meeting": {"Circuit": {"ShortName": "Sakhir"}}},
    }  # fmt: skip
    return FakeSession(**{**known, **parts})
