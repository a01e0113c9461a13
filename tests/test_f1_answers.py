"""Answers of FastF1's sources that are cut, damaged, slow or sent elsewhere: none is used, none is kept."""

import gzip
import json
from pathlib import Path

import pytest
import requests
from fastf1.req import Cache
from hypothesis import given
from hypothesis import strategies as st

from racelab.settings import Settings
from racelab.sources.f1.answers import fault_of
from racelab.sources.f1.cache import PendingCache
from racelab.sources.f1.connection import connected
from racelab.sources.f1.limits import Answers
from tests.f1_server import Source, source

STREAM = "/static/2024/x/WeatherData.jsonStream"
DOCUMENT = "/ergast/f1/2024/1/results.json"
LINES = "".join(f"00:00:{n:02d}.000{json.dumps({'AirTemp': n})}\r\n" for n in range(60)).encode()
GOOD = {STREAM: b"\xef\xbb\xbf" + LINES, DOCUMENT: b'{"MRData": {"RaceTable": []}}'}


@pytest.fixture
def server():
    with source(GOOD.get) as told:
        yield told


def settings(server: Source, folder: Path) -> Settings:
    return Settings(
        f1_mirror=server.base, f1_cache=folder, f1_connect_s=1, f1_read_s=0.3, f1_answer_s=0.4, f1_pause_s=0.01
    )


def ask(server: Source, folder: Path, path: str) -> tuple[bytes | None, list[str]]:
    """The body that FastF1 gets, None for an exception, and the troubles that are known then."""
    with connected(settings(server, folder)) as connection:
        try:
            body = Cache.requests_get(server.base + path).content
        except requests.RequestException:
            body = None
        return body, connection.troubles


FAULTS = [
    ("silent", STREAM, "does not answer"),
    ("drip", STREAM, "does not answer"),
    ("hang up", STREAM, "does not answer"),
    ("500", STREAM, "answers with error 500"),
    ("429", DOCUMENT, "answers with error 429"),
    ("short", STREAM, "cut or damaged answer for WeatherData.jsonStream"),
    ("cut gzip", STREAM, "the gzip stream is cut"),
    ("cut gzip", DOCUMENT, "the gzip stream is cut"),
    ("=<html>sign in</html>\n", STREAM, "1 of the stream's 1 lines are damaged"),
    ("=<html>sign in</html>", DOCUMENT, "the body is no JSON"),
    ("=", STREAM, "the stream is empty"),
    ("=", DOCUMENT, "the body is no JSON"),
    (f"={LINES[:-9].decode()}", STREAM, "the stream ends in mid line"),
    (">http://127.0.0.1:9/static/x", STREAM, "sends to 127.0.0.1:9, which is not the mirror"),
]


@pytest.mark.parametrize(("fault", "path", "said"), FAULTS)
def test_a_fault_is_told_and_not_kept(server, tmp_path, fault, path, said):
    server.faults[path] = fault
    body, troubles = ask(server, tmp_path, path)
    assert body is None or fault.isdecimal()
    assert len(troubles) == 1
    assert said in troubles[0]
    assert "\n" not in troubles[0]
    server.faults.clear()
    assert ask(server, tmp_path, path) == (GOOD[path], [])


@pytest.mark.parametrize("fault", ["503", "short", "cut gzip", "hang up", "=<html>"])
def test_one_bad_answer_is_asked_for_again(server, tmp_path, fault):
    server.faults[STREAM] = f"{fault} once"
    assert ask(server, tmp_path, STREAM) == (GOOD[STREAM], [])
    assert server.asked == [STREAM, STREAM]


def test_a_silent_source_is_asked_once_and_an_ill_one_not_ever_again(server, tmp_path):
    server.faults = {STREAM: "silent", DOCUMENT: "500"}
    ask(server, tmp_path, STREAM)
    assert server.asked == [STREAM]
    server.asked.clear()
    with connected(settings(server, tmp_path)):
        for _ in range(3):
            Cache.requests_get(server.base + DOCUMENT)
    assert server.asked == [DOCUMENT] * 4


def test_circles_end(server, tmp_path):
    server.faults[STREAM] = f">{server.base}{STREAM}"
    body, troubles = ask(server, tmp_path, STREAM)
    assert body is None
    assert "sends round in circles" in troubles[0]


def test_what_is_kept_stands_in_for_a_source_that_fails_later(server, tmp_path):
    ask(server, tmp_path, DOCUMENT)
    server.faults[DOCUMENT] = "500"
    assert ask(server, tmp_path, DOCUMENT) == (GOOD[DOCUMENT], [])


def test_an_absent_part_is_no_trouble(server, tmp_path):
    assert ask(server, tmp_path, "/static/none.json") == (b"no", [])


def test_a_second_host_makes_a_fault_good():
    answers = Answers()
    answers.note("https://one.example/static/a.json", 503)
    answers.note("https://one.example/static/b.json", 503)
    answers.note("https://two.example/mirror/static/a.json", 200)
    assert list(answers.faults) == ["/static/b.json"]
    assert answers.troubles == ["one.example answers with error 503"]


def test_secrets_of_an_address_are_not_told():
    answers = Answers()
    answers.fail("http://me:hidden@host/x.json", requests.ConnectionError("no"))
    assert answers.troubles == ["host does not answer"]


@given(st.integers(min_value=0, max_value=len(LINES)))
def test_a_stream_that_is_cut_anywhere_but_between_lines_is_found_out(at):
    cut = LINES[:at]
    whole = at > 0 and cut.endswith(b"\n")
    assert (fault_of("/x.jsonStream", cut) is None) == whole


@given(st.binary(max_size=200))
def test_no_body_is_too_strange_to_be_looked_at(body):
    for path in ("/x.json", "/x.jsonStream", "/x"):
        assert fault_of(path, body) is None or isinstance(fault_of(path, body), str)
    assert fault_of("/x", body) is None


def test_one_damaged_line_in_a_thousand_is_let_through_and_a_tenth_not():
    line = b'00:00:00.000{"a": 1}\r\n'
    assert fault_of("/x.jsonStream", line * 600 + b"junk\r\n" + line * 600) is None
    assert "damaged" in (fault_of("/x.jsonStream", line * 5 + b"junk\r\n" + line * 5) or "")


def test_fastf1_reads_its_cache_as_it_was_written_and_never_half_of_it(server, tmp_path):
    def part(path: str, response: object = None) -> dict[str, int]:
        return {"laps": 57}

    parsed = Cache.api_request_wrapper(part)
    server.faults[DOCUMENT] = "500"
    with connected(settings(server, tmp_path)):
        assert parsed("/static/2024/x/") == {"laps": 57}
        Cache.requests_get(server.base + DOCUMENT)
    assert list(tmp_path.rglob("*.ff1pkl")) == []
    with connected(settings(server, tmp_path)):
        parsed("/static/2024/x/")
        assert list(tmp_path.rglob("*.ff1pkl")) == []
    (file,) = tmp_path.rglob("*.ff1pkl")
    assert file.name == "part.ff1pkl"
    assert [path.name for path in file.parent.iterdir()] == ["part.ff1pkl"]


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(tmp_path):
    pending = PendingCache(15)
    pending.write({"a": 1}, str(tmp_path / "not there" / "part.ff1pkl"))
    pending.commit()
    assert list(tmp_path.iterdir()) == []


def test_the_server_of_these_tests_packs_what_it_sends(server):
    raw = requests.get(server.base + STREAM, headers={"Accept-Encoding": "gzip"}, stream=True, timeout=5).raw.read()
    assert gzip.decompress(raw) == GOOD[STREAM]
