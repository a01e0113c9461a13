"""Small history files made by hand: f1db's and Ergast's tables with two races, as ZIPs."""

import csv
import io
import zipfile
from pathlib import Path

Tables = dict[str, list[dict[str, object]]]
_RESULT = {
    "positionNumber": "", "positionText": "", "driverNumber": "", "constructorId": "", "engineManufacturerId": "",
    "tyreManufacturerId": "michelin", "timeMillis": "", "time": "",
}  # fmt: skip
_RACE = {
    **_RESULT, "sharedCar": "false", "laps": "", "timePenalty": "", "timePenaltyMillis": "", "gap": "", "gapMillis": "",
    "gapLaps": "", "interval": "", "intervalMillis": "", "reasonRetired": "", "points": "", "gridPositionNumber": "",
    "gridPositionText": "", "fastestLap": "false", "pitStops": "",
}  # fmt: skip
_QUALIFYING = {**_RESULT, **{f"{part}{end}": "" for part in ("q1", "q2", "q3") for end in ("", "Millis")}, "laps": ""}
CARS = {"ann-alpha": ("1", "red", "ford"), "bo-beta-jr": ("2", "blue", "bmw"), "cy-gamma": ("07", "red", "ford")}


def line(defaults: dict[str, object], round_: int, order: int, driver: str, **values: object) -> dict[str, object]:
    """A line of a result list: whose car it is follows from the driver."""
    number, maker, engine = CARS[driver]
    return {
        "raceId": round_, "year": 2005, "round": round_, "positionDisplayOrder": order, "driverId": driver, **defaults,
        "driverNumber": number, "constructorId": maker, "engineManufacturerId": engine, **values,
    }  # fmt: skip


def f1db_tables() -> Tables:
    """Two races of 2005: the first with grids from two summed laps, a retirement and a start from the pit lane."""
    first = {"positionNumber": 1, "positionText": "1", "laps": 57, "gridPositionNumber": 1, "gridPositionText": "1"}
    race = [
        line(_RACE, 1, 1, "ann-alpha", **first, time="1:24:17.336", timeMillis=5057336, points=10, fastestLap="true", pitStops=2),
        line(_RACE, 1, 2, "bo-beta-jr", positionNumber=2, positionText="2", laps=56, gapLaps=1, gap="+1 lap", points="4.14",
             gridPositionText="PL", timePenalty="5.000", timePenaltyMillis=5000),
        line(_RACE, 1, 3, "cy-gamma", positionText="DNF", laps=3, reasonRetired="Engine", gridPositionNumber=3, gridPositionText="3"),
        line(_RACE, 2, 1, "bo-beta-jr", **first, timeMillis=5000000),
    ]  # fmt: skip
    qualifying = [
        line(_QUALIFYING, 1, 1, "ann-alpha", positionNumber=1, positionText="1", time="3:01.460", timeMillis=181460),
        line(_QUALIFYING, 2, 1, "bo-beta-jr", positionNumber=1, positionText="1", q1Millis=90500, q2Millis=90200, q3Millis=90300),
        line(_QUALIFYING, 2, 2, "cy-gamma", positionText="NC"),
    ]  # fmt: skip
    fastest = line(
        _RESULT, 1, 1, "ann-alpha", positionNumber=1, positionText="1", lap=41, time="1:27.452", timeMillis=87452
    )
    grid = line(
        {**_RESULT, "gridPenalty": ""}, 2, 1, "cy-gamma", positionText="PL", gridPenalty="10", timeMillis="91000"
    )
    return {
        "f1db-races": [_event(1, "AGGREGATE"), _event(2, "KNOCKOUT")],
        "f1db-grands-prix": [{"id": "x", "fullName": "X Grand Prix"}],
        "f1db-countries": [{"id": "monaco", "name": "Monaco", "demonym": "Monegasque"}],
        "f1db-circuits": [{"id": "ring", "name": "The Ring", "countryId": "monaco"}],
        "f1db-races-race-results": race,
        "f1db-races-qualifying-results": qualifying,
        "f1db-races-fastest-laps": [fastest],
        "f1db-races-starting-grid-positions": [grid],
        "f1db-races-pit-stops": [line(_RESULT, 1, 1, "ann-alpha", stop=1, lap=20, time="24.210", timeMillis=24210)],
        "f1db-races-driver-standings": [_standing(1, 1, "driverId", "ann-alpha", 10)],
        "f1db-races-constructor-standings": [_standing(1, 1, "constructorId", "red", 10)],
        "f1db-seasons-driver-standings": [_standing(0, 1, "driverId", "ann-alpha", "10.5")],
        "f1db-seasons-constructor-standings": [_standing(0, 1, "constructorId", "red", 10)],
        "f1db-drivers": [
            _driver("ann-alpha", "Ann Alpha", "ALP", "1980-01-02"), _driver("bo-beta-jr", "Bo Bêta Jr.", "BET", "1981-02-03"),
            _driver("cy-gamma", "Cy Gamma", "GAM", "1979-03-04"),
        ],
        "f1db-constructors": [{"id": name, "name": name.title(), "countryId": "monaco"} for name in ("red", "blue")],
        "f1db-engine-manufacturers": [{"id": name, "name": name.upper(), "countryId": ""} for name in ("ford", "bmw")],
        "f1db-tyre-manufacturers": [{"id": "michelin", "name": "Michelin", "countryId": ""}],
        "f1db-entrants": [{"id": "red-team", "name": "Red Team"}],
        "f1db-seasons-entrants-drivers": [{**_CAR, "driverId": "ann-alpha", "rounds": "1;2", "roundsText": "1-2", "testDriver": "false"}],
        "f1db-seasons-entrants-tyre-manufacturers": [{**_CAR, "tyreManufacturerId": "michelin"}],
    }  # fmt: skip


