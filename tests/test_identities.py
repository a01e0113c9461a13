"""Who is who: by starts before names, never guessed, and by the same number in every store."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from racelab.analysis.identities import APPEARANCES, IDENTITIES, SUBJECTS, assign, name_key, own_id, rates, unmatched
from racelab.analysis.identities.ids import new_id
from racelab.analysis.identities.names import chassis_key, circuit_key

NONE = pd.DataFrame(columns=IDENTITIES, dtype=object)


def subjects(*rows: tuple[object, ...]) -> pd.DataFrame:
    """Rows of kind, provider, id, name and then code and date of birth where they matter."""
    full = [(*row, *(None,) * (7 - len(row))) for row in rows]
    return pd.DataFrame(full, columns=SUBJECTS, dtype=object)


def starts(kind: str, provider: str, ref: str, *seats: tuple[int, int, str]) -> list[tuple[object, ...]]:
    return [(kind, provider, ref, season, round_, "R", car) for season, round_, car in seats]


def appearances(*listed: list[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame([row for rows in listed for row in rows], columns=APPEARANCES, dtype=object)


def found(
    people: pd.DataFrame, seen: pd.DataFrame, held: pd.DataFrame = NONE
) -> dict[tuple[str, str], tuple[int, str | None]]:
    rows, _ = assign(people, seen, held)
    plain = rows.astype(object).where(rows.notna(), None)
    return {
        (row["provider"], row["provider_id"]): (row["identity_id"], row["matched_by"]) for _, row in plain.iterrows()
    }


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Sébastien BUEMI", "Buemi, Sebastien"), ("Carlos Sainz Jr.", "Carlos Sainz"), ("Jean-Éric Vergne", "Jean-Eric VERGNE"),
        ("Zhou Guanyu", "Guanyu Zhou"), ("Kevin Magnussen", "KEVIN  MAGNUSSEN"), ("Nyck de Vries", "Nyck DE VRIES"),
        ("Jørgen Weiß", "JORGEN WEISS"), ("Patricio O'Ward", "Patricio O’Ward"),
    ],
)  # fmt: skip
def test_every_spelling_of_a_name_has_one_key(first, second):
    assert name_key(first) == name_key(second) != ""


def test_keys_of_chassis_circuits_and_ids_of_sessions():
    assert chassis_key("Cooper-Climax") == "cooper" == chassis_key("Cooper")
    assert circuit_key("Circuit de Spa-Francorchamps") == circuit_key("Spa-Francorchamps") == "francorchamps spa"
    assert circuit_key("Detroit Street Circuit") == ""
    assert (own_id("hamilton", "Lewis Hamilton"), own_id(None, "Lewis Hamilton")) == ("hamilton", "hamilton lewis")


@given(st.lists(st.text(alphabet="abcÉéßøñ", min_size=1, max_size=8), min_size=1, max_size=4))
def test_order_and_case_never_change_a_key(words):
    assert name_key(" ".join(words)) == name_key(" ".join(reversed(words))) == name_key("-".join(words).upper())


CARS = [(1991, round_, "1") for round_ in range(1, 5)]


def test_starts_in_the_same_car_join_two_names():
    people = subjects(
        ("driver", "f1db", "jj-lehto", "JJ Lehto", "LEH", "1966-01-31"),
        ("driver", "ergast", "lehto", "Jyrki Järvilehto", None, "1966-01-31"),
    )
    seen = appearances(starts("driver", "f1db", "jj-lehto", *CARS), starts("driver", "ergast", "lehto", *CARS))
    ids = found(people, seen)
    assert ids["ergast", "lehto"] == (ids["f1db", "jj-lehto"][0], "results: 4 of 4 starts; date of birth")
    assert ids["f1db", "jj-lehto"][1] is None


def test_few_starts_alone_are_no_evidence_and_many_are():
    def people_of(count: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        cars = [(1960, round_, "9") for round_ in range(1, count + 1)]
        people = subjects(("driver", "f1db", "a", "Ann Alpha"), ("driver", "ergast", "z", "Zoe Omega"))
        return assign(
            people, appearances(starts("driver", "f1db", "a", *cars), starts("driver", "ergast", "z", *cars)), NONE
        )

    rows, doubts = people_of(4)
    assert rows["identity_id"].nunique() == 2
    assert doubts["reason"].tolist() == ["results: 4 of 4 starts as Ann Alpha, and nothing else speaks for it"]
    rows, doubts = people_of(5)
    assert rows["identity_id"].nunique() == 1
    assert doubts.empty


def test_who_shares_a_car_is_told_by_the_name():
    people = subjects(
        ("driver", "f1db", "a", "Ann Alpha", None, "1920-01-01"), ("driver", "f1db", "b", "Bo Beta", None, "1921-01-01"),
        ("driver", "ergast", "beta", "Bo Beta"), ("driver", "ergast", "alpha", "Ann Alpha"),
    )  # fmt: skip
    seat = (1951, 1, "8")
    seen = appearances(
        *(
            starts("driver", p, r, seat)
            for p, r in (("f1db", "a"), ("f1db", "b"), ("ergast", "alpha"), ("ergast", "beta"))
        )
    )
    ids = found(people, seen)
    assert ids["ergast", "alpha"][0] == ids["f1db", "a"][0]
    assert ids["ergast", "beta"] == (ids["f1db", "b"][0], "results: 1 of 1 starts; name")


def test_a_full_name_with_its_date_of_birth_outweighs_one_car_number():
    people = subjects(
        ("driver", "f1db", "a", "Ann Alpha", None, "1920-01-01"), ("driver", "f1db", "b", "Bo Beta", None, "1921-01-01"),
        ("driver", "ergast", "beta", "Bo Beta", None, "1921-01-01"),
    )  # fmt: skip
    seen = appearances(
        starts("driver", "f1db", "a", (1951, 1, "8")), starts("driver", "ergast", "beta", (1951, 1, "8"))
    )
    ids = found(people, seen)
    assert ids["ergast", "beta"] == (ids["f1db", "b"][0], "results: 0 of 1 starts; name; date of birth")


def test_two_drivers_of_a_history_are_never_one():
    people = subjects(
        ("driver", "f1db", "a", "Ann Alpha", None, "1920-01-01"), ("driver", "ergast", "a1", "Ann Alpha"), ("driver", "ergast", "a2", "Ann Alpha"),
    )  # fmt: skip
    rows, doubts = assign(
        people, appearances(starts("driver", "f1db", "a", *CARS), starts("driver", "ergast", "a1", *CARS)), NONE
    )
    assert rows.set_index("provider_id")["identity_id"].nunique() == 2
    assert doubts.empty


def test_a_son_is_not_his_father_whichever_came_first():
    father = ("driver", "f1db", "eddie-cheever", "Eddie Cheever", "CHE", "1958-01-10")
    son = ("driver", "alkamel", "cheever eddie", "Eddie Cheever")
    seen = appearances(
        starts("driver", "f1db", "eddie-cheever", (1980, 1, "20")),
        [("driver", "alkamel", "cheever eddie", 2024, None, None, None)],
    )
    ids = found(subjects(father, son), seen)
    assert len({number for number, _ in ids.values()}) == 2
    first, _ = assign(subjects(son), seen, NONE)
    second, _ = assign(subjects(father), seen, first)
    assert first["identity_id"].tolist() != second["identity_id"].tolist()


def test_a_name_joins_a_driver_of_another_series_if_the_age_is_possible():
    buemi = ("driver", "f1db", "sebastien-buemi", "Sébastien Buemi", "BUE", "1988-10-31")
    seen = appearances([("driver", "alkamel", "buemi sebastien", 2024, None, None, None)])
    ids = found(subjects(buemi, ("driver", "alkamel", "buemi sebastien", "Sebastien BUEMI")), seen)
    assert ids["alkamel", "buemi sebastien"] == (ids["f1db", "sebastien-buemi"][0], "name")


def test_two_namesakes_fit_alike_and_none_is_taken():
    people = subjects(
        ("constructor", "f1db", "lotus", "Lotus"),
        ("constructor", "f1db", "lotus-f1", "Lotus"),
        ("constructor", "alkamel", "Lotus", "Lotus"),
    )
    rows, doubts = assign(people, appearances(), NONE)
    assert rows["identity_id"].nunique() == 3
    assert doubts["reason"].tolist() == ["Lotus, Lotus fit alike"]


def maker_starts(provider: str, ref: str, season: int, count: int, first: int = 1) -> list[tuple[object, ...]]:
    return starts("constructor", provider, ref, *((season, round_, "5") for round_ in range(first, first + count)))


def test_several_of_ergasts_constructors_are_one_of_f1db():
    people = subjects(
        ("constructor", "f1db", "cooper", "Cooper"), ("constructor", "ergast", "cooper-climax", "Cooper-Climax"),
        ("constructor", "ergast", "cooper", "Cooper"),
    )  # fmt: skip
    seen = appearances(
        maker_starts("f1db", "cooper", 1960, 8),
        maker_starts("ergast", "cooper-climax", 1960, 4),
        maker_starts("ergast", "cooper", 1960, 4, 5),
    )
    ids = found(people, seen)
    assert ids["ergast", "cooper-climax"] == (ids["f1db", "cooper"][0], "results: 4 of 4 starts; name of the chassis")
    assert len({number for number, _ in ids.values()}) == 1


def test_two_constructors_of_f1db_stay_apart_where_ergast_has_one():
    people = subjects(
        ("constructor", "f1db", "sauber", "Sauber"),
        ("constructor", "f1db", "kick-sauber", "Kick Sauber"),
        ("constructor", "ergast", "sauber", "Sauber"),
    )
    seen = appearances(
        maker_starts("f1db", "sauber", 2018, 18),
        maker_starts("f1db", "kick-sauber", 2024, 4),
        maker_starts("ergast", "sauber", 2018, 18),
        maker_starts("ergast", "sauber", 2024, 4),
    )
    ids = found(people, seen)
    assert ids["ergast", "sauber"] == (ids["f1db", "sauber"][0], "results: 18 of 22 starts; name")
    later, doubts = assign(
        people[people["provider"] == "f1db"], seen, assign(people[people["provider"] == "ergast"], seen, NONE)[0]
    )
    assert later["identity_id"].nunique() == 2
    assert doubts["reason"].tolist() == [
        "results: 4 of 4 starts; part of the name as Sauber, which another id of f1db is"
    ]


def test_ergasts_lotus_of_the_1960s_is_not_its_lotus_of_2010():
    people = subjects(
        ("constructor", "ergast", "lotus_racing", "Lotus"),
        ("constructor", "ergast", "lotus-ford", "Lotus-Ford"),
        ("constructor", "ergast", "lotus-brm", "Lotus-BRM"),
    )
    seen = appearances(
        maker_starts("ergast", "lotus_racing", 2010, 2),
        maker_starts("ergast", "lotus-ford", 1962, 2),
        maker_starts("ergast", "lotus-brm", 1965, 2),
    )
    ids = found(people, seen)
    assert ids["ergast", "lotus-ford"][0] == ids["ergast", "lotus-brm"][0] != ids["ergast", "lotus_racing"][0]


def circuit(provider: str, ref: str, *events: tuple[int, int]) -> list[tuple[object, ...]]:
    return [("circuit", provider, ref, season, round_, "", "") for season, round_ in events]


@pytest.mark.parametrize(("season", "same"), [(1969, False), (1956, True)])
def test_a_maker_of_other_years_is_not_joined_by_its_name_alone(season, same):
    people = subjects(("constructor", "ergast", "bmw", "BMW"))
    held, _ = assign(people, appearances(starts("constructor", "ergast", "bmw", (1952, 7, "120"))), NONE)
    seen = appearances(
        starts("constructor", "ergast", "bmw", (1952, 7, "120")),
        starts("constructor", "f1db", "bmw", (season, 7, "24")),
    )
    rows, doubts = assign(subjects(("constructor", "f1db", "bmw", "BMW")), seen, held)
    assert (rows["identity_id"].tolist() == held["identity_id"].tolist()) is same
    assert doubts["reason"].tolist() == ([] if same else ["name alone as BMW, of other years"])


def test_the_same_event_is_at_the_same_circuit_and_names_its_number():
    people = subjects(
        ("circuit", "f1db", "melbourne", "Melbourne"),
        ("circuit", "ergast", "albert_park", "Albert Park Grand Prix Circuit"),
    )
    seen = appearances(
        circuit("f1db", "melbourne", (1996, 1), (1997, 1)), circuit("ergast", "albert_park", (1996, 1), (1997, 1))
    )
    ids = found(people, seen)
    assert ids["ergast", "albert_park"] == (ids["f1db", "melbourne"][0], "results: 2 of 2 events")
    alone = found(people[people["provider"] == "ergast"], seen)
    assert alone["ergast", "albert_park"][0] == ids["f1db", "melbourne"][0]


def test_fastf1s_teams_circuits_and_bare_codes_wait_for_a_history():
    people = subjects(
        ("constructor", "f1", "Haas F1 Team", "Haas F1 Team"), ("circuit", "f1", "Lusail", "Lusail"),
        ("driver", "f1", "ver", "VER", "VER"), ("driver", "f1", "max_verstappen", "Max Verstappen", "VER"),
    )  # fmt: skip
    rows, doubts = assign(people, appearances(), NONE)
    assert rows["provider_id"].tolist() == ["max_verstappen"]
    assert set(doubts["provider_id"]) == {"Haas F1 Team", "Lusail", "ver"}
    history = subjects(("driver", "f1db", "max-verstappen", "Max Verstappen", "VER", "1997-09-30"))
    seen = appearances(
        starts("driver", "f1", "ver", (2023, 1, "1")), starts("driver", "f1db", "max-verstappen", (2023, 1, "1"))
    )
    held, _ = assign(history, seen, rows)
    assert held["identity_id"].tolist() == rows["identity_id"].tolist()
    later, _ = assign(people, seen, pd.concat([rows, held]))
    by_code = later.set_index("provider_id").loc["ver"]
    assert (by_code["identity_id"], by_code["matched_by"]) == (
        rows["identity_id"].iloc[0],
        "results: 1 of 1 starts; code",
    )


def test_an_id_that_is_given_stays_and_comes_again_in_a_new_store():
    people = subjects(
        ("driver", "f1db", "a", "Ann Alpha", None, "1980-01-01"),
        ("driver", "ergast", "alpha", "Ann Alpha", None, "1980-01-01"),
    )
    once = found(people, appearances())
    assert once == found(people.iloc[::-1], appearances())
    held, _ = assign(people[people["provider"] == "ergast"], appearances(), NONE)
    assert held["identity_id"].iloc[0] == once["f1db", "a"][0]
    later, _ = assign(people, appearances(), held)
    assert later["provider"].tolist() == ["f1db"]


@given(st.sampled_from(["driver", "circuit"]), st.text(max_size=20), st.text(max_size=20))
def test_numbers_fit_every_reader_and_never_collide(kind, key, fallback):
    taken: set[int] = set()
    for _ in range(4):
        number = new_id(kind, key, fallback, taken)
        assert 0 <= number < 2**53
        assert number not in taken
        taken.add(number)


def test_rates_count_those_that_the_other_could_know():
    people = subjects(
        ("driver", "f1db", "a", "Ann Alpha", None, "1980-01-01"), ("driver", "f1db", "b", "Bo Beta", None, "1981-01-01"),
        ("driver", "f1db", "t", "Test Only", None, "1981-01-01"), ("driver", "ergast", "alpha", "Ann Alpha", None, "1980-01-01"),
    )  # fmt: skip
    seen = appearances(
        starts("driver", "f1db", "a", *CARS), starts("driver", "f1db", "b", (1991, 1, "2")), starts("driver", "ergast", "alpha", *CARS),
        [("driver", "f1db", "t", 1991, 1, "FP1", "40")],
    )  # fmt: skip
    held, _ = assign(people, seen, NONE)
    pairs = rates(held, seen).set_index(["a", "b"])
    assert pairs.loc[("f1db", "ergast"), ["of", "matched", "rate"]].tolist() == [2, 1, 0.5]
    assert pairs.loc[("ergast", "f1db"), "rate"] == 1.0
    left = unmatched(held, seen)
    assert left[["a", "b", "provider_id"]].values.tolist() == [["f1db", "ergast", "b"]]
    assert left["reason"].tolist() == ["ergast has nobody like it in the same races"]
