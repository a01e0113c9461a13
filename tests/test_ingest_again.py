"""Runs that are repeated, changed, ended half way or refused: the store ends as if there had been one good run."""

from dataclasses import dataclass, field, replace

import pandas as pd
import pytest
from builders import KEY, session_data

from racelab.domain.records import Provenance, SessionData
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput, SourceUnavailable, StoreError
from racelab.runs import derived
from racelab.runs.ingest import Outcome, ingest
from racelab.sources.hints import Took
from racelab.store.sql import SqlStore
from racelab.store.tables import TABLES, WRITTEN


@dataclass
class Found:
    """A session whose reading is counted."""

    result: SessionData | Exception
    label: str = "a.csv"
    source: str = "test"
    location: str = "/data/a.csv"
    provenance: Provenance | None = None
    took: Took = field(default_factory=lambda: Took(0.25, ["odd tyres"]))
    reads: int = 0

    def origin(self) -> Provenance | None:
        return self.provenance

    def read(self) -> SessionData:
        self.reads += 1
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


class Steps:
    """Who watches."""

    def __init__(self) -> None:
        self.seen: list[tuple[object, ...]] = []

    def reading(self, label: str) -> None:
        self.seen.append(("reading", label))

    def writing(self, label: str, rows: dict[str, int]) -> None:
        self.seen.append(("writing", sum(rows.values())))
        self.sizes = rows

    def wrote(self, table: str, rows: int) -> None:
        self.seen.append(("wrote", table, rows))

    def done(self, outcome: Outcome) -> None:
        self.seen.append(("done", outcome["change"]))


def content(store: SqlStore) -> dict[str, str]:
    """Every table as text, less the instants of writing."""
    return {
        name: store.read(name).drop(columns=list(WRITTEN), errors="ignore").to_csv() for name in TABLES
    }  # fmt: skip


def one(found: Found, store: SqlStore, **more: object) -> Outcome:
    (outcome,) = ingest([found], store, **more)
    return outcome


def test_each_step_is_told_and_the_rows_add_up(store):
    steps = Steps()
    outcome = one(Found(session_data(laps=12)), store, watch=steps)
    told = {table: rows for kind, table, rows in (s for s in steps.seen if s[0] == "wrote")}
    assert steps.seen[0] == ("reading", "a.csv")
    assert steps.seen[-1] == ("done", "added")
    assert told == steps.sizes
    assert {**told, "driver_metrics": outcome["rows"]["driver_metrics"]} == outcome["rows"]
    assert {name: len(store.read(name)) for name in outcome["rows"]} == outcome["rows"]


def test_the_times_are_those_of_the_source_and_ours(store):
    seconds = one(Found(session_data()), store)["seconds"]
    assert seconds["source"] == 0.25
    assert seconds["writing"] > 0


def test_the_very_same_file_is_not_read_again_and_a_changed_one_is(store):
    data = session_data()
    known = Found(data, provenance=data.provenance)
    assert one(known, store)["change"] == "added"
    again = one(known, store)
    assert (again["change"], again["id"], again["event"]) == ("unchanged", KEY.session_id, "24 Hours of Le Mans")
    assert again["rows"] == {}
    assert known.reads == 1
    for provenance in (
        replace(data.provenance, digest="two"), replace(data.provenance, version="2"),
        replace(data.provenance, location="/elsewhere"), None,
    ):  # fmt: skip
        known.provenance = provenance
        one(known, store)
    assert known.reads == 5
    known.provenance = data.provenance
    assert one(known, store, force=True)["change"] == "updated"
    assert known.reads == 6


def test_two_copies_of_a_file_are_not_both_the_session(store):
    data = session_data()
    found = Found(data, provenance=data.provenance)
    list(ingest([found], store))
    assert [outcome["change"] for outcome in ingest([found, found], store)] == ["unchanged", "failed"]