_CAR = {"year": 2005, "entrantId": "red-team", "constructorId": "red", "engineManufacturerId": "ford"}


def newer_tables() -> Tables:
    """What f1db's releases since 2024 tell besides: chassis and engines."""
    return {
        **f1db_tables(),
        "f1db-chassis": [{"id": "r1", "constructorId": "red", "name": "R1", "fullName": "Red R1"}, {"id": "r2", "constructorId": "red", "name": "R2", "fullName": "Red R2"}],
        "f1db-engines": [{"id": "v10", "engineManufacturerId": "ford", "name": "V10", "fullName": "Ford V10"}],
        "f1db-seasons-entrants-chassis": [{**_CAR, "chassisId": "r1"}, {**_CAR, "chassisId": "r2"}],
        "f1db-seasons-entrants-engines": [{**_CAR, "engineId": "v10"}],
    }  # fmt: skip


def _event(round_: int, qualifying: str) -> dict[str, object]:
    return {
        "id": round_, "year": 2005, "round": round_, "date": f"2005-03-0{round_}", "time": "13:00" if round_ == 2 else "",
        "grandPrixId": "x", "officialName": "X GP", "qualifyingFormat": qualifying, "circuitId": "ring",
        "courseLength": "5.281", "laps": 57, "distance": "300.987", "scheduledLaps": "",
    }  # fmt: skip


def _standing(round_: int, order: int, column: str, ref: str, points: object) -> dict[str, object]:
    race = {"raceId": round_, "round": round_} if round_ else {}
    place = {"positionDisplayOrder": order, "positionNumber": order, "positionText": order}
    return {**race, "year": 2005, **place, column: ref, "points": points}


def _driver(ref: str, name: str, code: str, born: str) -> dict[str, object]:
    return {"id": ref, "name": name, "abbreviation": code, "dateOfBirth": born, "nationalityCountryId": "monaco"}


