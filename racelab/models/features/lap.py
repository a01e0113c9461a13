"""What is known of a lap before it is driven, and what of it is to be predicted."""

import numpy as np
import pandas as pd

from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.models.features.endurance import ENDURANCE_FEATURES, endurance_features
from racelab.models.features.one_class import KEYS, KNOWN, ONE_CLASS_FEATURES, one_class_features

# All that a model may know of a lap; rows of a series have those of their kind, as `names` tells.
FEATURES = tuple(dict.fromkeys((*ONE_CLASS_FEATURES, *ENDURANCE_FEATURES)))
# Where the base is the pace of the last laps, a miss of one per cent is one unit of the target.
_ENDURANCE_SCALE = 0.01


def lap_features(laps: pd.DataFrame, weather: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row a clean lap; every feature is known when the lap begins.

    What other cars drove counts only if it ended before then.

    Args:
        laps: laps of one or more sessions of one series, as `load_laps` gives them, with ``car_class`` and, where
            earlier races tell it, ``reference_ms`` (`features.reference.race_laps` gives both).
        weather: readings of the sessions, which rows of endurance races have features of.

    Returns:
        ``session_id, car_number, lap_number, car_class, compound, start_ms, end_ms``; ``lap_time_ms`` (what is to be
        predicted), ``follows`` (the lap before was clean too: such laps are scored), ``naive_ms`` (the last clean lap;
        NaN before the first), ``recent_ms`` (the median of the last five), ``base_ms`` (what is expected, over which
        the target is taken), ``scale`` (the size of a miss, as a share) and the features of the kind of race.
    """
    if laps.empty:
        return pd.DataFrame(columns=list(dict.fromkeys((*KEYS, *KNOWN, *ONE_CLASS_FEATURES))))
    if not is_endurance(laps):
        return one_class_features(laps)
    frames = [endurance_features(part, _of(weather, part)) for _, part in laps.groupby("session_id", sort=True)]
    return as_rows(pd.concat([frame for frame in frames if len(frame)] or frames, ignore_index=True))


def _of(weather: pd.DataFrame | None, laps: pd.DataFrame) -> pd.DataFrame | None:
    """The readings of the laps' session."""
    if weather is None or "session_id" not in weather:
        return weather
    return weather[(weather["session_id"] == laps["session_id"].iloc[0]).to_numpy(dtype=bool)]


def is_endurance(laps: pd.DataFrame) -> bool:
    """Whether the laps are of a series whose cars change drivers and share the track with other classes."""
    return SessionKey.of_id(int(laps["session_id"].iloc[0])).series is not Series.F1


def as_rows(found: pd.DataFrame) -> pd.DataFrame:
    """Rows of an endurance race with the columns that every row has."""
    follows = found["is_scored"].astype(bool) if "is_scored" in found else False
    compound = pd.Series(pd.NA, found.index, dtype="string")
    return found.assign(follows=follows, scale=_ENDURANCE_SCALE, compound=compound)


def names(rows: pd.DataFrame) -> tuple[str, ...]:
    """The features that the rows have, by their kind of race."""
    return ONE_CLASS_FEATURES if "field_fast" in rows else ENDURANCE_FEATURES


def matrix(rows: pd.DataFrame) -> np.ndarray:
    """The features as a matrix, one row a lap; null where a source does not tell."""
    return np.asarray(rows[list(names(rows))].to_numpy(dtype="float32", na_value=np.nan))


def target(rows: pd.DataFrame) -> np.ndarray:
    """What is learned: the logarithm of the lap over its base, in units of ``scale``."""
    ratio = rows["lap_time_ms"].to_numpy(dtype="float64") / rows["base_ms"].to_numpy(dtype="float64")
    return np.asarray(np.log(ratio) / rows["scale"].to_numpy(dtype="float64"))


def in_ms(rows: pd.DataFrame, share: np.ndarray) -> np.ndarray:
    """The lap time in ms of which ``share`` is the `target`."""
    return np.asarray(rows["base_ms"] * np.exp(share * rows["scale"]), dtype="float64")


def weights(rows: pd.DataFrame) -> np.ndarray:
    """How many ms a unit of the `target` is, the mean made 1: so that what is learned counts errors in ms."""
    ms = np.asarray(rows["base_ms"] * rows["scale"], dtype="float64")
    return ms / ms.mean() if len(ms) else ms
