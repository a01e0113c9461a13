"""The walk-forward backtest of lap times in WEC, IMSA and GR Cup."""

import logging
from collections.abc import Iterator

import numpy as np
import pandas as pd

from racelab.domain.series import Series
from racelab.domain.sessions import RACES, SessionKey
from racelab.models.features import lap_features, race_laps
from racelab.models.laptime.endurance_model import EnduranceModel, fit
from racelab.store.protocol import Store

ENDURANCE = (Series.WEC, Series.IMSA, Series.GRCUP)
_BLOCKS = 4  # parts of a race: what ended before a part begins is learned before it, as it is live
_BEFORE = 4  # races before the first scored one whose errors make its intervals
_ERRORS = 20_000  # the newest errors that make the next interval
log = logging.getLogger("racelab")


def endurance_rows(store: Store, series: Series | None = None) -> pd.DataFrame:
    """The features of every race that the store holds, of one endurance series or of all.

    Returns:
        Rows of `lap_features` with ``series``, ``season``, ``circuit``, ``session``, ``begins_ms`` and ``over_ms``, the race's
        start and end in ms since 1970; no row where the store has no race with laps.
    """
    held = store.sessions()
    kept = [series.value] if series else [each.value for each in ENDURANCE]
    held = held[held["series"].isin(kept) & held["session"].isin(RACES) & (held["laps"] > 0)]
    frames = []
    for race in held.sort_values("start_utc").itertuples():
        key = SessionKey.of_id(int(race.id))
        rows = lap_features(race_laps(store, key), store.read("weather", key))
        begins = int(pd.Timestamp(race.start_utc).timestamp() * 1000) if pd.notna(race.start_utc) else int(race.id)
        over = begins + (int(rows["end_ms"].max()) if len(rows) else 0)
        frames.append(rows.assign(series=race.series, season=race.season, circuit=race.circuit, session=str(key), begins_ms=begins, over_ms=over))  # fmt: skip
    return (
        pd.concat([each for each in frames if len(each)], ignore_index=True)
        if any(map(len, frames))
        else pd.DataFrame()
    )


def walk(rows: pd.DataFrame, series: Series, first: int | None, last: int | None) -> pd.DataFrame:
    """Predict every scored lap of a series' seasons by what was over before it.

    A race is predicted by a model of all races that were over when it began; every quarter of it by that model and
    what had ended of the race itself. The intervals come from errors of laps predicted before, in the same way.

    Args:
        rows: of `endurance_rows`, of every series that may teach.
        series: the series that is scored.
        first: the first season that is scored, or all.
        last: the last season that is scored, or all.

    Returns:
        The scored laps with ``predicted, last_lap, median_of_five, low_80`` to ``high_90``, ``block`` (0 to 3) and ``ratio`` (of
        `EnduranceModel.errors`, from which a trained model gets its widths).
    """
    own = rows[(rows["series"] == series.value) & rows["season"].between(first or 0, last or 9999)]
    if own.empty:
        return own
    wanted = own.drop_duplicates("session_id").sort_values("begins_ms")["session_id"].tolist()
    errors, found = pd.DataFrame({"car_class": [], "ratio": []}), []
    for session_id in [*_before(rows, series, wanted[0]), *wanted]:
        race = rows[rows["session_id"] == session_id]
        for scored, new in _race(rows[rows["over_ms"] <= race["begins_ms"].iloc[0]], race, series, errors):
            errors = pd.concat([errors, new], ignore_index=True).tail(_ERRORS) if len(errors) else new
            if session_id in wanted:
                found.append(scored)
        log.info("%s: predicted lap by lap", SessionKey.of_id(int(session_id)))
    return pd.concat(found, ignore_index=True) if found else own.head(0)


def learned(store: Store, series: Series) -> tuple[EnduranceModel, pd.DataFrame, pd.DataFrame] | None:
    """The model of all races of a series, those of the others teaching too, with what it learned from and its backtest.

    The newest season of the series is scored, each race by models of what was over before; the errors there make the
    intervals of the model that is kept.

    Returns:
        The model, the rows of the series' own races and the scored laps with ``value``; None where they are too few.
    """
    rows = endurance_rows(store)
    own = rows[rows["series"] == series.value] if len(rows) else rows
    if own.empty:
        return None
    scored = walk(rows, series, int(own["season"].max()), None)
    model = fit(rows, series.value)
    if model is None or scored.empty:
        return None
    return model.with_widths(scored), own, scored.rename(columns={"predicted": "value"})


def _before(rows: pd.DataFrame, series: Series, first: int) -> list[int]:
    races = rows.drop_duplicates("session_id").sort_values("begins_ms")
    earlier = races[races["over_ms"] <= races.loc[races["session_id"] == first, "begins_ms"].iloc[0]]
    same = earlier[earlier["series"] == series.value]
    return [int(each) for each in (same if len(same) else earlier)["session_id"].tail(_BEFORE)]


def _race(
    earlier: pd.DataFrame, race: pd.DataFrame, series: Series, errors: pd.DataFrame
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Each block of a race, predicted, and its errors; nothing where too little was over before."""
    model = fit(earlier, series.value) if len(earlier) else None
    cuts = np.quantile(race["start_ms"], np.linspace(0, 1, _BLOCKS + 1))
    for block, (low, high) in enumerate(zip(cuts[:-1], [*cuts[1:-1], np.inf], strict=True)):
        ended = race[race["end_ms"] <= low]
        now = model.updated(ended) if model else fit(ended, series.value)
        part = race[race["is_scored"] & (race["start_ms"] >= low) & (race["start_ms"] < high)]
        if now is None or part.empty:
            continue
        new = now.errors(part)
        yield (
            _predicted(now.with_widths(errors) if len(errors) else now, part).assign(
                block=block, ratio=new["ratio"].to_numpy()
            ),
            new,
        )
        errors = pd.concat([errors, new], ignore_index=True) if len(errors) else new


def _predicted(model: EnduranceModel, part: pd.DataFrame) -> pd.DataFrame:
    found = model.predict(part).rename(columns={"value": "predicted"})
    return pd.concat([part, found], axis=1).assign(last_lap=part["naive_ms"], median_of_five=part["five_ms"])
