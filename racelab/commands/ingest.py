"""`racelab ingest ...`: every source into the store."""

import json
import re
from collections.abc import Callable, Iterable, Sequence, Sized
from datetime import datetime
from functools import partial
from pathlib import Path
from time import perf_counter

import pandas as pd
import typer
from rich.console import Console

from racelab.commands import ingest_history
from racelab.commands.context import emit, log, printable, table
from racelab.commands.progress import progress, stoppable
from racelab.domain.series import Series
from racelab.errors import BadInput, NotFound, RacelabError, SessionMissing, SourceUnavailable
from racelab.live.recording import RecordedFeed
from racelab.runs.finding import Folder, expand, listed, of_season, sessions_of
from racelab.runs.identify import identify
from racelab.runs.ingest import Found, Outcome, ingest
from racelab.runs.logs import log_path, log_to_file, record
from racelab.runs.summary import Summary, rows_table, summarise, words
from racelab.settings import get_settings
from racelab.sources.folder import PassedOver
from racelab.sources.hints import Hints
from racelab.store.open import open_store

_SHOWN = ["id", "series", "season", "round", "event", "session", "change", "laps"]
FORCE = typer.Option(False, "--force", help="Write sessions again that have not changed")
PATHS = typer.Argument(help="Files or folders", exists=False)
SERIES = typer.Option(None, help="wec, imsa or grcup, where the files do not tell")
SEASON = typer.Option(None, min=1900, max=2999, help="The season's year, where the files do not tell")
EVENT = typer.Option(None, help="The event's name, where the files do not tell")
CIRCUIT = typer.Option(None, help="The circuit's name, where the files do not tell")
START = typer.Option(None, help="The start as an ISO time with zone, such as 2024-06-15T16:00:00+02:00")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(no_args_is_help=True, help="Read sessions into the store; reading twice changes nothing.")
    for name, command in (
        ("f1", f1), ("alkamel", alkamel), ("grcup", grcup), ("recording", recording), ("laps", laps), ("sample", sample),
    ):  # fmt: skip
        family.command(name)(command)
    ingest_history.register(family)
    app.add_typer(family, name="ingest")


def f1(
    seasons: str = typer.Argument(help="2024, 2021-2024 or 2021,2023"),
    event: str = typer.Argument(help="A round, a name or all"),
    sessions: list[str] = typer.Argument(None, help="FP1 FP2 FP3 Q SQ S R; default: race and sprint"),
    telemetry: bool = typer.Option(False, "--telemetry", help="Car and position samples too"),
    max_events: int = typer.Option(None, min=1, help="Stop after so many events of a season"),
    force: bool = FORCE,
) -> None:
    """Formula 1 through FastF1: a race, a season or several (RACELAB_F1_MIRROR, RACELAB_F1_CACHE)."""
    found: list[Found] = []
    years = read_seasons(seasons)
    for year in years:
        try:
            found += _season(year, event, sessions or (), telemetry, max_events)
        except (NotFound, SourceUnavailable) as error:
            # Of several seasons, one without such an event or schedule does not stop the others.
            if len(years) == 1:
                raise
            missing = SessionMissing(str(error)) if isinstance(error, NotFound) else error
            found.append(of_season(Series.F1, year, missing))
    run(found, force)


def _season(year: int, event: str, sessions: Sequence[str], telemetry: bool, max_events: int | None) -> list[Found]:
    from racelab.sources import f1 as source

    listed = source.find_sessions(year, event, sessions, telemetry=telemetry, settings=get_settings())
    rounds = sorted({session.key.round for session in listed})[:max_events]
    return [session for session in listed if session.key.round in rounds]


def alkamel(
    paths: list[Path] = PATHS,
    series: str = SERIES,
    season: int = SEASON,
    event: str = EVENT,
    circuit: str = CIRCUIT,
    start: str = START,
    force: bool = FORCE,
) -> None:
    """Al Kamel lap files of WEC, IMSA and GR Cup, or whole folders of them, with the results and weather beside them."""
    _alkamel(paths, read_hints(series, season, event, circuit, start), force)


