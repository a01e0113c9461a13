"""What the store tells of drivers, constructors and circuits: whom its ids name, and where they appear."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from racelab.analysis.identities import APPEARANCES, SUBJECTS, own_id
from racelab.domain.history import History
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.store.protocol import Store

HISTORIES = ("f1db", "ergast")
# Whose words the sessions of a series are in; sessions that people make themselves are nobody's.
_PROVIDERS = {Series.F1: "f1", Series.WEC: "alkamel", Series.IMSA: "alkamel", Series.GRCUP: "alkamel"}
# Sessions of this source are invented, and so are their names.
_GENERATED = "sample"
_RACE = "R"
Facts = tuple[pd.DataFrame, pd.DataFrame]
Rows = list[tuple[Any, ...]]


def subject_frame(history: History) -> pd.DataFrame:
    """A history's subjects as a frame with SUBJECTS."""
    rows: Rows = [
        (one.kind, history.provider, one.provider_id, one.name, one.code, one.birth_date, one.nationality)
        for one in history.subjects
    ]
    return _frame(rows, SUBJECTS)


def history_appearances(
    provider: str, results: Mapping[str, Sequence[Any]], events: Mapping[str, Sequence[Any]]
) -> pd.DataFrame:
    """APPEARANCES of drivers and constructors in the columns of results, and of circuits in those of events."""
    keys = [results[key] for key in ("season", "round", "code", "car_number")]
    rows: Rows = []
    for kind in ("driver", "constructor"):
        listed = zip(results[f"{kind}_ref"], *keys, strict=True)
        rows += [(kind, provider, *row) for row in listed if row[0] is not None]
    places = zip(events["circuit_ref"], events["season"], events["round"], strict=True)
    rows += [("circuit", provider, *place, "", "") for place in places if place[0] is not None]
    return _frame(rows, APPEARANCES)


def races_of(results: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """The columns of the race results alone."""
    rows = [row for row, code in enumerate(results["code"]) if code == _RACE]
    keys = ("season", "round", "code", "car_number", "driver_ref", "constructor_ref")
    return {key: [results[key][row] for row in rows] for key in keys}


def stored_races(store: Store) -> pd.DataFrame:
    """APPEARANCES in the races of every history that the store holds."""
    return _stored(store, code=_RACE)


def around(store: Store, appearances: pd.DataFrame) -> pd.DataFrame:
    """APPEARANCES in histories, of the seasons and kinds of session in which FastF1's drivers appear."""
    f1 = appearances[appearances["provider"] == "f1"]
    seasons = sorted({int(season) for season in f1["season"]})
    codes = sorted({str(code) for code in f1["code"]} - {""})
    return _stored(store, season=seasons, code=codes) if codes else _frame([], APPEARANCES)


def session_facts(store: Store) -> Facts:
    """SUBJECTS and APPEARANCES of the store's sessions, those of generated ones left out.

    Al Kamel's are of other series: they have a season, but no start in common with Formula 1.
    """
    runs = store.read("ingest_runs")
    keys = {int(row): SessionKey.of_id(int(row)) for row in runs.loc[runs["source"] != _GENERATED, "session_id"]}
    keys = {number: key for number, key in keys.items() if key.series in _PROVIDERS}
    found = [_people(store, keys), _makers(store, keys), _places(store, keys)]
    subjects = pd.concat([one for one, _ in found], ignore_index=True)
    seen = pd.concat([one for _, one in found], ignore_index=True)
    return subjects.drop_duplicates(SUBJECTS[:3], ignore_index=True), seen.drop_duplicates(ignore_index=True)


def plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dictionaries whose missing values are None."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]


def _stored(store: Store, **where: Any) -> pd.DataFrame:
    found = [_frame([], APPEARANCES)]
    for provider in HISTORIES:
        events = store.read("history_events", provider=provider)
        if len(events):
            results = store.read("history_results", provider=provider, **where)
            found.append(history_appearances(provider, _lists(results), _lists(events)))
    return pd.concat(found, ignore_index=True)


def _lists(frame: pd.DataFrame) -> dict[str, list[Any]]:
    keys = [
        key
        for key in ("season", "round", "code", "car_number", "driver_ref", "constructor_ref", "circuit_ref")
        if key in frame
    ]
    return {key: frame[key].astype(object).where(frame[key].notna(), None).tolist() for key in keys}


def _people(store: Store, keys: dict[int, SessionKey]) -> Facts:
    subjects: Rows = []
    seen: Rows = []
    for row in plain(store.read("drivers")):
        key = keys.get(row["session_id"])
        if key is None:
            continue
        provider = _PROVIDERS[key.series]
        ref = own_id(row["provider_id"] if provider == "f1" else None, row["name"])
        if ref:
            subjects.append(("driver", provider, ref, row["name"], row["code"], None, row["nationality"]))
            seen.append(("driver", provider, ref, *_start(key, row["car_number"])))
    return _frame(subjects, SUBJECTS), _frame(seen, APPEARANCES)


def _makers(store: Store, keys: dict[int, SessionKey]) -> Facts:
    subjects: Rows = []
    seen: Rows = []
    for row in plain(store.read("entries")):
        key = keys.get(row["session_id"])
        # A team of Formula 1 makes its car; elsewhere teams buy theirs.
        maker = None if key is None else row["team" if key.series is Series.F1 else "manufacturer"]
        if key is not None and maker:
            subjects.append(("constructor", _PROVIDERS[key.series], maker, maker, None, None, None))
            seen.append(("constructor", _PROVIDERS[key.series], maker, *_start(key, row["car_number"])))
    return _frame(subjects, SUBJECTS), _frame(seen, APPEARANCES)


def _places(store: Store, keys: dict[int, SessionKey]) -> Facts:
    events = {key.event_id: key for key in keys.values()}
    subjects: Rows = []
    seen: Rows = []
    for row in plain(store.read("events")):
        key = events.get(row["event_id"])
        if key is not None and row["circuit"]:
            subjects.append(
                ("circuit", _PROVIDERS[key.series], row["circuit"], row["circuit"], None, None, row["country"])
            )
            seen.append(("circuit", _PROVIDERS[key.series], row["circuit"], *_start(key, "", "")))
    return _frame(subjects, SUBJECTS), _frame(seen, APPEARANCES)


def _start(key: SessionKey, car_number: str, code: str | None = None) -> tuple[Any, ...]:
    if key.series is not Series.F1:
        return key.season, None, None, None
    return key.season, key.round, key.code if code is None else code, car_number


def _frame(rows: Rows, columns: Iterable[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns), dtype=object)
