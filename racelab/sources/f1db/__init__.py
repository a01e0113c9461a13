"""f1db's CSV release (f1db.com, CC BY 4.0): every season since 1950."""

from pathlib import Path

from racelab.domain.history import History
from racelab.sources.csvzip import open_archive
from racelab.sources.f1db.entrants import read_entrants
from racelab.sources.f1db.events import formats_of, read_events
from racelab.sources.f1db.results import read_pit_stops, read_results
from racelab.sources.f1db.standings import read_standings
from racelab.sources.f1db.subjects import read_subjects

PROVIDER = "f1db"
VERSION = "reader 1"


def read(path: Path) -> History:
    """Everything that a release tells.

    Raises:
        BadInput: it is no f1db release or is damaged; names file, member and line.
    """
    with open_archive(path) as archive:
        events = read_events(archive)
        results, missing = read_results(archive, formats_of(events))
        others = {"history_pit_stops": read_pit_stops(archive), "history_entrants": read_entrants(archive)}
        return History(
            PROVIDER, path.name, archive.digest, VERSION,
            tables={
                "history_events": events, "history_results": results, "history_standings": read_standings(archive),
                **{name: columns or {} for name, columns in others.items()},
            },
            subjects=read_subjects(archive),
            missing=missing + [name for name, columns in others.items() if columns is None],
        )  # fmt: skip
