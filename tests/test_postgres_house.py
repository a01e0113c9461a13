"""Everything that reads or writes a store does the same on PostgreSQL as on SQLite."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from builders import KEY, session_data

import racelab as rl
from racelab.cli import main
from racelab.domain.entries import Entry
from racelab.domain.flags import Flag, TrackStatus
from racelab.domain.laps import Lap
from racelab.live.publish import LivePublisher, LiveReader
from racelab.live.reducers import fold, initial_state
from racelab.settings import get_settings
from racelab.sources.sample import generate
from racelab.store.open import open_store

pytestmark = pytest.mark.postgres
OF_A_SESSION: list[str] = [
    "load_entries", "load_drivers", "load_laps", "load_stints", "load_driver_metrics", "load_pit_stops", "load_results",
    "load_weather", "load_track_status", "load_session_status", "load_race_control", "load_repairs", "load_predictions",
    "load_simulations", "load_provenance", "load_checks", "load_quarantine", "load_telemetry",
    "load_incidents",
]  # fmt: skip

WITH_TELEMETRY = "1"


@pytest.fixture
def urls(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """A generated race in SQLite and in PostgreSQL; the settings name the second."""
    pair = (f"sqlite:///{(tmp_path / 'other.db').as_posix()}", postgres_url)
    data = next(found for found in generate(1) if found.key.code == "R").read()
    data.telemetry = pd.DataFrame(
        {"car_number": WITH_TELEMETRY, "kind": "car", "time_ms": range(500), "speed_kph": 200.5}
    )
    for url in pair:
        with open_store(url) as store:
            store.write_session(data)
    monkeypatch.setenv("RACELAB_DB", postgres_url)
    get_settings.cache_clear()
    return pair


@pytest.mark.parametrize("name", OF_A_SESSION)
def test_every_data_set_of_a_session_is_the_same(urls: tuple[str, str], name: str) -> None:
    load: Callable[..., pd.DataFrame] = getattr(rl, name)
    session = rl.load_sessions(db=urls[0])["id"].iloc[0]
    if name == "load_telemetry":
        frames = [load(session, WITH_TELEMETRY, db=url) for url in urls]
        assert len(frames[0]) == 500
    else:
        frames = [load(session, db=url).drop(columns="read_utc", errors="ignore") for url in urls]
    pd.testing.assert_frame_equal(*frames)


def test_sessions_and_exports_are_the_same(urls: tuple[str, str], tmp_path: Path) -> None:
    pd.testing.assert_frame_equal(rl.load_sessions(db=urls[0]), rl.load_sessions(db=urls[1]))
    session = rl.load_sessions()["id"].iloc[0]
    documents = [
        json.loads(rl.export_race(int(session), tmp_path / name, db=url).read_text())
        for name, url in zip("ab", urls, strict=True)
    ]
    assert len(documents[0]["laps"]) > 100
    assert without_times(documents[0]) == without_times(documents[1])


def without_times(document: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(document, sort_keys=True)
    return {
        key: value for key, value in json.loads(text).items() if key not in ("exported_at", "provenance", "metadata")
    }


@pytest.mark.parametrize(
    "command", [["sessions"], ["show", "{}"], ["export", "race", "{}"], ["simulate", "{}", "--races", "50"]]
)
def test_commands_run_on_postgresql(
    urls: tuple[str, str], command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    session = str(rl.load_sessions()["id"].iloc[0])
    with pytest.raises(SystemExit) as stopped:
        main(["--json", *(word.format(session) for word in command)])
    captured = capsys.readouterr()
    assert not stopped.value.code, captured.err
    assert json.loads(captured.out)


def test_a_live_race_is_published_and_followed(postgres_url: str) -> None:
    now = datetime(2026, 5, 30, 20, 0, tzinfo=UTC)
    first = [Entry("31", "GTP"), TrackStatus(0, Flag.GREEN), Lap("31", 1, lap_time_ms=90_000, end_ms=90_000)]
    with open_store(postgres_url) as store:
        store.write_session(session_data())
        publisher, reader = LivePublisher(store, KEY), LiveReader(store, KEY)
        state = fold(initial_state(), first)
        store.write_tables(publisher.tables(state, now))
        shown, changed = reader.poll()
        assert shown is not None
        assert shown.cars == state.cars
        assert [car.car_number for car in changed] == ["31"]
        assert reader.poll() == (None, [])
        state = fold(state, [Lap("31", 2, lap_time_ms=91_000, end_ms=181_000)])
        store.write_tables(publisher.tables(state, now))
        assert [car.laps for car in reader.poll()[1]] == [2]
