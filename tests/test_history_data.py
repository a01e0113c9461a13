"""The real histories: seventy-four seasons against what is known of them, and who is who across all providers."""

import gzip
import json
import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from racelab.analysis.identities import IDENTITIES, SUBJECTS, assign
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.runs.facts import stored_races
from racelab.runs.history import ingest_history
from racelab.runs.identify import identify, report
from racelab.sources import ergast, f1db
from racelab.store.rows import named_columns
from racelab.store.sql import SqlStore
from tests.conftest import DATA

pytestmark = pytest.mark.data

# Written out by hand: the drivers' champions from 1950 and the constructors' from 1958, to 2023.
DRIVERS = [
    "nino-farina",
    "juan-manuel-fangio",
    "alberto-ascari",
    "alberto-ascari",
    "juan-manuel-fangio",
    "juan-manuel-fangio",
    "juan-manuel-fangio",
    "juan-manuel-fangio",
    "mike-hawthorn",
    "jack-brabham",
    "jack-brabham",
    "phil-hill",
    "graham-hill",
    "jim-clark",
    "john-surtees",
    "jim-clark",
    "jack-brabham",
    "denny-hulme",
    "graham-hill",
    "jackie-stewart",
    "jochen-rindt",
    "jackie-stewart",
    "emerson-fittipaldi",
    "jackie-stewart",
    "emerson-fittipaldi",
    "niki-lauda",
    "james-hunt",
    "niki-lauda",
    "mario-andretti",
    "jody-scheckter",
    "alan-jones",
    "nelson-piquet",
    "keke-rosberg",
    "nelson-piquet",
    "niki-lauda",
    "alain-prost",
    "alain-prost",
    "nelson-piquet",
    "ayrton-senna",
    "alain-prost",
    "ayrton-senna",
    "ayrton-senna",
    "nigel-mansell",
    "alain-prost",
    "michael-schumacher",
    "michael-schumacher",
    "damon-hill",
    "jacques-villeneuve",
    "mika-hakkinen",
    "mika-hakkinen",
    "michael-schumacher",
    "michael-schumacher",
    "michael-schumacher",
    "michael-schumacher",
    "michael-schumacher",
    "fernando-alonso",
    "fernando-alonso",
    "kimi-raikkonen",
    "lewis-hamilton",
    "jenson-button",
    "sebastian-vettel",
    "sebastian-vettel",
    "sebastian-vettel",
    "sebastian-vettel",
    "lewis-hamilton",
    "lewis-hamilton",
    "nico-rosberg",
    "lewis-hamilton",
    "lewis-hamilton",
    "lewis-hamilton",
    "lewis-hamilton",
    "max-verstappen",
    "max-verstappen",
    "max-verstappen",
]
CONSTRUCTORS = [
    "vanwall",
    "cooper",
    "cooper",
    "ferrari",
    "brm",
    "lotus",
    "ferrari",
    "lotus",
    "brabham",
    "brabham",
    "lotus",
    "matra",
    "lotus",
    "tyrrell",
    "lotus",
    "lotus",
    "mclaren",
    "ferrari",
    "ferrari",
    "ferrari",
    "lotus",
    "ferrari",
    "williams",
    "williams",
    "ferrari",
    "ferrari",
    "mclaren",
    "mclaren",
    "williams",
    "williams",
    "mclaren",
    "mclaren",
    "mclaren",
    "mclaren",
    "williams",
    "williams",
    "williams",
    "benetton",
    "williams",
    "williams",
    "mclaren",
    "ferrari",
    "ferrari",
    "ferrari",
    "ferrari",
    "ferrari",
    "ferrari",
    "renault",
    "renault",
    "ferrari",
    "ferrari",
    "brawn",
    "red-bull",
    "red-bull",
    "red-bull",
    "red-bull",
    "mercedes",
    "mercedes",
    "mercedes",
    "mercedes",
    "mercedes",
    "mercedes",
    "mercedes",
    "mercedes",
    "red-bull",
    "red-bull",
]


