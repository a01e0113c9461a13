"""Ingesting what readers found: one outcome a session, and one bad session does not stop the others."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from builders import KEY, session_data

from racelab.domain.records import SessionData
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput, SessionMissing
from racelab.runs.ingest import ingest
from racelab.sources.laptables import session as laptables
from racelab.store.sql import SqlStore


@dataclass
class Found:
    label: str
    result: SessionData | Exception
    key: SessionKey | None = None

    def read(self) -> SessionData:
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def changes(outcomes: list[dict[str, Any]]) -> list[str]:
    return [outcome["change"] for outcome in outcomes]


def test_a_failed_and_a_missing_session_do_not_stop_the_others(store: SqlStore) -> None:
    other = session_data(SessionKey(Series.WEC, 2024, 5, "R"))
    found = [
        Found("bad", BadInput("bad.csv, line 3: no lap time; fetch it again")),
        Found("none", SessionMissing("2024 round 4 has no sprint"), SessionKey(Series.F1, 2024, 4, "S")),
        Found("good", session_data()),
        Found("other", other),
    ]
    outcomes = list(ingest(found, store))
    assert changes(outcomes) == ["failed", "missing", "added", "added"]
    assert outcomes[0]["error"] == "bad.csv, line 3: no lap time; fetch it again"
    assert (outcomes[1]["series"], outcomes[1]["session"]) == ("f1", "S")
    assert outcomes[2]["id"] == KEY.session_id
    assert outcomes[2]["rows"]["laps"] == 6
    assert len(store.sessions()) == 2


def test_a_second_file_of_the_same_session_in_one_call_does_not_replace_the_first(store: SqlStore) -> None:
    outcomes = list(ingest([Found("a.csv", session_data()), Found("b.csv", session_data(digest="two"))], store))
    assert changes(outcomes) == ["added", "failed"]
    assert "b.csv is session wec/2024/4/R" in outcomes[1]["error"]
    assert store.digest(KEY) == "one"


def test_an_error_that_is_no_input_error_is_not_hidden(store: SqlStore) -> None:
    with pytest.raises(ZeroDivisionError):
        list(ingest([Found("broken", ZeroDivisionError())], store))


def test_a_lap_table_does_not_replace_what_a_full_source_gave(store: SqlStore) -> None:
    table = session_data(digest="two", laps=2)
    table.provenance = replace(table.provenance, source=laptables.SOURCE)
    outcomes = list(ingest([Found("full", session_data())], store)) + list(ingest([Found("table", table)], store))
    assert changes(outcomes) == ["added", "unchanged"]
    assert "--force replaces it" in outcomes[1]["error"]
    assert len(store.read("laps", KEY)) == 6
    assert changes(list(ingest([Found("table", table)], store, force=True))) == ["updated"]
    assert changes(list(ingest([Found("full", session_data())], store))) == ["updated"]


def test_a_reading_without_laps_does_not_drop_those_that_are_stored(store: SqlStore) -> None:
    without = replace(session_data(digest="two"), laps=[])
    list(ingest([Found("whole", session_data())], store))
    (kept,) = ingest([Found("results only", without)], store)
    assert kept["change"] == "unchanged"
    assert kept["error"] == "kept what test gave: 6 laps, and none this time, as of a cut file; --force replaces it"
    assert len(store.read("laps", KEY)) == 6
    (forced,) = ingest([Found("results only", without)], store, force=True)
    assert forced["change"] == "updated"
    assert store.read("laps", KEY).empty


def test_a_file_that_was_cut_between_two_rows_does_not_replace_the_whole_one(store: SqlStore) -> None:
    list(ingest([Found("whole", session_data(laps=20))], store))
    cut = Found("cut", session_data(laps=3, digest="two"))
    (outcome,) = ingest([cut], store)
    assert outcome["change"] == "unchanged"
    assert "kept what test gave: 40 laps, and 6 this time" in outcome["error"]
    assert len(store.read("laps", KEY)) == 40
    assert changes(list(ingest([cut], store, force=True))) == ["updated"]
    assert len(store.read("laps", KEY)) == 6
