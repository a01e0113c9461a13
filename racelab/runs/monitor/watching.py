"""The newest laps of a race that is followed, looked at for anomalies."""

from dataclasses import replace
from pathlib import Path

from racelab.domain.sessions import SessionKey
from racelab.models import registry
from racelab.models.anomaly.forest import Forest
from racelab.models.anomaly.races import read_race
from racelab.models.anomaly.training import write_scores
from racelab.store.protocol import Store

LIVE = "live"
_NEWEST = 12  # laps of each car that are looked at: an event that still goes on is written anew as it grows


def watch(store: Store, key: SessionKey, models: Path) -> tuple[int, int, str]:
    """Score the newest completed laps of every car and write them, with events, into the table ``predictions``.

    Pit laps, laps at least partly under caution and the lap after are not judged and so never an alarm, but that the
    whole field was slow is known half a lap later: until then an alarm at the start of a caution may stand.

    Returns:
        How many laps were scored, how many events are among them, and the model's name.

    Raises:
        NotFound: no model of the series is trained yet.
        StoreError: the store cannot be read or written.
    """
    saved = registry.newest(models, "anomaly", key.series.value, passed=False)
    forest, name = Forest.of_parts(saved.parts), f"{LIVE}/{saved.name}"
    race = read_race(store, key, forest.pace)
    newest = race.rows.groupby("car_number")["lap_number"].transform("max")
    rows = race.rows[race.rows["lap_number"] > newest - _NEWEST]
    return len(rows), write_scores(store, replace(race, rows=rows), forest, name), name