def test_a_run_that_ended_before_the_metrics_is_completed_by_the_next(store, monkeypatch):
    def cut(*args: object) -> pd.DataFrame:
        raise KeyboardInterrupt

    whole = SqlStore("sqlite://")
    one(Found(session_data(laps=12)), whole)
    expected = content(whole)
    whole.close()
    with monkeypatch.context() as patch:
        patch.setattr(derived, "driver_metrics", cut)
        with pytest.raises(KeyboardInterrupt):
            one(Found(session_data(laps=12)), store)
    assert len(store.read("laps", KEY)) == 24
    assert store.read("driver_metrics").empty
    outcome = one(Found(session_data(laps=12)), store)
    assert outcome["change"] == "unchanged"
    assert list(outcome["rows"]) == ["driver_metrics"]
    assert content(store) == expected
    assert one(Found(session_data(laps=12)), store)["rows"] == {}


def test_metrics_of_laps_that_were_replaced_do_not_stay(store, monkeypatch):
    one(Found(session_data(laps=12)), store)
    fewer = session_data(laps=12, digest="two")
    fewer.laps = [lap for lap in fewer.laps if lap.car_number == "7"]
    assert one(Found(fewer), store, force=True)["change"] == "updated"
    assert set(store.read("driver_metrics")["car_number"]) == {"7"}


def test_telemetry_that_is_read_now_and_then_is_no_change(store):
    samples = pd.DataFrame({"car_number": ["7"], "kind": ["car"], "time_ms": [5], "speed_kph": [301.0]})
    plain = session_data(digest="laps")
    rich = session_data(digest="laps+samples")
    rich.telemetry = samples
    changes = [one(Found(data), store)["change"] for data in (plain, rich, plain, rich, plain)]
    assert changes == ["added", "updated", "unchanged", "unchanged", "unchanged"]
    corrected = session_data(laps=4, digest="corrected")
    assert one(Found(corrected), store)["change"] == "updated"
    assert store.digest(KEY) == "corrected+samples"
    assert len(store.read("telemetry", KEY)) == 1
    both = session_data(laps=4, digest="corrected+samples")
    both.telemetry = samples
    assert one(Found(both), store)["change"] == "unchanged"


def test_a_refused_session_has_a_row_until_it_is_read_well(store):
    found = Found(BadInput("/data/a.csv, line 3: cut"))
    assert one(found, store)["change"] == "failed"
    (row,) = store.read("refusals").to_dict("records")
    assert (row["source"], row["label"], row["reason"]) == ("test", "/data/a.csv", "/data/a.csv, line 3: cut")
    found.result = BadInput("/data/a.csv, line 9: cut")
    one(found, store)
    assert store.read("refusals")["reason"].tolist() == ["/data/a.csv, line 9: cut"]
    one(Found(session_data(), location="/data/b.csv"), store)
    assert len(store.read("refusals")) == 1
    found.result = session_data(SessionKey(Series.WEC, 2024, 5, "R"))
    assert one(found, store)["change"] == "added"
    assert store.read("refusals").empty


def test_a_refusal_knows_the_session_where_that_is_known_before_it_is_read(store):
    class Named(Found):
        key = SessionKey(Series.F1, 2024, 4, "R")

    one(Named(BadInput("no")), store)
    (row,) = store.read("refusals").to_dict("records")
    assert (row["series"], row["season"]) == ("f1", 2024)


def test_a_source_that_cannot_be_asked_is_no_refusal(store):
    outcome = one(Found(SourceUnavailable("the mirror does not answer")), store)
    assert outcome["change"] == "failed"
    assert store.read("refusals").empty


def test_a_refusal_that_cannot_be_stored_is_no_failure_of_the_run(store, monkeypatch):
    def closed(*args: object) -> int:
        raise StoreError("read-only")

    monkeypatch.setattr(store, "upsert", closed)
    outcome = one(Found(BadInput("cut")), store)
    assert (outcome["change"], outcome["error"]) == ("failed", "cut")
