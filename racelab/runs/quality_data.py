"""What a data-quality report is about: the sessions of a season and what their checks left."""

from dataclasses import dataclass, field

import pandas as pd

from racelab.analysis.checks import rule_tally
from racelab.analysis.quality import add_nulls, examples, findings, outcomes
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import NotFound
from racelab.store.open import open_store
from racelab.store.protocol import Store

ALL = "all"
_COUNTED = ("entries", "laps", "pit_stops", "results", "weather")
_NAMES = ("session_id", "lap_type")
# The series of which a source tells; of others it may be any.
_MAY_TELL = {"alkamel": ("wec", "imsa", "grcup"), **dict.fromkeys(("f1", "f1live", "laps"), ("f1",))}


@dataclass(frozen=True, slots=True)
class Quality:
    """The sessions that a report is about, and what is known of their data; each frame has a ``session_id``.

    ``short`` names the sessions in figures, ``found`` has the findings by session and rule, ``nulls`` the share of
    nulls by table and column, ``qualities`` the rows by quality of each table that tells it, ``rows`` those of all.
    """

    title: str
    sessions: pd.DataFrame
    short: dict[int, str]
    tally: pd.DataFrame
    found: pd.DataFrame
    outcomes: pd.DataFrame
    repairs: pd.DataFrame
    quarantine: pd.DataFrame
    refusals: pd.DataFrame
    lacking: pd.DataFrame
    nulls: pd.DataFrame
    rows: dict[str, int] = field(default_factory=dict)
    qualities: dict[str, dict[str, int]] = field(default_factory=dict)

    def examples(self, each: int) -> pd.DataFrame:
        """Some rows of repairs of each rule."""
        return examples(self.repairs, each)


def load_quality(series: str = ALL, season: str = ALL) -> Quality:
    """Everything that the report of a series and season (or all) needs.

    Raises:
        NotFound: the store has no such session, and refused none.
    """
    with open_store() as store:
        return _load(store, series, season)


def _load(store: Store, series: str, season: str) -> Quality:
    sessions = _wanted(store.sessions(), series, season)
    refusals = _refused(store.read("refusals"), series, season)
    if sessions.empty and refusals.empty:
        raise NotFound(f"no session of {_title(series, season)} is stored: see `racelab sessions`")
    ids = [int(one) for one in sessions["id"]]
    held = {table: store.read(table, session_id=ids) for table in ("checks", "repairs", "quarantine", "ingest_runs")}
    found = findings(held["checks"], held["repairs"])
    nulls, rows, qualities = _count(store, ids)
    sources = held["ingest_runs"].set_index("session_id")["source"]
    sessions = sessions.assign(source=sessions["id"].map(sources), laps_held=sessions["laps"]).drop(columns="laps")
    return Quality(
        _title(series, season), sessions, _short(sessions), rule_tally(held["checks"], held["repairs"]), found,
        outcomes(ids, found), held["repairs"], held["quarantine"], refusals, _lacking(held["ingest_runs"]), nulls, rows,
        qualities,
    )  # fmt: skip


def _wanted(frame: pd.DataFrame, series: str, season: str) -> pd.DataFrame:
    kept = pd.Series(True, index=frame.index)
    if series != ALL:
        kept &= frame["series"].eq(series).fillna(False).astype(bool)
    if season != ALL:
        kept &= frame["season"].eq(int(season)).fillna(False).astype(bool)
    order = "id" if "id" in frame else "label"
    return frame[kept].sort_values(order, ignore_index=True)


def _refused(refusals: pd.DataFrame, series: str, season: str) -> pd.DataFrame:
    """The refusals of the sessions; a file that could not be read far enough to be named may be one of them."""
    nameless = refusals["series"].isna().astype(bool)
    if series != ALL:
        nameless &= refusals["source"].map(lambda source: series in _MAY_TELL.get(source, (series,))).astype(bool)
    ours = refusals["label"].isin(_wanted(refusals, series, season)["label"])
    return refusals[ours | nameless].sort_values("label", ignore_index=True)


def _title(series: str, season: str) -> str:
    name = "all series" if series == ALL else Series.read(series).label
    return f"{name}, all seasons" if season == ALL else f"{name} {season}"


def _short(sessions: pd.DataFrame) -> dict[int, str]:
    """The shortest names that tell the sessions apart: 4, 4/S, 2024/4 or imsa/2024/4."""
    keys = [SessionKey.of_id(int(one)) for one in sessions["id"]]
    several = len({key.series for key in keys}) > 1, len({key.season for key in keys}) > 1
    plain = {key.code for key in keys} <= {"R"}
    return {
        key.session_id: "/".join(
            part
            for part, there in (
                (key.series.value, several[0]), (str(key.season), several[0] or several[1]), (str(key.round), True),
                (key.code, not plain),
            )
            if there
        )
        for key in keys
    }  # fmt: skip


def _count(store: Store, ids: list[int]) -> tuple[pd.DataFrame, dict[str, int], dict[str, dict[str, int]]]:
    """Nulls by table and column, rows by table, rows by quality; one session is read at a time."""
    shares, rows, qualities = [], {}, {}
    for table in _COUNTED:
        total, kinds = None, pd.Series(dtype="int64")
        for one in ids:
            frame = store.read(table, SessionKey.of_id(one))
            total = add_nulls(total, frame)
            if "quality" in frame:
                kinds = kinds.add(frame["quality"].value_counts(), fill_value=0)
        if total is None or not int(total["rows"].max()):
            continue
        rows[table] = int(total["rows"].max())
        if len(kinds):
            qualities[table] = {str(kind): int(count) for kind, count in kinds.items()}
        told = total.drop(index=[name for name in _NAMES if name in total.index])
        shares.append(pd.DataFrame({"table": table, "column": told.index, "share": told["nulls"] / told["rows"]}))
    empty = pd.DataFrame(columns=["table", "column", "share"])
    return (pd.concat(shares, ignore_index=True) if shares else empty), rows, qualities


def _lacking(runs: pd.DataFrame) -> pd.DataFrame:
    """The parts that sources lack, a row a session and part."""
    named = runs.dropna(subset=["missing"])
    parts = named.assign(part=named["missing"].str.split(", ")).explode("part")
    return parts[["session_id", "part"]].reset_index(drop=True)
