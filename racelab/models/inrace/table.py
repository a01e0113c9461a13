"""Moments of many races in one frame, each with the form that was known before its event and what came of it."""

import logging
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.models.inrace.features import features
from racelab.models.inrace.finals import finals
from racelab.models.inrace.form import Form
from racelab.models.inrace.lengths import moment
from racelab.models.inrace.races import Race, races, read_race
from racelab.models.inrace.state import relative_pace, state
from racelab.store.protocol import Store

SHARES = (0.25, 0.5, 0.75)
TEACHING = (0.125, 0.25, 0.5, 0.75, 0.875)
ENDURANCE = (Series.WEC, Series.IMSA)
_LOG_EVERY = 20
log = logging.getLogger("racelab")


def taught_by(series: Series) -> tuple[Series, ...]:
    """The series whose races teach the model of a series.

    WEC and IMSA learn from one another. GR Cup stands alone: its short races have no stops, and what races with stops teach
    would move its cars for no reason.
    """
    return ENDURANCE if series in ENDURANCE else (series,)


def table(store: Store, teachers: Sequence[Series], shares: Sequence[float] = TEACHING) -> tuple[pd.DataFrame, Form]:
    """Every moment of every race of these series, races in the order of their starts; and the form after all of them.

    Returns:
        Rows of `features.features` with ``mark`` (the share of the distance that the moment stands for), ``final``,
        ``retired``, ``source`` of the places, ``series, season, session, event_id, circuit`` and ``turn`` (the event's
        number in time); a race that never came to a share has no rows for it. No rows at all where there are no races.
    """
    keys = [key for key in races(store) if key.series in teachers]
    form, frames = Form(), []
    pending: list[tuple[Race, pd.DataFrame]] = []
    turn = 0
    for number, key in enumerate(keys):
        if pending and pending[-1][0].key.event_id != key.event_id:
            turn += 1
            learn(form, pending)
            pending = []
        race = read_race(store, key)
        places = finals(store, race)
        frames += list(_moments(race, places, form, turn, shares))
        pending.append((race, places))
        if (number + 1) % _LOG_EVERY == 0:
            log.info("read %d of %d races", number + 1, len(keys))
    learn(form, pending)
    return (pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()), form


def learn(form: Form, over: Sequence[tuple[Race, pd.DataFrame]]) -> None:
    """Add races that are over, with their `finals`, to the form."""
    for race, places in over:
        if race.laps.empty:
            continue
        pace = relative_pace(state(race, float("inf"))).groupby("car")["pace"].median()
        form.learn(race, places, pace.reindex(range(len(race.cars))))


def _moments(
    race: Race, places: pd.DataFrame, form: Form, turn: int, shares: Sequence[float]
) -> Iterator[pd.DataFrame]:
    before = form.of(race)
    for share in shares:
        at = moment(race.length, race.laps, share)
        if at is None:
            continue
        yield features(race, at, before).drop(columns="crew").assign(
            mark=share, final=places["place"].to_numpy(), retired=places["retired"].to_numpy(), source=places["source"].to_numpy(),
            **names(race.key), circuit=race.circuit, turn=turn,
        )  # fmt: skip


def names(key: SessionKey) -> dict[str, object]:
    """The columns that name a race."""
    return {
        "series": key.series.value, "season": key.season, "round": key.round, "session": key.code,
        "event_id": np.int64(key.event_id), "race": str(key),
    }  # fmt: skip