def grcup(folder: Path = typer.Argument(help="A GR Cup event's folder, or one of many"), force: bool = FORCE) -> None:
    """GR Cup events: laps, results, weather."""
    _alkamel([folder], Hints(series=Series.GRCUP), force)


def _alkamel(paths: Sequence[Path], hints: Hints, force: bool) -> None:
    from racelab.sources import alkamel as source

    found: list[Found] = []
    over: list[PassedOver] = []
    for path in expand(paths):
        sessions = list(listed(path, source.SOURCE, lambda path: source.find_sessions(path, hints)))
        over += source.passed_over(path, [each for each in sessions if isinstance(each, source.FoundSession)])
        found += sessions
    run(found, force, over)


def recording(
    path: Path = typer.Argument(
        help="A recording of racelab, a Timing71 ZIP, a text of FastF1's recorder, a folder of them or of .jsonStream"
    ),
    force: bool = FORCE,
) -> None:
    """Recorded live sessions."""
    from racelab.live.recorded import recorded_session
    from racelab.live.recording import SUFFIX, is_recording
    from racelab.sources import f1live, timing71

    def find(file: Path) -> Iterable[Found]:
        if is_recording(file):
            followed = recorded_session(file)
            return [followed] if followed is not None else _of_protocol(file, RecordedFeed(file))
        return f1live.find_sessions(file, Hints()) if f1live.sniff(file) else timing71.find_sessions(file, Hints())

    if path.is_dir() and f1live.sniff(path):
        # The streams of one session lie in one folder.
        run(list(listed(path, f1live.SOURCE, find)), force)
        return
    kind = Folder(
        "recording",
        "a recording",
        (".zip", SUFFIX, *f1live.SUFFIXES),
        lambda file: is_recording(file) or timing71.sniff(file) or f1live.sniff(file),
        find,
    )
    _files([path], kind, force)


def _of_protocol(path: Path, recorded: RecordedFeed) -> Iterable[Found]:
    """The session that a recording's own frames name, where the recorder was told none."""
    from racelab.sources import f1live, timing71

    if recorded.protocol == timing71.SOURCE:
        return [timing71.name_states(path, recorded, Hints())]
    if recorded.protocol == f1live.SOURCE:
        return [f1live.name_frames(path, recorded, Hints())]
    raise BadInput(f"{path}: its first line names no session; `racelab replay` needs one too, so record it again")


def laps(paths: list[Path] = PATHS, force: bool = FORCE) -> None:
    """Lap tables in FastF1's columns, CSV or Parquet: files, folders or patterns such as 'laps/*.csv.gz'."""
    from racelab.sources import laptables as source

    kind = Folder(
        "laps", "a lap table", source.SUFFIXES, source.sniff, lambda file: source.find_sessions(file, Hints())
    )
    _files(paths, kind, force)


def _files(paths: Sequence[Path], kind: Folder, force: bool) -> None:
    over: list[PassedOver] = []
    run(sessions_of(expand(paths), kind, over), force, over)


def sample(seed: int = typer.Option(1, min=0, help="The same seed gives the same season"), force: bool = FORCE) -> None:
    """A generated season: F1-like, WEC-like and GR Cup-like races, in the year 2099."""
    from racelab.sources import sample as source

    run(source.generate(seed), force)
    folder = get_settings().data / "sample"
    folder.mkdir(parents=True, exist_ok=True)
    truth = json.dumps(source.ground_truth(seed), indent=2)
    (folder / f"ground_truth_{seed}.json").write_text(truth + "\n", encoding="utf-8")