def ergast_tables() -> Tables:
    """The same two races as Ergast tells them, with a safety car, and one that no race can be found for."""
    results = [
        _ergast(1, 1, 1, 1, grid=1, time="1:24:17.336", milliseconds=5057336, laps=57, points=10, fastestLap=41, rank=1, fastestLapTime="1:27.452"),
        _ergast(1, 2, 2, 2, grid=0, laps=56, points="4.14", statusId=11, rank=2, fastestLap=30, fastestLapTime="1:28.000"),
        _ergast(1, 3, 1, 3, position="\\N", positionText="R", laps=3, statusId=5, rank=0),
        _ergast(2, 2, 2, 1, laps=57, time="1:23:20.0", milliseconds=5000000),
        _ergast(2, 1, 1, 2, laps=57, time="+9.5", milliseconds=5009500),
        _ergast(2, 3, 1, 3, position="\\N", positionText="F", grid=0, laps=0, statusId=97),
    ]  # fmt: skip
    return {
        "races": [
            {"raceId": n, "year": 2005, "round": n, "circuitId": 1, "name": f"{name} Grand Prix", "date": f"2005-03-0{n}", "time": "13:00:00", "url": "u", "fp1_date": "\\N"}
            for n, name in ((1, "X"), (2, "Y"))
        ],
        "circuits": [{"circuitId": 1, "circuitRef": "the_ring", "name": "Ring of Monaco", "country": "Monaco"}],
        "drivers": [
            {"driverId": n, "driverRef": ref, "code": code, "forename": first, "surname": last, "dob": born, "nationality": "Monegasque"}
            for n, ref, code, first, last, born in (
                (1, "alpha", "ALP", "Ann", "Alpha", "1980-01-02"), (2, "beta", "\\N", "Bo", "Beta", "1981-02-03"),
                (3, "gamma", "GAM", "Cyrus", "Gamma", "1979-03-05"),
            )
        ],
        "constructors": [
            {"constructorId": 1, "constructorRef": "red-ford", "name": "Red-Ford", "nationality": "Monegasque"},
            {"constructorId": 2, "constructorRef": "blue_gp", "name": "Blue GP", "nationality": "Monegasque"},
        ],
        "status": [{"statusId": n, "status": s} for n, s in ((1, "Finished"), (5, "Engine"), (11, "+1 Lap"), (97, "Did not prequalify"))],
        "results": results,
        "qualifying": [{"raceId": 1, "driverId": 1, "constructorId": 1, "number": 1, "position": 1, "q1": "1:30.500", "q2": "1:30.2", "q3": "\\N"}],
        "pit_stops": [{"raceId": 1, "driverId": 1, "stop": 1, "lap": 20, "time": "14:30:00", "duration": "24.210", "milliseconds": 24210}],
        "driver_standings": [{"raceId": 1, "driverId": 1, "points": 10, "position": 1, "positionText": 1, "wins": 1}],
        "constructor_standings": [{"raceId": 1, "constructorId": 1, "points": 10, "position": "\\N", "positionText": "E", "wins": 1}],
        "safety_cars": [
            {"Race": "2005 X Grand Prix", "Cause": "Rain", "Deployed": 3, "Retreated": "6.0", "FullLaps": 2},
            {"Race": "2005 Z Grand Prix", "Cause": "Rain", "Deployed": 3, "Retreated": "", "FullLaps": 2},
        ],
        "red_flags": [{"Race": "2005 Y Grand Prix", "Lap": 9, "Resumed": "N", "Incident": "Mist.", "Excluded": "Cy"}],
    }  # fmt: skip


def _ergast(race: int, driver: int, maker: int, order: int, **values: object) -> dict[str, object]:
    none = dict.fromkeys(("time", "milliseconds", "fastestLap", "rank", "fastestLapTime"), "\\N")
    number = {1: "1", 2: "2", 3: "07"}[driver]
    return {
        "resultId": race * 10 + order, "raceId": race, "driverId": driver, "constructorId": maker, "number": number,
        "grid": order, "position": order, "positionText": order, "positionOrder": order, "points": 0, **none,
        "statusId": 1, **values,
    }  # fmt: skip


def write_zip(path: Path, tables: Tables, folder: str = "") -> Path:
    """The tables as members of a ZIP, in a folder of it where one is named."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, rows in tables.items():
            file.writestr(f"{folder}{name}.csv", as_csv(rows))
    return path


def as_csv(rows: list[dict[str, object]]) -> str:
    """The rows as CSV; every row has the columns of all."""
    text = io.StringIO()
    columns = dict.fromkeys(key for row in rows for key in row)
    writer = csv.DictWriter(text, list(columns), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
