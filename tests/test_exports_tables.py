"""A session's tables as files: every table, typed, explained."""

import json

import pandas as pd
import pytest
from small_race import KEY, small_race

from racelab.cli import main
from racelab.errors import BadInput
from racelab.exports.tables import column_meanings, write_tables
from racelab.store.frames import typed


@pytest.fixture
def filled(store):
    store.write_session(small_race())
    return store


def test_csv_holds_every_table_and_reads_back_as_it_was(filled, tmp_path):
    paths = write_tables(filled, KEY, tmp_path, "csv")
    place = tmp_path / "wec_2024_4_R"
    assert {path.parent for path in paths} == {place}
    assert {"laps.csv", "events.csv", "repairs.csv", "predictions.csv", "columns.csv"} <= {path.name for path in paths}
    read = pd.read_csv(place / "laps.csv", dtype={"car_number": "string"}, keep_default_na=False, na_values=[""])
    pd.testing.assert_frame_equal(typed(read), filled.read("laps", KEY))
    assert list(read["car_number"].unique()) == ["007", "50", "7"]
    assert pd.read_csv(place / "telemetry.csv").empty


def test_parquet_keeps_types(filled, tmp_path):
    write_tables(filled, KEY, tmp_path, "parquet")
    read = pd.read_parquet(tmp_path / "wec_2024_4_R" / "laps.parquet")
    pd.testing.assert_frame_equal(read, filled.read("laps", KEY))


def test_columns_are_explained(filled):
    meanings = column_meanings().set_index(["table", "column"])
    assert meanings.loc[("laps", "lap_time_ms"), "unit"] == "ms"
    assert "text" in meanings.loc[("entries", "car_number"), "description"]
    assert not meanings["description"].isna().any()


def test_a_format_that_is_not_there(filled, tmp_path):
    with pytest.raises(BadInput, match="csv, parquet"):
        write_tables(filled, KEY, tmp_path, "xlsx")


def test_the_command_lists_its_files(filled, tmp_path, capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["export", "tables", str(KEY), "--format", "parquet", "--out", str(tmp_path), "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert printed["session"] == "wec/2024/4/R"
    assert sum(name.endswith("laps.parquet") for name in printed["files"]) == 1
