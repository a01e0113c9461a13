"""FastF1's sources when they are down, missing, failing or cut off; what is asked and what is said."""

import logging
import socket
import time
from pathlib import Path

import fastf1
import fastf1._api
import fastf1.req
import pytest
import requests

from racelab.errors import BadInput, NotFound, SessionMissing, SourceUnavailable
from racelab.settings import Settings
from racelab.sources.f1 import FoundSession, find_sessions
from racelab.sources.f1.connection import connected
from racelab.sources.f1.limits import BoundedAdapter
from tests.f1_server import serve

QUICK_S = 10.0


def settings(base: str | None, tmp_path: Path) -> Settings:
    return Settings(
        f1_mirror=base, f1_cache=tmp_path / "cache", f1_connect_s=2, f1_read_s=0.4, f1_answer_s=0.6, f1_pause_s=0.01
    )


def found(base: str, tmp_path: Path, *codes: str, event: str = "1") -> list[FoundSession]:
    return find_sessions(2024, event, codes, telemetry=True, settings=settings(base, tmp_path))


@pytest.fixture
def mirror():
    with serve("404") as (base, asked):
        yield base, asked


def dead_address() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def one_line(error: pytest.ExceptionInfo[Exception]) -> str:
    text = str(error.value)
    assert "\n" not in text
    assert len(text) < 300
    return text


def test_a_mirror_that_is_down(tmp_path):
    base = dead_address()
    began = time.monotonic()
    with pytest.raises(SourceUnavailable) as error:
        found(base, tmp_path)
    assert time.monotonic() - began < QUICK_S
    text = one_line(error)
    assert base in text
    assert "does not answer" in text
    assert "RACELAB_F1_MIRROR" in text


@pytest.mark.parametrize("fault", ["404", "500", "cut", "junk"])
def test_no_schedule(fault, tmp_path):
    began = time.monotonic()
    with serve(fault, schedule=False) as (base, _), pytest.raises(SourceUnavailable) as error:
        found(base, tmp_path)
    assert time.monotonic() - began < QUICK_S
    assert "the schedule of 2024 cannot be read" in one_line(error)
    assert ("answers with error 500" in str(error.value)) == (fault == "500")


@pytest.mark.parametrize("fault", ["404", "500", "cut", "junk"])
def test_a_session_of_which_nothing_can_be_read(fault, tmp_path):
    began = time.monotonic()
    with serve(fault) as (base, _):
        (race,) = found(base, tmp_path)
        with pytest.raises(SourceUnavailable) as error:
            race.read()
    assert time.monotonic() - began < QUICK_S
    # What the source says it has not is missing; what cannot be asked or read has failed.
    assert isinstance(error.value, SessionMissing) == (fault == "404")
    assert "f1/2024/1/R" in one_line(error)


def test_a_mirror_that_dies_between_schedule_and_session(tmp_path):
    with serve("404") as (base, _):
        (race,) = found(base, tmp_path)
    began = time.monotonic()
    with pytest.raises(SourceUnavailable, match="does not answer"):
        race.read()
    assert time.monotonic() - began < QUICK_S


def test_nothing_is_asked_beyond_the_mirror(mirror, tmp_path, monkeypatch):
    base, asked = mirror
    hosts = []
    send = requests.adapters.HTTPAdapter.send

    def watched(self, request, *args, **kwargs):
        hosts.append(request.url)
        return send(self, request, *args, **kwargs)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", watched)
    (race,) = found(base, tmp_path)
    with pytest.raises(SourceUnavailable):
        race.read()
    assert len(asked) > 3
    assert all(url.startswith(base) for url in hosts)


def test_the_adapter_refuses_other_hosts_and_asks_a_silent_one_once(tmp_path):
    for url in ("http://example.invalid/x", "http://127.0.0.1:10/x"):
        # A mirror's address with another host behind it is another host.
        with pytest.raises(requests.ConnectionError, match="is not the mirror"):
            BoundedAdapter(settings(None, tmp_path), "http://127.0.0.1:1").send(requests.Request("GET", url).prepare())
    base = dead_address()
    adapter = BoundedAdapter(settings(None, tmp_path), base)
    said = []
    for _ in range(3):
        with pytest.raises(requests.ConnectionError) as error:
            adapter.send(requests.Request("GET", f"{base}/x").prepare())
        said.append(str(error.value))
    assert "refused" in said[0]
    assert all(text.endswith("did not answer") for text in said[1:])


