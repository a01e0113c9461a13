"""Random records of a session, for property tests of whatever folds them."""

from hypothesis import strategies as st

from racelab.domain.entries import Driver, Entry
from racelab.domain.flags import Flag, RaceControlMessage, SessionStatus, TrackStatus
from racelab.domain.laps import Lap, PitStop
from racelab.domain.records import Clock, Repair, Timing, Weather
from racelab.domain.tyres import Compound
from racelab.live.state import FINISHED, OUT_LAP, PIT, RETIRED, RUNNING

NUMBERS = ["1", "2", "3", "007"]
NAMES = ["Anna", "Berta", "Cléo"]
MS = st.integers(0, 10_000_000)
NUMBER = st.sampled_from(NUMBERS)
COUNT = st.none() | st.integers(0, 40)
COMPOUND = st.none() | st.sampled_from(list(Compound))
CREW = tuple(Driver(seat, name) for seat, name in enumerate(NAMES, 1))

RECORD = st.one_of(
    st.builds(Entry, NUMBER, st.sampled_from(["A", "B", None]), drivers=st.sampled_from([(), CREW, CREW[:1]])),
    st.builds(
        Lap, NUMBER, st.integers(0, 40), seat=st.none() | st.integers(1, 4), lap_time_ms=st.none() | MS,
        end_ms=st.none() | MS, stint=st.none() | st.integers(1, 5), s1_ms=st.none() | MS, pit_in=st.booleans(),
        compound=COMPOUND, tyre_age=COUNT, deleted=st.none() | st.booleans(),
    ),
    st.builds(
        Timing, NUMBER, MS, position=st.none() | st.integers(1, 5), laps=COUNT,
        gap_ms=st.none() | MS, gap_laps=st.none() | st.integers(0, 9), last_lap_ms=st.none() | MS,
        best_lap_ms=st.none() | MS, s1_ms=st.none() | MS, s2_ms=st.none() | MS, driver=st.none() | st.sampled_from(NAMES),
        status=st.none() | st.sampled_from([RUNNING, PIT, OUT_LAP, FINISHED, RETIRED]), stops=COUNT,
        compound=COMPOUND, tyre_age=COUNT, energy_pct=st.none() | st.floats(0, 100),
    ),
    st.builds(
        PitStop, NUMBER, st.integers(0, 40), in_ms=st.none() | MS, out_ms=st.none() | MS,
        seat_out=st.none() | st.integers(1, 4), compound=COMPOUND,
    ),
    st.builds(TrackStatus, MS, st.sampled_from(list(Flag)), st.none() | st.text(max_size=5)),
    st.builds(SessionStatus, MS, st.sampled_from(["started", "finished"])),
    st.builds(
        RaceControlMessage, st.integers(1, 9), st.text(max_size=20), st.none() | MS,
        st.none() | st.datetimes(timezones=st.timezones()), flag=st.sampled_from([None, "CHEQUERED", "BLUE"]),
    ),
    st.builds(Weather, MS, st.none() | st.datetimes(), air_c=st.none() | st.floats(-20, 60), rain=st.none() | st.booleans()),
    st.builds(Clock, MS, elapsed_ms=MS, remaining_laps=COUNT),
    st.just(Repair("rule", "laps", "1/2", "lap_time_ms", None, "3", "why")),
)  # fmt: skip