@pytest.fixture(scope="module")
def history_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds f1db and then Ergast."""
    path = tmp_path_factory.mktemp("history") / "history.db"
    with SqlStore(f"sqlite:///{path}") as store:
        for source in (f1db, ergast):
            ingest_history(store, source, DATA / "f1" / f"{source.PROVIDER}-csv.zip")
    return path


@pytest.fixture(scope="module")
def history(history_file: Path) -> Iterator[SqlStore]:
    with SqlStore(f"sqlite:///{history_file}") as store:
        yield store


@pytest.fixture(scope="module")
def results(history: SqlStore) -> pd.DataFrame:
    frame = pd.concat([history.read("history_results", provider=name) for name in ("f1db", "ergast")])
    return frame.set_index(["provider", "season", "round", "code"]).sort_index()


def lines(
    results: pd.DataFrame, season: int, round_: int, code: str, *columns: str, provider: str = "f1db"
) -> list[list[Any]]:
    """Lines of a list, as plain values."""
    frame = results.loc[(provider, season, round_, code), list(columns)].astype(object)
    return frame.where(frame.notna(), None).values.tolist()


def test_all_races_are_there(history, results):
    runs = history.read("history_runs").set_index("provider")["rows"].to_dict()
    assert runs == {"ergast": 109_417, "f1db": 215_800}
    events = history.read("history_events")
    assert events.groupby("provider").size().to_dict() == {"ergast": 1149, "f1db": 1125}
    held = results.loc["f1db"].query("code == 'R'").groupby(["season", "round"]).size()
    assert len(held) == 1115
    assert held.index.get_level_values("season").nunique() == 75
    codes = results.loc["f1db"].groupby("code").size().to_dict()
    assert codes["R"] == 26_611
    assert set(codes) == {
        "R",
        "S",
        "Q",
        "Q1",
        "Q2",
        "SQ",
        "PQ",
        "FP1",
        "FP2",
        "FP3",
        "FP4",
        "WUP",
        "GRID",
        "SGRID",
        "FL",
    }


@pytest.mark.parametrize(
    ("kind", "first", "champions"), [("driver", 1950, DRIVERS), ("constructor", 1958, CONSTRUCTORS)]
)
def test_champions_are_those_of_the_seasons_own_standings(history, kind, first, champions):
    final = history.read("history_standings", provider="f1db", round=0, kind=kind)
    found = final[final["position"] == 1].set_index("season")["ref"].to_dict()
    assert {year: found[year] for year in range(first, 2024)} == dict(zip(range(first, 2024), champions, strict=True))


def test_ergasts_standings_after_the_last_round_crown_the_same(history):
    names = history.read("identities", kind="driver").set_index(["provider", "provider_id"])["identity_id"]
    standings = history.read("history_standings", provider="ergast", kind="driver", position=1)
    last = standings.loc[standings.groupby("season")["round"].idxmax()].set_index("season")["ref"]
    found = {year: names["ergast", last[year]] for year in range(1950, 2024)}
    assert found == {year: names["f1db", champion] for year, champion in zip(range(1950, 2024), DRIVERS, strict=True)}


def test_the_first_grand_prix(results):
    assert lines(results, 1950, 1, "R", "driver_ref", "laps", "total_time_ms", "points", "grid_position")[0] == [
        "nino-farina", 70, 8_003_600, 9.0, 1,
    ]  # fmt: skip
    assert lines(results, 1950, 1, "FL", "driver_ref", "best_lap_ms")[0] == ["nino-farina", 110_600]


def test_shared_drives(results):
    place = ("position", "driver_ref", "shared_car", "points", "car_number")
    assert lines(results, 1951, 4, "R", *place)[:2] == [
        [1, "luigi-fagioli", False, 4.0, "8"], [1, "juan-manuel-fangio", True, 5.0, "8"],
    ]  # fmt: skip
    assert [row[:2] for row in lines(results, 1956, 1, "R", *place)[:2]] == [
        [1, "luigi-musso"],
        [1, "juan-manuel-fangio"],
    ]
    assert [row[:2] for row in lines(results, 1957, 5, "R", *place)[:2]] == [[1, "tony-brooks"], [1, "stirling-moss"]]
    again = lines(results, 1957, 5, "R", "position", "driver_ref", "sequence", provider="ergast")[:2]
    assert {row[1] for row in again if row[0] == 1} == {"moss", "brooks"}
    assert [row[2] for row in again] == [1, 2]


def test_seven_drivers_had_the_fastest_lap_of_silverstone_1954(results):
    fastest = lines(results, 1954, 5, "FL", "position", "best_lap_ms")
    assert [row for row in fastest if row[0] == 1] == [[1, 110_000]] * 7
    assert sum(row[0] is True for row in lines(results, 1954, 5, "R", "fastest_lap")) == 7


def test_races_cut_short_pay_half(results):
    assert lines(results, 1991, 16, "R", "driver_ref", "laps", "points")[0] == ["ayrton-senna", 14, 5.0]
    assert lines(results, 2021, 12, "R", "driver_ref", "points")[:3] == [
        ["max-verstappen", 12.5], ["george-russell", 9.0], ["lewis-hamilton", 7.5],
    ]  # fmt: skip


def test_sprints_and_their_qualifying(results):
    assert lines(results, 2023, 4, "S", "driver_ref", "total_time_ms", "points", "laps")[0] == [
        "sergio-perez",
        1_997_667,
        8.0,
        17,
    ]
    assert lines(results, 2023, 4, "SQ", "driver_ref", "q1_ms", "q2_ms", "q3_ms", "best_lap_ms")[0] == [
        "charles-leclerc", 102_820, 102_500, 101_697, 101_697,
    ]  # fmt: skip
    assert len(lines(results, 2021, 10, "SGRID", "position")) == 20


def test_pre_qualifying_of_1989_to_1991(results):
    # The two teams that had to pre-qualify last stayed away from the last two races of 1990.
    races = results.loc["f1db"].query("code == 'PQ'").reset_index().groupby("season")["round"].nunique()
    assert {year: int(races[year]) for year in (1989, 1990, 1991)} == {1989: 16, 1990: 14, 1991: 16}
    assert lines(results, 1989, 1, "PQ", "driver_ref", "best_lap_ms")[0] == ["martin-brundle", 87_764]


def test_qualifying_times_that_are_sums_are_no_laps(results):
    assert lines(results, 2005, 1, "Q", "driver_ref", "total_time_ms", "best_lap_ms")[0] == [
        "giancarlo-fisichella",
        181_460,
        None,
    ]
    indianapolis = results.loc["f1db"].loc[(1952, 2, "Q")]
    assert indianapolis["best_lap_ms"].isna().all()
    assert indianapolis["total_time_ms"].notna().sum() > 30
    assert results.loc["f1db"].loc[2005].query("code == 'Q'")["best_lap_ms"].max() < 130_000


def test_the_closest_finish_and_six_cars_at_indianapolis(results):
    assert [row[1] for row in lines(results, 1971, 9, "R", "driver_ref", "gap_ms")[:5]] == [None, 10, 90, 180, 610]
    places = lines(results, 2005, 9, "R", "position_text", "driver_ref")
    assert [text for text, _ in places].count("DNS") == 14
    assert lines(results, 2014, 19, "R", "driver_ref", "points")[0] == ["lewis-hamilton", 50.0]


def test_the_two_histories_tell_the_same_winners_times_and_grids(history, results):
    ids = history.read("identities", kind="driver").set_index(["provider", "provider_id"])["identity_id"]
    columns = ["driver_ref", "total_time_ms", "position"]
    winners = {}
    for provider in ("f1db", "ergast"):
        frame = results.loc[provider].query("code == 'R' and position == 1")[columns].reset_index()
        frame["driver"] = [ids[provider, ref] for ref in frame["driver_ref"]]
        winners[provider] = frame[frame["season"] < 2024].groupby(["season", "round"])["driver"].agg(frozenset)
    assert (winners["f1db"] == winners["ergast"]).all()
    assert len(winners["f1db"]) == 1101


def test_f1dbs_own_milliseconds_agree_with_the_texts_beside_them(results):
    # 2:13:23.600 is 8,003,600 ms; floats would make 8,003,599 of some.
    assert lines(results, 1950, 1, "R", "gap_ms", "interval_ms")[1] == [2600, 2600]
    frame = results.loc["f1db"].query("code == 'R' and gap_ms.notna() and total_time_ms.notna()")
    first = results.loc["f1db"].query("code == 'R' and position == 1")["total_time_ms"].groupby(level=[0, 1]).first()
    apart = frame["total_time_ms"] - first.reindex(frame.index.droplevel("code")).to_numpy() - frame["gap_ms"]
    assert (apart != 0).mean() < 0.01


def test_incidents_are_all_placed(history):
    incidents = history.read("history_incidents")
    assert incidents.groupby("kind").size().to_dict() == {"red_flag": 98, "safety_car": 362}
    monza = incidents[(incidents["season"] == 2020) & (incidents["round"] == 8) & (incidents["kind"] == "red_flag")]
    assert monza["resumed"].tolist() == [True]


def test_entrants_have_their_makers(history):
    entrants = history.read("history_entrants", provider="f1db", season=1950)
    fangio = entrants[entrants["driver_ref"] == "juan-manuel-fangio"].iloc[0]
    assert (fangio["entrant"], fangio["engine_ref"], fangio["tyre_ref"], fangio["rounds"]) == (
        "Alfa Romeo SpA", "alfa-romeo", "pirelli", "1-2,4-7",
    )  # fmt: skip
    assert entrants["chassis"].isna().all()


def test_one_driver_one_id(history):
    ids = history.read("identities", kind="driver").set_index(["provider", "provider_id"])["identity_id"]
    for own, other in (
        ("lewis-hamilton", "hamilton"), ("duncan-hamilton", "duncan_hamilton"), ("carlos-sainz-jr", "sainz"),
        ("jj-lehto", "lehto"), ("juan-manuel-fangio", "fangio"), ("max-verstappen", "max_verstappen"), ("jos-verstappen", "verstappen"),
        ("mick-schumacher", "mick_schumacher"), ("michael-schumacher", "michael_schumacher"), ("kimi-antonelli", "antonelli"),
    ):  # fmt: skip
        if ("f1db", own) in ids:
            assert ids["f1db", own] == ids["ergast", other], own
    assert ids["f1db", "jos-verstappen"] != ids["f1db", "max-verstappen"]
    assert ids.groupby(level="provider").apply(lambda own: own.is_unique).all()


def test_matching_rates_of_the_two_histories(history):
    pairs, left = report(history)
    found = pairs.set_index(["kind", "a", "b"])[["of", "matched"]].apply(tuple, axis=1).to_dict()
    assert found == {
        ("driver", "f1db", "ergast"): (854, 846), ("driver", "ergast", "f1db"): (859, 846),
        ("constructor", "f1db", "ergast"): (182, 168), ("constructor", "ergast", "f1db"): (211, 206),
        ("circuit", "f1db", "ergast"): (77, 77), ("circuit", "ergast", "f1db"): (77, 77),
    }  # fmt: skip
    assert len(left) == 40
    # Nobody who raced since 1977 is left over on either side.
    people = left[left["kind"] == "driver"]["provider_id"]
    born = history.read("identities", kind="driver").set_index("provider_id")["birth_date"]
    assert max(born[people]) < "1951"


def test_ids_hardly_depend_on_which_history_came_first(history):
    keys = ["kind", "provider", "provider_id"]
    told, seen = history.read("identities"), stored_races(history)
    held = pd.DataFrame(columns=IDENTITIES, dtype=object)
    for provider in ("ergast", "f1db"):
        rows, _ = assign(told.loc[told["provider"] == provider, SUBJECTS], seen, held)
        held = pd.concat([held, rows])
    here, there = (frame.set_index(keys)["identity_id"].astype("int64") for frame in (told, held))
    differ = here.index[here != there.reindex(here.index)].to_frame(index=False)
    # Where the two spell a name in other words, whoever comes first names it; circuits go by their first event.
    assert differ.groupby(["kind", "provider"]).size().to_dict() == {
        ("constructor", "ergast"): 21, ("constructor", "f1db"): 21, ("driver", "ergast"): 23, ("driver", "f1db"): 23,
    }  # fmt: skip


def add_sessions(store: SqlStore, crews: Iterable[tuple[SessionKey, list[dict[str, Any]]]]) -> None:
    """Put the cars and drivers of sessions into the store, as a reader of FastF1 leaves them."""
    tables: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("events", "sessions", "ingest_runs", "entries", "drivers")
    }
    for key, cars in crews:
        number = {"session_id": key.session_id}
        tables["events"].append(
            {"event_id": key.event_id, "series": "f1", "season": key.season, "round": key.round, "name": "GP"}
        )
        tables["sessions"].append(
            {**number, "event_id": key.event_id, "code": key.code, "name": key.name, "status": "finished"}
        )
        tables["ingest_runs"].append(
            {**number, "source": "f1", "location": "x", "digest": "x", "version": "1", "read_utc": datetime.now(UTC)}
        )
        for car in cars:
            tables["entries"].append({**number, "car_number": car["car_number"], "team": car.pop("team")})
            tables["drivers"].append({**number, "seat": 1, **car})
    store.write_tables({name: named_columns(name, rows) for name, rows in tables.items()})


def fastf1_crews() -> Iterator[tuple[SessionKey, list[dict[str, Any]]]]:
    """What FastF1 answers for the races of 2018 to 2024: id, full name, code and team."""
    for season in range(2018, 2025):
        for path in sorted((DATA / "f1" / "mirror" / "ergast" / "f1" / str(season)).glob("*/results.json.gz")):
            (race,) = json.loads(gzip.decompress(path.read_bytes()))["MRData"]["RaceTable"]["Races"]
            cars = [
                {
                    "car_number": row["number"], "team": row["Constructor"]["name"], "code": row["Driver"]["code"],
                    "name": f"{row['Driver']['givenName']} {row['Driver']['familyName']}", "provider_id": row["Driver"]["driverId"],
                }
                for row in race["Results"]
            ]  # fmt: skip
            yield SessionKey(Series.F1, season, int(race["round"]), "R"), cars


def lap_table_crews() -> Iterator[tuple[SessionKey, list[dict[str, Any]]]]:
    """What the lap tables tell of the same races: number, code and team, no name."""
    for path in sorted((DATA / "f1" / "laps").glob("grand_prix_*")):
        season = int(path.name.split("_")[3][:4])
        frame = pd.read_csv(
            path, usecols=["Driver", "DriverNumber", "Team", "RoundNumber"], dtype=str
        ).drop_duplicates()
        for round_, rows in frame.drop_duplicates(["RoundNumber", "DriverNumber"]).groupby("RoundNumber"):
            columns = zip(rows["DriverNumber"], rows["Driver"], rows["Team"], strict=True)
            cars = [{"car_number": number, "name": code, "code": code, "team": team} for number, code, team in columns]
            yield SessionKey(Series.F1, season, int(float(round_)), "R"), cars


@pytest.mark.parametrize(("crews", "least"), [(fastf1_crews, 38), (lap_table_crews, 38)])
def test_every_driver_of_2018_to_2024_is_matched_across_three_providers(history_file, tmp_path, crews, least):
    shutil.copy(history_file, tmp_path / "store.db")
    with SqlStore(f"sqlite:///{tmp_path / 'store.db'}") as store:
        add_sessions(store, crews())
        done = identify(store)
        pairs, left = report(store)
        assert identify(store).added == 0
    assert done.doubts.empty, done.doubts.to_string()
    drivers = pairs[(pairs["kind"] == "driver") & ((pairs["a"] == "f1") | (pairs["b"] == "f1"))]
    assert len(drivers) == 4
    assert (drivers["rate"] == 1).all(), left.to_string()
    assert (drivers["of"] >= least).all()


# Names as Al Kamel's files write them, and the driver of Formula 1 who is meant, or None for a namesake.
CREWS = {
    "Sébastien BUEMI": "sebastien-buemi", "Kamui KOBAYASHI": "kamui-kobayashi", "Jenson BUTTON": "jenson-button",
    "Stoffel VANDOORNE": "stoffel-vandoorne", "Antonio GIOVINAZZI": "antonio-giovinazzi", "Robert KUBICA": "robert-kubica",
    "Jean-Éric VERGNE": "jean-eric-vergne", "Paul DI RESTA": "paul-di-resta", "Felipe NASR": "felipe-nasr",
    "Sébastien BOURDAIS": "sebastien-bourdais", "Nyck DE VRIES": "nyck-de-vries", "Esteban GUTIERREZ": "esteban-gutierrez",
    "Juan Pablo MONTOYA": "juan-pablo-montoya", "Mick SCHUMACHER": "mick-schumacher", "Eddie Cheever": None,
    "Laurens VANTHOOR": None, "Pipo DERANI": None, "James Taylor": None, "Mike Beckwith": None, "Jack Brabham": None,
}  # fmt: skip


def test_drivers_of_endurance_races_who_drove_in_formula_1(history_file, tmp_path):
    shutil.copy(history_file, tmp_path / "store.db")
    key = SessionKey(Series.WEC, 2024, 4, "R")
    cars = [{"car_number": str(number), "name": name, "team": "x"} for number, name in enumerate(CREWS)]
    with SqlStore(f"sqlite:///{tmp_path / 'store.db'}") as store:
        add_sessions(store, [(key, cars)])
        identify(store)
        identities = store.read("identities", kind="driver")
    f1 = identities[identities["provider"] == "f1db"].set_index("identity_id")["provider_id"]
    crew = identities[identities["provider"] == "alkamel"].set_index("name")["identity_id"]
    assert {name: f1.get(crew[name]) for name in CREWS} == CREWS