def test_fastf1_is_put_back_as_it_was_and_is_quiet(mirror, tmp_path, capfd, caplog):
    caplog.set_level(logging.INFO)
    before = (
        fastf1._api.base_url, fastf1.events._SCHEDULE_BASE_URL, fastf1.req.Cache._CACHE_DIR,
        fastf1.req.Cache._requests_session, logging.getLogger("fastf1").handlers[:],
    )  # fmt: skip
    with connected(settings(mirror[0], tmp_path)) as connection:
        assert fastf1._api.base_url == mirror[0]
        logging.getLogger("fastf1.core").warning("two\n lines")
        assert connection.warnings == ["two lines"]
    found(mirror[0], tmp_path)
    after = (
        fastf1._api.base_url, fastf1.events._SCHEDULE_BASE_URL, fastf1.req.Cache._CACHE_DIR,
        fastf1.req.Cache._requests_session, logging.getLogger("fastf1").handlers[:],
    )  # fmt: skip
    assert after == before
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_an_address_that_is_none_and_a_cache_that_cannot_be(tmp_path):
    with pytest.raises(BadInput, match="http://host:port"):
        found("mirror:80", tmp_path)
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(BadInput, match="RACELAB_F1_CACHE"):
        found("http://127.0.0.1:9", tmp_path)


def test_secrets_of_an_address_are_not_told(tmp_path):
    with connected(settings("http://me:secret@127.0.0.1:9/f1", tmp_path)) as connection:
        assert connection.location == "http://127.0.0.1:9/f1"


def test_race_and_sprint_are_the_default(mirror, tmp_path):
    assert [str(session.key) for session in found(mirror[0], tmp_path, event="all")] == [
        "f1/2024/1/R", "f1/2024/2/S", "f1/2024/2/R",
    ]  # fmt: skip


def test_a_session_that_the_schedule_lacks_is_missing(mirror, tmp_path):
    (sprint,) = found(mirror[0], tmp_path, "sprint")
    assert str(sprint.key) == "f1/2024/1/S"
    with pytest.raises(SessionMissing, match="2024 Bahrain Grand Prix, Sprint does not exist"):
        sprint.read()


def test_a_session_in_the_future_is_missing_and_not_asked_for(mirror, tmp_path):
    base, asked = mirror
    (race,) = found(base, tmp_path, "R", event="2")
    asked.clear()
    with pytest.raises(SessionMissing, match="scheduled for 2099-03-09 17:00 UTC"):
        race.read()
    assert asked == []


@pytest.mark.parametrize(("event", "round_"), [("2", 2), ("jeddah", 2), ("Saudi Arabia", 2), ("Bahrein", 1)])
def test_an_event_is_found_by_round_and_by_name(event, round_, mirror, tmp_path):
    assert [session.key.round for session in found(mirror[0], tmp_path, "R", event=event)] == [round_]


@pytest.mark.parametrize("event", ["Silverstone", "99", "xx", "0", "Atlantis Grand Prix"])
def test_a_poor_name_is_an_error_with_candidates(event, mirror, tmp_path):
    with pytest.raises(NotFound) as error:
        found(mirror[0], tmp_path, event=event)
    assert "2 (Saudi Arabian Grand Prix)" in one_line(error)


@pytest.mark.parametrize("code", ["EL1", "FP1", "free practice 1", "Practice 1"])
def test_codes_in_any_spelling(code, mirror, tmp_path):
    assert [session.key.code for session in found(mirror[0], tmp_path, code)] == ["FP1"]


def test_codes_and_seasons_that_are_none(mirror, tmp_path):
    with pytest.raises(BadInput, match="no session code 'X'"):
        found(mirror[0], tmp_path, "X")
    with pytest.raises(BadInput, match="Formula 1 has no session WUP"):
        found(mirror[0], tmp_path, "WUP")
    with pytest.raises(BadInput, match="2018"):
        find_sessions(2017, "1", (), telemetry=False, settings=settings(mirror[0], tmp_path))