def run(found: Iterable[Found], force: bool, passed_over: Sequence[PassedOver] = ()) -> None:
    """Ingest what was found, with progress and a log, and print the outcomes.

    ``found`` may be read on the way, one file after the other; ``passed_over`` is looked at when all is done.

    Raises:
        RacelabError: some sessions failed; the others are stored.
    """
    total = len(found) if isinstance(found, Sized) else None
    began = perf_counter()
    with log_to_file(get_settings()), stoppable() as interrupt_again:
        outcomes = _ingested(found, force, total, interrupt_again)
        seconds = perf_counter() - began
        failed = _tell(outcomes, passed_over)
        summary = summarise(outcomes, passed_over, seconds)
        record.info("ingest ended: %s", words(summary))
    emit({"sessions": [_document(each) for each in outcomes], "summary": summary}, partial(_print, outcomes, summary))
    if failed:
        others = f"; {len(failed) - 1} more failed" if len(failed) > 1 else ""
        raise RacelabError(f"{failed[0]['error']}{others}")


def _ingested(
    found: Iterable[Found], force: bool, total: int | None, interrupt_again: Callable[[], None]
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    with open_store() as store, progress(total) as shown:
        record.info("ingest begins: %s sessions into %s", total or "some", store.url)
        try:
            for outcome in ingest(found, store, force=force, watch=shown):
                outcomes.append(outcome)  # one by one, so that an interruption knows how many
                interrupt_again()
        except KeyboardInterrupt as error:
            record.warning("ingest interrupted after %d sessions", len(outcomes))
            raise RacelabError(
                f"interrupted after {len(outcomes)} sessions; what was complete is stored, run the same command again "
                "to go on"
            ) from error
        identify(store)
    if not outcomes:
        raise BadInput(
            "nothing to ingest: no session found there; see `racelab ingest --help` for what each source reads"
        )
    return outcomes


def _tell(outcomes: Sequence[Outcome], passed_over: Sequence[PassedOver]) -> list[Outcome]:
    """Say why sessions failed, are missing or were kept, and what was passed over; returns those that failed."""
    failed = [outcome for outcome in outcomes if outcome["change"] == "failed"]
    for outcome in outcomes:
        if outcome["error"] and outcome not in failed[:1]:
            log.warning("%s: %s", outcome["change"], printable(" ".join(outcome["error"].split())))
    for each in passed_over:
        record.info("passed over %s: %s", each.path, each.reason)
    if passed_over:
        first = passed_over[0]
        text = printable(f"{first.path}: {first.reason}")
        log.info(
            "passed over, each named in %s: %d, of which the first is %s",
            log_path(get_settings()),
            len(passed_over),
            text,
        )
    return failed


def _print(outcomes: Sequence[Outcome], summary: Summary, console: Console) -> None:
    console.print(table(_sessions_table(outcomes)))
    console.print(table(rows_table(summary), "Rows written"))
    console.print(words(summary))


def read_seasons(text: str) -> list[int]:
    """Years from ``2024``, ``2021-2024`` or ``2021,2023``.

    Raises:
        BadInput: the text is none of these.
    """
    years: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", part.strip(), re.ASCII)
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise BadInput(f"no seasons are named {text!r}: write 2024, 2021-2024 or 2021,2023")
        years += range(int(match[1]), int(match[2] or match[1]) + 1)
    return years


def read_hints(
    series: str | None, season: int | None, event: str | None, circuit: str | None, start: str | None
) -> Hints:
    """Hints from the command's options.

    Raises:
        BadInput: a series or a time that cannot be read.
    """
    try:
        known = Series.read(series) if series else None
        moment = datetime.fromisoformat(start) if start else None
    except ValueError as error:
        raise BadInput(str(error)) from error
    if moment is not None and moment.tzinfo is None:
        raise BadInput(f"--start {start} has no zone: write it with one, such as 2024-06-15T16:00:00+02:00")
    return Hints(known, season, event, circuit, moment)


def _document(outcome: Outcome) -> Outcome:
    """What `--json` prints of a session; why one failed, is missing or was kept is said on standard error."""
    return {key: value for key, value in outcome.items() if key not in ("error", "seconds")}


def _sessions_table(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    frame = pd.DataFrame(outcomes)
    frame["laps"] = [outcome["rows"].get("laps") for outcome in outcomes]
    return frame[_SHOWN].astype({"id": "Int64", "season": "Int64", "round": "Int64", "laps": "Int64"})
