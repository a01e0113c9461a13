"""The sample season: what is raced, where and when; all of it made up."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from racelab.domain.sessions import Event, SessionKey
from racelab.sources.sample.parameters import F1, GRCUP, WEC, SeriesModel

SEASON = 2099


@dataclass(frozen=True, slots=True)
class Plan:
    """One session to generate: its length by laps or time, and the fastest class's median clean lap."""

    key: SessionKey
    event: Event
    model: SeriesModel = field(repr=False)
    start: datetime
    lap_ms: int
    length_m: float
    laps: int | None = None
    duration_ms: int | None = None


def _plan(
    model: SeriesModel, round_: int, code: str, event: Event, when: tuple[int, int, int], lap: tuple[int, float],
    laps: int | None = None, duration_ms: int | None = None,
) -> Plan:  # fmt: skip
    start = datetime(SEASON, *when, tzinfo=UTC)
    return Plan(SessionKey(model.series, SEASON, round_, code), event, model, start, *lap, laps, duration_ms)


_LAKE = Event("Sample Grand Prix of the Lake", "Sample Lake Circuit", "Sampleland", "UTC")
_HILL = Event("Sample Grand Prix of the Hill", "Sample Hill Ring", "Sampleland", "UTC")
_COAST = Event("Sample 3 Hours of the Coast", "Sample Coast Circuit", "Sampleland", "UTC")
_PARK = Event("Sample Cup at the Park", "Sample Park Raceway", "Sampleland", "UTC")
_HOUR = 3_600_000
PLANS = (
    _plan(F1, 1, "Q", _LAKE, (3, 14, 14), (90_700, 5_300.0), duration_ms=_HOUR),
    _plan(F1, 1, "R", _LAKE, (3, 15, 14), (90_700, 5_300.0), laps=52),
    _plan(F1, 2, "R", _HILL, (3, 29, 13), (84_200, 4_700.0), laps=50),
    _plan(WEC, 1, "R", _COAST, (4, 19, 11), (104_400, 5_400.0), duration_ms=3 * _HOUR),
    _plan(GRCUP, 1, "R1", _PARK, (5, 16, 18), (108_400, 4_000.0), duration_ms=45 * 60_000),
    _plan(GRCUP, 1, "R2", _PARK, (5, 17, 18), (108_400, 4_000.0), duration_ms=45 * 60_000),
)
