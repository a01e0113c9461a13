"""The data-quality report: what its numbers are, and that its page says them."""

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest
from builders import KEY, session_data

import racelab as rl
from racelab.analysis.checks import notes, rule_tally
from racelab.analysis.quality import add_nulls, examples, findings, outcomes
from racelab.domain.checks import check
from racelab.domain.records import SessionData
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import NotFound
from racelab.runs import quality_report as report
from racelab.store.sql import SqlStore
from racelab.views.axes import alt_text
from racelab.views.quality_figures import findings_figure, null_figure, percent_words

OTHER = SessionKey(Series.F1, 2023, 2, "R")


def odd() -> SessionData:
    """A lap that is none, sectors that are wrong, a seat that is not known; and a word of markup."""
    data = session_data(laps=6)
    data.entries[0] = replace(data.entries[0], team="<b>Aston</b>")
    data.laps[5].lap_number = 32_768
    data.laps[7].s1_ms = 1
    data.laps[8].seat = 9
    data.missing = ["weather", "flags"]
    return data


@pytest.fixture
def stored(store: SqlStore) -> SqlStore:
    for data in (odd(), session_data(OTHER)):
        check(data)
        store.write_session(data)
    reason = "cut.csv: the laps are cut"
    row = {"source": "alkamel", "label": "<i>cut.csv</i>", "series": "wec", "season": 2024, "reason": reason}
    store.upsert("refusals", [{**row, "read_utc": datetime(2024, 6, 15, tzinfo=UTC)}])
    return store


def rows(*values: tuple[object, ...]) -> pd.DataFrame:
    columns = ["session_id", "rule", "table_name", "record", "column_name", "before", "after"]
    return pd.DataFrame(values, columns=columns)


def test_a_note_is_a_row_whose_value_is_kept() -> None:
    frame = rows((1, "a", "laps", "7 lap 1", "x", "5", "5"), (1, "a", "laps", "7 lap 2", "x", "5", None), (1, "a", "laps", "7 lap 3", "x", None, None))  # fmt: skip
    assert notes(frame).tolist() == [True, False, True]


REPAIRS = rows(
    (1, "long", "laps", "7 lap 1", "t", "5", "5"), (1, "sum", "laps", "7 lap 2", "s1", "5", None),
    (1, "sum", "laps", "7 lap 2", "s2", "5", None), (1, "sum", "laps", "7 lap 3", "s1", "5", None),
    (2, "sum", "laps", "8 lap 1", "s1", "5", None),
)  # fmt: skip
CHECKS = pd.DataFrame(
    [(1, "long", 10, 10, 0, 0), (1, "sum", 10, 8, 2, 0), (1, "type", 9, 9, 0, 0), (2, "sum", 5, 3, 1, 1), (2, "type", 5, 5, 0, 0)],
    columns=["session_id", "rule", "checked", "accepted", "repaired", "quarantined"],
)  # fmt: skip


def test_a_tally_adds_sessions_and_counts_a_record_once() -> None:
    assert rule_tally(CHECKS, REPAIRS).to_numpy().tolist() == [
        ["long", 10, 10, 1, 0, 0],
        ["sum", 15, 11, 0, 3, 1],
        ["type", 14, 14, 0, 0, 0],
    ]


def test_a_session_has_the_worst_of_its_findings() -> None:
    found = findings(CHECKS, REPAIRS)
    assert found.to_numpy().tolist() == [[1, "long", 1, 0, 0, 1], [1, "sum", 0, 2, 0, 2], [2, "sum", 0, 1, 1, 2]]
    told = outcomes([1, 2, 3], found).set_index("session_id")
    assert told["outcome"].tolist() == ["repaired", "quarantined", "sound"]
    assert told.loc[1, ["noted", "repaired", "quarantined"]].tolist() == [1, 2, 0]


def test_examples_are_records_of_several_sessions() -> None:
    picked = examples(REPAIRS, 2)
    assert picked[["rule", "record"]].to_numpy().tolist() == [
        ["long", "7 lap 1"], ["sum", "7 lap 2"], ["sum", "8 lap 1"],
    ]  # fmt: skip


def test_nulls_add_up_over_sessions() -> None:
    total = add_nulls(None, pd.DataFrame({"a": [1, None], "b": [1, 2]}))
    total = add_nulls(total, pd.DataFrame({"a": [None], "b": [1]}))
    assert total.loc[["a", "b"]].to_numpy().tolist() == [[3, 2], [3, 0]]


def test_shares_hide_neither_a_few_nor_nearly_all() -> None:
    assert [percent_words(share) for share in (0, 0.0001, 0.25, 0.9997, 1)] == [
        "0.0 %", "under 0.1 %", "25.0 %", "99.97 %", "100.0 %",
    ]  # fmt: skip


