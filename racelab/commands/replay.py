"""`racelab replay`: a stored or recorded session through the live road, at any speed."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.status import Status

from racelab.commands.context import emit, is_json, log, printable
from racelab.domain.frames import Parser
from racelab.domain.records import Provenance
from racelab.domain.sessions import Event, Session, SessionKey
from racelab.domain.time import format_clock, parse_duration
from racelab.errors import BadInput, NotFound
from racelab.live.clock import Clock, ReplayClock, SystemClock
from racelab.live.feed import Feed, RecordsParser
from racelab.live.recorded import RecordedSession, recorded_session
from racelab.live.recording import RecordedFeed, find_recording, is_recording
from racelab.live.replay import Road, replay
from racelab.live.state import RaceState
from racelab.live.stored import NO_START, stored_feed
from racelab.live.writer import SessionWriter, is_running
from racelab.sources import f1live, timing71
from racelab.sources.hints import Hints
from racelab.store.open import open_store
from racelab.store.protocol import Store

_SHOW_EVERY = timedelta(seconds=0.2)


@dataclass(frozen=True, slots=True)
class Source:
    """What is replayed: frames, their parser, the instant from which session time counts, and who writes rows."""

    key: SessionKey
    feed: Feed
    parser: Parser
    start: datetime
    writer: SessionWriter | None = None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay_session)


def replay_session(
    session: str = typer.Argument(help="A session's id or name such as f1/2025/1/R, or a recording's file or folder"),
    speed: float = typer.Option(1.0, min=0, help="Times as fast as it was; 0 is as fast as possible"),
    begin: str = typer.Option(None, "--from", help="Session time to begin at: seconds or h:mm:ss"),
) -> None:
    """Replay a session as if it were live: dashboards follow it."""
    if not isfinite(speed):
        raise BadInput(
            f"--speed {speed} is no speed: write 1 for real time, 60 for a minute in a second, 0 for no waiting"
        )
    wall = SystemClock()
    offset = read_offset(begin) if begin else None
    with open_store() as store:
        source = open_source(session, store)
        road = Road(source.parser, store, source.key, wall, source.writer)
        first = source.start + offset if offset is not None else None
        with watching(f"replay {source.key}", wall) as show:
            for state in replay(source.feed, road, lambda at: ReplayClock(at, speed, wall), first):
                show(partial(in_words, state))
    summary = summarise(source.key, road)
    emit(summary, lambda console: print_summary(console, summary))


def open_source(reference: str, store: Store) -> Source:
    """The session or file that the user names.

    Raises:
        NotFound: the store has no such session, and there is no such file.
        BadInput: the file is no recording.
    """
    path = Path(reference)
    path = find_recording(path) or path
    if path.is_file() or f1live.sniff(path):
        return _of_file(path, store)
    if path.suffix or path.is_dir():
        raise NotFound(f"there is no recording {path}: name a file, or a session that `racelab sessions` lists")
    key = store.find(reference)
    feed = stored_feed(store, key)
    start = store.read("sessions", key)["start_utc"].dropna()
    return Source(key, feed, RecordsParser(), start.iloc[0].to_pydatetime() if len(start) else NO_START)


def read_offset(text: str) -> timedelta:
    """A session time from seconds or ``h:mm:ss``.

    Raises:
        BadInput: the text is neither.
    """
    try:
        return timedelta(milliseconds=parse_duration(text))
    except ValueError as error:
        raise BadInput(f"--from {text!r} is no session time: write seconds or h:mm:ss") from error


def summarise(key: SessionKey, road: Road) -> dict[str, Any]:
    """What the replay came to, as `--json` prints it: laps are the leader's."""
    leader = next(iter(road.state.order), None)
    return {
        "session": str(key),
        "frames": road.frames,
        "laps": leader.laps if leader else None,
        "leader": leader.car_number if leader else None,
        "flag": road.state.flag,
        "revision": road.revision,
    }


def _of_file(path: Path, store: Store) -> Source:
    """The session in a file, in whichever protocol it was recorded."""
    if path.is_file() and is_recording(path):
        if (followed := recorded_session(path)) is not None:
            return _of_followed(followed, store)
        recorded = RecordedFeed(path)
        if recorded.protocol == timing71.SOURCE:
            return _of_timing71(timing71.name_states(path, recorded, Hints()), store)
        if recorded.protocol == f1live.SOURCE:
            return _of_f1(f1live.name_frames(path, recorded, Hints()), store)
        raise BadInput(f"{path}: no parser for the protocol {recorded.protocol!r}; a newer racelab may have one")
    if f1live.sniff(path):
        return _of_f1(f1live.find_sessions(path, Hints())[0], store)
    return _of_timing71(timing71.find_sessions(path, Hints())[0], store)


def _of_followed(found: RecordedSession, store: Store) -> Source:
    """A session that was followed live, whatever its protocol."""
    live = found.live
    writer = _writer(found.key, live.event, live.session, found.origin, store)
    return Source(found.key, found.feed, found.parser(), live.session.start_utc or NO_START, writer)


def _of_timing71(found: timing71.FoundSession, store: Store) -> Source:
    session = found.session()
    parser = timing71.Parser(found.recording.manifest, session.start_utc)
    writer = _writer(found.key, found.name.event, session, found.provenance, store)
    return Source(found.key, found.recording, parser, session.start_utc or NO_START, writer)


def _of_f1(found: f1live.FoundSession, store: Store) -> Source:
    outline = found.outline
    writer = _writer(found.key, outline.name.event, found.session(), found.provenance, store)
    # Session time counts on the recording's own clock, which may differ from the true one.
    return Source(found.key, found.recording, found.parser(), outline.start or NO_START, writer)


def _writer(
    key: SessionKey, event: Event, session: Session, origin: Callable[[], Provenance], store: Store
) -> SessionWriter | None:
    """Who writes the session's rows; nobody where it was ingested: its rows stay, and the replay only shows it."""
    return SessionWriter(event, session, origin()) if is_running(store.digest(key)) else None


@contextmanager
def watching(label: str, wall: Clock, log_every_s: float = 10.0) -> Iterator[Callable[[Callable[[], str]], None]]:
    """A line that changes on a terminal, a log line now and then elsewhere; who is called is asked for its words."""
    on_terminal = sys.stderr.isatty() and not is_json()
    every, last = (_SHOW_EVERY if on_terminal else timedelta(seconds=log_every_s)), wall.now()
    with Status(label, console=Console(stderr=True)) if on_terminal else nullcontext() as status:

        def show(words: Callable[[], str]) -> None:
            nonlocal last
            if wall.now() - last < every:
                return
            last = wall.now()
            if status is not None:
                status.update(printable(f"{label}  {words()}"))
            else:
                log.info("%s: %s", label, words())

        yield show


def in_words(state: RaceState) -> str:
    """The race clock, the flag and the leader."""
    clock = format_clock(state.elapsed_ms if state.elapsed_ms is not None else state.time_ms)
    leader = next(iter(state.order), None)
    first = f"#{leader.car_number} leads on lap {leader.laps or 0}" if leader else "no cars yet"
    return f"{clock}  {state.flag.label if state.flag else 'no flag'}  {first}"


def print_summary(console: Console, summary: dict[str, Any]) -> None:
    """Print what a session came to, as `summarise` gives it."""
    flag = summary["flag"].label if summary["flag"] else "no flag"
    leader = f"#{summary['leader']} first on {summary['laps']} laps" if summary["leader"] else "no cars"
    console.print(f"{summary['session']}: {summary['frames']} frames, {flag}, {leader}", markup=False)
