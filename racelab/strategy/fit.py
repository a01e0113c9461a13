"""The race model of a session, fitted from its stored laps and those of earlier races of the series."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from racelab.analysis.pace import clean_laps
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput
from racelab.strategy import habits, state
from racelab.strategy.model import Floats, RaceArrays, RaceModel
from racelab.strategy.pacefit import PaceFit, fit_pace


@dataclass(frozen=True, slots=True)
class RaceFrames:
    """What the store holds of a race: laps, entries and results as frames, and its row of `sessions`."""

    key: SessionKey
    laps: pd.DataFrame
    entries: pd.DataFrame
    results: pd.DataFrame
    session: "pd.Series[Any]"


def fit_race(race: RaceFrames, earlier: list[RaceFrames], from_lap: int) -> RaceModel:
    """Fit the race from a lap of the leader on.

    From a lap on only the laps completed by then are used. From the start (0) all laps of the race are, so
    that the answer is what the race could have been given the pace that it showed, and no forecast; the
    model says so in ``fitted_from``. How often cars retire and races are neutralised is taken from
    earlier races of the series too, and stops from them where this race shows none yet.

    Raises:
        BadInput: the session has no timed laps, or nobody completed ``from_lap``.
    """
    whole = state.prepare(race.laps, race.entries)
    known, now = state.known_at(whole.laps, from_lap) if from_lap else (whole.laps, 0.0)
    cars = len(whole.numbers)
    pace, known = _pace(known, whole)
    past = [_past(frames) for frames in earlier]
    laps, duration = state.race_length(whole.laps, race.session, race.key.series)
    stops = _two_compounds(_stops(known, whole, past, from_lap, laps), race.key.series, laps)
    stand = state.standing(known, cars, now, float(pace.base.mean())) if from_lap else state.at_start(known, cars)
    grid = state.grid_places(whole.laps, race.results, whole.numbers)
    extra, step, scatter = habits.fit_start(known, grid, len(whole.groups))
    neutral = habits.fit_neutral([known, *(laps for laps, _ in past)], race.key.series)
    outs = [state.retired(whole.laps, cars) if not from_lap else 1 - stand.running, *(out for _, out in past)]
    passing = habits.fit_passing(known)
    arrays = RaceArrays(
        base=pace.base, base_sd=pace.base_sd, noise=pace.noise, class_of=whole.class_of,
        clock=stand.clock + stand.leaves * stops.pit_out[whole.class_of], done=stand.done, age=stand.age,
        compound=stand.compound, running=stand.running, grid=grid, trend=pace.trend, wear=pace.wear,
        offset=pace.offset, stint_mean=stops.stint_mean, stint_sd=stops.stint_sd, follows=stops.follows,
        pit_in=stops.pit_in, pit_out=stops.pit_out, pit_sd=stops.pit_sd, start_extra=extra, start_step=step,
        start_sd=scatter, pass_level=passing[0], pass_slope=passing[1],
        retire=habits.fit_retirement([known, *(laps for laps, _ in past)], outs, len(whole.groups)),
        neutral_rate=neutral.rate, neutral_mean=neutral.mean, neutral_ratio=neutral.ratio, bunches=neutral.bunches,
        laps=laps, duration=duration,
    )  # fmt: skip
    words = f"laps 1 to {from_lap} of the race" if from_lap else "all laps of the race itself, in hindsight"
    names = tuple(whole.groups[index] for index in whole.class_of)
    return RaceModel(
        whole.numbers, names, whole.compounds, arrays, words + (f" and {len(past)} earlier" if past else "")
    )


def _pace(known: pd.DataFrame, whole: state.Prepared) -> tuple[PaceFit, pd.DataFrame]:
    clean = clean_laps(known)
    if len(clean) < 3:
        raise BadInput("too few clean laps to fit the cars' pace: choose a later --from-lap")
    pace = fit_pace(clean, whole.class_of, len(whole.compounds))
    return pace, known.assign(expected=_expected(pace, known))


def _expected(pace: PaceFit, laps: pd.DataFrame) -> Floats:
    parts = [laps[key].to_numpy(dtype=np.int64) for key in ("car", "lap_number", "tyre", "age")]
    return pace.expected(*parts)


def _past(frames: RaceFrames) -> tuple[pd.DataFrame, Any]:
    """An earlier race's laps with what was expected of them (its own car's median), and who retired."""
    done = state.prepare(frames.laps, frames.entries)
    median = clean_laps(done.laps).groupby("car")["lap_time_ms"].median().astype("float64")
    expected = done.laps["car"].map(median).fillna(float(median.median()))
    return done.laps.assign(expected=expected.to_numpy()), state.retired(done.laps, len(done.numbers))


def _two_compounds(stops: habits.Stops, series: Series, laps: int) -> habits.Stops:
    """Formula 1 asks for two compounds, so where nobody has shown a stop yet everyone makes one at half distance."""
    if series is not Series.F1 or not laps or (stops.stint_mean < habits.NEVER).any():
        return stops
    return replace(stops, stint_mean=np.full_like(stops.stint_mean, laps / 2), stint_sd=stops.stint_sd + laps / 10)


def _stops(
    known: pd.DataFrame, whole: state.Prepared, past: list[tuple[pd.DataFrame, Any]], from_lap: int, laps: int
) -> habits.Stops:
    """Stops as the race shows them; before its end, with the stints of earlier races of the series beside its own.

    Half a race tells little of stints, for the long ones are still going on. ``laps`` is the race's length,
    0 where it runs for a time: stints of a race over laps are taken in proportion to its length.
    """
    groups, kinds = len(whole.groups), len(whole.compounds)
    if not from_lap or not past:
        return habits.fit_stops(known, groups, kinds)
    names = {name: index for index, name in enumerate(whole.groups)}
    tyres = {name: index for index, name in enumerate(whole.compounds)}
    frames = [known]
    for index, (each, _) in enumerate(past, 1):
        scale = laps / float(each["lap_number"].max()) if laps else 1.0
        group, tyre = each["car_class"].map(names), each["compound"].map(tyres)
        held = each.assign(group=group.fillna(0).astype(int), tyre=tyre.fillna(0).astype(int))
        frames.append(held.assign(car=each["car"] + 1_000 * index, age=(each["age"] * scale).round().astype(int)))
    return habits.fit_stops(pd.concat(frames, ignore_index=True), groups, kinds)