def test_figures_say_what_they_show() -> None:
    cells = pd.DataFrame({"rule": ["sector_sum", "type"], "session": ["4", "5"], "n": [14, 2]})
    figure = findings_figure(cells, ["4", "5", "6"])
    assert alt_text(figure) == "Findings of 2 rules in 3 sessions. The most: sector sum, 14 in session 4."
    assert list(figure.data[0].y) == ["sector sum", "type"]
    assert [list(row) for row in figure.data[0].text] == [["14", "", ""], ["", "2", ""]]
    assert alt_text(findings_figure(cells.head(0), ["4"])) == "No rule found anything."
    bars = null_figure(pd.DataFrame({"name": ["Laps · S1", "Laps · S2"], "share": [0.1, 0.5]}))
    assert list(bars.data[0].y) == ["Laps · S2", "Laps · S1"]
    assert "Laps · S2, null in 50.0 %" in alt_text(bars)
    assert alt_text(null_figure(pd.DataFrame({"name": [], "share": []}))) == "No column is null in part."


def test_the_parts_of_the_report_hold_what_is_stored(stored: SqlStore) -> None:
    quality = report.load_quality("wec", "2024")
    assert report.head(quality).data == (
        "# Data quality: WEC 2024\n\n**Of 1 session, 1 had records kept out. 1 more was refused.**"
    )
    tally = quality.tally.set_index("rule")[["noted", "repaired", "quarantined"]]
    assert tally.loc[tally.sum(axis=1) > 0].to_dict("index") == {
        "impossible_value": {"noted": 0, "repaired": 0, "quarantined": 1},
        "result_laps": {"noted": 1, "repaired": 0, "quarantined": 0},
        "sector_sum": {"noted": 0, "repaired": 1, "quarantined": 0},
        "unknown_seat": {"noted": 1, "repaired": 0, "quarantined": 0},
    }
    assert quality.rows["laps"] == 11
    assert quality.qualities["laps"] == {"measured": 10, "repaired": 1}
    assert "<td>007 lap 32768</td><td>not between 0 and 10000</td>" in report.kept_out(quality).data
    assert "&lt;i&gt;cut.csv&lt;/i&gt;" in report.refused(quality).data
    assert "<td>weather</td>" in report.lacking(quality).data
    assert "<td>0.001</td>" in report.examples(quality).data
    assert "<td>9.1 %</td>" in report.qualities(quality).data
    assert alt_text(report.findings(quality)).startswith("Findings of 4 rules in 1 session.")
    assert "Colour" in report.never(quality).data
    assert "<td>quarantined</td>" in report.sessions(quality).data
    assert "S1 + S2 + S3 against the lap time" in report.rules(quality).data
    assert "<td>exact_duplicate</td>" in report.silent_rules(quality).data
    shares = quality.nulls.set_index(["table", "column"])["share"]
    assert shares["laps", "s1_ms"] == pytest.approx(1 / 11)
    assert shares["laps", "top_speed_kph"] == 1


def test_a_report_of_all_has_every_session_by_its_own_name(stored: SqlStore) -> None:
    quality = report.load_quality()
    assert list(quality.short.values()) == ["f1/2023/2", "wec/2024/4"]
    assert quality.title == "all series, all seasons"
    assert quality.outcomes["outcome"].tolist() == ["sound", "quarantined"]
    only = report.load_quality("f1", "2023")
    assert list(only.short.values()) == ["2"]
    assert "No rule found anything" in report.rules(only).data
    assert report.findings(only).data == ""
    assert report.refused(only).data == "<p>No session was refused.</p>"


def test_a_season_that_is_not_stored_is_one_clear_line(stored: SqlStore) -> None:
    with pytest.raises(NotFound, match="no session of IMSA 2024 is stored: see `racelab sessions`"):
        report.load_quality("imsa", "2024")


def test_a_season_of_refusals_alone_has_its_report(store: SqlStore) -> None:
    row = {"source": "f1", "label": "x", "series": "f1", "season": 2022, "reason": "y", "read_utc": datetime.now(UTC)}
    store.upsert("refusals", [row])
    quality = report.load_quality("f1", "2022")
    assert "No session is stored. 1 more was refused." in report.head(quality).data
    for part in (report.key_facts, report.findings, report.rules, report.sessions, report.examples, report.kept_out,
                 report.lacking, report.qualities, report.nulls, report.never, report.silent_rules):  # fmt: skip
        part(quality)


def test_a_refused_file_that_cannot_be_named_is_in_every_report_that_it_may_belong_to(stored: SqlStore) -> None:
    row = {
        "source": "alkamel",
        "label": "/data/cut.csv",
        "reason": "cut",
        "read_utc": datetime(2024, 6, 15, tzinfo=UTC),
    }
    stored.upsert("refusals", [{**row, "series": None, "season": None}])
    assert report.load_quality("wec", "2024").refusals["label"].tolist() == ["/data/cut.csv", "<i>cut.csv</i>"]
    assert report.load_quality("f1", "2023").refusals.empty
    assert len(report.load_quality().refusals) == 2


def test_checks_quarantine_and_refusals_are_loaded_with_their_schemas(stored: SqlStore) -> None:
    tally = rl.load_checks(str(KEY)).set_index("rule")
    assert tally.loc["sector_sum", ["checked", "accepted", "repaired", "quarantined"]].tolist() == [11, 10, 1, 0]
    kept = rl.load_quarantine(str(KEY))
    assert kept["record"].tolist() == ["007 lap 32768"]
    assert kept["series"].tolist() == ["wec"]
    assert rl.load_refusals()["label"].tolist() == ["<i>cut.csv</i>"]
    assert rl.load_quarantine(str(OTHER)).empty
