"""Events and sessions: their codes, names and ids."""

from dataclasses import dataclass
from datetime import datetime

from racelab.domain.series import Series

# Ours -> spec, long name. The position in this table is part of the session's id: append, never reorder.
_CODES: dict[str, tuple[str, str]] = {
    "FP1": ("EL1", "Practice 1"),
    "FP2": ("EL2", "Practice 2"),
    "FP3": ("EL3", "Practice 3"),
    "FP4": ("EL4", "Practice 4"),
    "WUP": ("WUP", "Warm-up"),
    "Q": ("Q", "Qualifying"),
    "Q1": ("Q1", "Qualifying 1"),
    "Q2": ("Q2", "Qualifying 2"),
    "Q3": ("Q3", "Qualifying 3"),
    "Q4": ("Q4", "Qualifying 4"),
    "SQ": ("SQ", "Sprint Qualifying"),
    "S": ("SPRINT", "Sprint"),
    "R": ("RACE", "Race"),
    "R1": ("RACE1", "Race 1"),
    "R2": ("RACE2", "Race 2"),
    "R3": ("RACE3", "Race 3"),
    "QR": ("QR", "Qualifying Race"),
    "PQ": ("PQ", "Pre-qualifying"),
    "T": ("TEST", "Test"),
}
_SPELLINGS = {
    "COURSE": "R", "SPRINT SHOOTOUT": "SQ", "SS": "SQ", "WARM UP": "WUP", "WARMUP": "WUP",
    **{f"FREE PRACTICE {n}": f"FP{n}" for n in range(1, 5)},
    **{spec: ours for ours, (spec, _) in _CODES.items()},
    **{long.upper(): ours for ours, (_, long) in _CODES.items()},
    **{ours: ours for ours in _CODES},
}  # fmt: skip
# Rounds of the series' own calendars have two digits in an id; local sessions are numbered as they are made.
_ROUNDS, _LOCAL_ROUNDS = 100, 1_000_000
RACES = frozenset({"R", "R1", "R2", "R3", "S", "QR"})


def read_code(text: str) -> str:
    """The session code for any of its spellings: ``RACE``, ``COURSE``, ``Race`` and ``R`` are ``R``.

    Raises:
        ValueError: there is no such session code.
    """
    code = _SPELLINGS.get(text.strip().upper())
    if code is None:
        raise ValueError(f"no session code {text!r}: use one of {', '.join(_CODES)}")
    return code


def spec_code(code: str) -> str:
    """The code as exported files write it: ``EL1`` for ``FP1``, ``RACE`` for ``R``."""
    return _CODES[code][0]


def code_name(code: str) -> str:
    """The session code in words: Race for ``R``; a code that is none of ours stays as it is."""
    return _CODES[code][1] if code in _CODES else code


@dataclass(frozen=True, slots=True)
class SessionKey:
    """What names a session in every source: ``f1/2025/1/R``."""

    series: Series
    season: int
    round: int
    code: str

    def __post_init__(self) -> None:
        if not 1900 <= self.season <= 2999 or not 0 <= self.round < _rounds(self.series) or self.code not in _CODES:
            raise ValueError(f"no such session: {self}")

    def __str__(self) -> str:
        return f"{self.series.value}/{self.season}/{self.round}/{self.code}"

    @property
    def event_id(self) -> int:
        """Series digit, season and round (six digits for local ones): the same in every store and after every rebuild."""
        return (self.series.digit * 10_000 + self.season) * _rounds(self.series) + self.round

    @property
    def session_id(self) -> int:
        """The event's id and two digits for the session; f1/2025/1/R is 120250113."""
        return self.event_id * 100 + list(_CODES).index(self.code) + 1

    @property
    def name(self) -> str:
        """The session's name in words."""
        return _CODES[self.code][1]

    @property
    def is_race(self) -> bool:
        """Whether cars race each other for places here."""
        return self.code in RACES

    @classmethod
    def read(cls, text: str) -> "SessionKey":
        """The key for ``series/season/round/session``.

        Raises:
            ValueError: the text is not of that form.
        """
        parts = text.strip().split("/")
        if len(parts) != 4 or not (parts[1].isdecimal() and parts[2].isdecimal()):
            raise ValueError(f"no session is named {text!r}: write series/season/round/session, such as f1/2025/1/R")
        return cls(Series.read(parts[0]), int(parts[1]), int(parts[2]), read_code(parts[3]))

    @classmethod
    def of_id(cls, session_id: int) -> "SessionKey":
        """The key that an id stands for.

        Raises:
            ValueError: no session can have this id.
        """
        event_id, index = divmod(session_id, 100)
        local = event_id >= Series.LOCAL.digit * 10_000 * _LOCAL_ROUNDS
        rest, round_ = divmod(event_id, _LOCAL_ROUNDS if local else _ROUNDS)
        digit, season = divmod(rest, 10_000)
        known = 1 <= digit <= len(Series) and 1 <= index <= len(_CODES)
        if not known or local != (digit == Series.LOCAL.digit):
            raise ValueError(f"no session has the id {session_id}: see `racelab sessions`")
        return cls(list(Series)[digit - 1], season, round_, list(_CODES)[index - 1])


def _rounds(series: Series) -> int:
    return _LOCAL_ROUNDS if series is Series.LOCAL else _ROUNDS


@dataclass(frozen=True, slots=True)
class Event:
    """A meeting: a race weekend at a circuit."""

    name: str
    circuit: str | None = None
    country: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One session of an event; times are UTC and null where the source does not tell."""

    key: SessionKey
    start_utc: datetime | None = None
    end_utc: datetime | None = None
    scheduled_ms: int | None = None
    scheduled_laps: int | None = None
    lap_length_m: float | None = None
    status: str = "finished"
    status_note: str | None = None
