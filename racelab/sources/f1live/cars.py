"""One car's timing lines, update after update: what changes for the tower, and its laps."""

from dataclasses import dataclass, field
from typing import Any

from racelab.domain.records import Timing
from racelab.sources.f1live import specification as spec
from racelab.sources.f1live.align import Gaps
from racelab.sources.f1live.merge import items
from racelab.sources.f1live.rows import Rows
from racelab.sources.f1live.sync import Timed
from racelab.sources.f1live.tyres import Tyres
from racelab.sources.f1live.values import duration_ms, gap, part, whole

# The parts of a line that the tower shows, or that end laps; a line with none of them moves a marker on the map only.
_TOLD = frozenset(
    {
        "Position", "GapToLeader", "IntervalToPositionAhead", "TimeDiffToFastest", "TimeDiffToPositionAhead", "Stats",
        "NumberOfLaps", "LastLapTime", "BestLapTime", "BestLapTimes", "InPit", "PitOut", "Stopped", "Retired", "NumberOfPitStops",
    }
)  # fmt: skip
_FLAGS = ("InPit", "PitOut", "Stopped", "Retired")
_GAPS = (
    ("gap", ("GapToLeader", "TimeDiffToFastest")),
    ("interval", ("IntervalToPositionAhead", "TimeDiffToPositionAhead")),
)


@dataclass(slots=True)
class CarTrack:
    """What was seen of one car so far.

    ``live`` are its laps as they were told, the last two of which may still change; ``carried`` are the newest speeds;
    ``shown`` is what the tower was told. ``parts`` tells for each part of a qualifying, counted from 0, whether the car has
    a time in it, and ``has_best`` whether it has one at all; null is not told. ``is_placed``: the stream has told its place.
    ``fitted`` is the stint of the set whose age was told last.
    """

    car_number: str
    rows: Rows = field(default_factory=Rows)
    gaps: Gaps = field(default_factory=Gaps)
    tyres: Tyres = field(default_factory=Tyres)
    live: list[Timed] = field(default_factory=list)
    carried: dict[str, float] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)
    parts: dict[int, bool] = field(default_factory=dict)
    has_best: bool | None = None
    is_placed: bool = False
    is_done: bool = False
    grid: int | None = None
    fitted: int | None = None

    @property
    def behind_ms(self) -> int | None:
        """The car's distance to the leader now, 0 for himself; null where it is told in laps or not at all."""
        if not self.gaps.at:
            return None
        return 0 if self.gaps.leads[-1] else self.gaps.gap_ms[-1]

    def read(self, line: dict[str, Any], at: int) -> tuple[int, dict[str, Any]]:
        """Take an update: how many rows at the end may have changed, and what changed for the tower."""
        sectors = line.get("Sectors")
        if isinstance(sectors, list) and "RacingNumber" in line:
            return self.rows.join(line, at), self._changes(line, at)
        told = not _TOLD.isdisjoint(line)
        if not told and "Speeds" not in line and not _has_value(sectors):
            return 0, {}
        changed = self.rows.read(line, at)
        return changed, self._changes(line, at) if told or sectors is not None else {}

    def status(self) -> str | None:
        """The tower's word for what the car is doing, as far as the stream has told anything of it."""
        flags = self.flags
        if flags.get("Retired"):
            return spec.RETIRED
        if self.is_done:
            return spec.DONE
        if flags.get("InPit"):
            return spec.PIT
        if flags.get("Stopped"):
            return spec.STOPPED
        if flags.get("PitOut"):
            return spec.OUT_LAP
        return spec.RUNNING if flags else None

    def timing(self, changes: dict[str, Any], time_ms: int) -> Timing | None:
        """The tower's line for what changed; with a new place it is whole, as a place begins another comparison.

        A car that is out keeps its last gap in the stream; it has none.
        """
        shown = self.shown
        is_out = changes.get("status", shown.get("status")) in _OUT
        if is_out:
            changes = {name: value for name, value in changes.items() if name not in _NO_GAP} | _NO_GAP
        if not changes or (is_out and changes.items() <= shown.items()):
            return None
        shown |= changes
        if "position" not in changes and not is_out:
            return Timing(self.car_number, time_ms, **changes)
        kept = {name: shown.get(name) for name in _WHOLE}
        return Timing(self.car_number, time_ms, **(kept | changes))

    def tyre(self) -> dict[str, Any]:
        """What changes for the tower by the set that is on the car now.

        The next set may be as old as the one before was when it went on; its age is told once, and laps count on from it.
        """
        newest, changes = self.tyres.newest(), dict[str, Any]()
        if newest is None:
            return changes
        if newest.compound is not None and self.shown.get("compound") != newest.compound:
            changes["compound"] = newest.compound
        total = self.tyres.messages[-1].total_laps
        age = total if total is not None else newest.start_laps
        if age is not None and self.fitted != newest.stint:
            self.fitted, changes["tyre_age"] = newest.stint, age
        return changes

    def _changes(self, line: dict[str, Any], at: int) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if "GapToLeader" in line or "IntervalToPositionAhead" in line or "Position" in line:
            self._gap(line, at)
        if "Position" in line and (place := whole(line["Position"], 200)):
            changes["position"], self.is_placed = place, True
        for name, keys in _GAPS:
            for key in keys:
                if key in line:
                    changes |= _gap_of(name, line[key])
        if "Stats" in line:
            changes |= _stats(line["Stats"])
        changes |= self._times(line)
        if not _TOLD.isdisjoint(line):
            changes |= self._counts(line)
        return changes

    def _gap(self, line: dict[str, Any], at: int) -> None:
        """Remember the gap to the leader for aligning the cars' clocks."""
        shown = line.get("GapToLeader")
        if isinstance(shown, str) and shown:
            self.gaps.add(at, gap(shown)[0], "LAP" in shown)
        elif self.gaps.at:
            self.gaps.add(at, self.gaps.gap_ms[-1], self.gaps.leads[-1])

    def _times(self, line: dict[str, Any]) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        sectors = line.get("Sectors")
        if isinstance(sectors, dict):
            for key, index in spec.SECTORS:
                value = duration_ms(part(sectors.get(key), "Value"))
                if value is not None:
                    changes[f"s{index + 1}_ms"] = value
        if "LastLapTime" in line and (last := duration_ms(part(line["LastLapTime"], "Value"))) is not None:
            changes["last_lap_ms"] = last
        if "BestLapTime" in line and isinstance(told := part(line["BestLapTime"], "Value"), str):
            best = duration_ms(told)
            # A blank where there was a time takes it away; before the first one it says nothing.
            self.has_best = True if best is not None else False if self.has_best else self.has_best
            changes |= {"best_lap_ms": best} if best is not None else {}
        if "BestLapTimes" in line:
            times = ((index, part(one, "Value")) for index, one in items(line["BestLapTimes"]))
            told_parts = {index: bool(time) for index, time in times if time is not None and index < 9}
            self.parts |= {index: has for index, has in told_parts.items() if has or index in self.parts}
        return changes

    def _counts(self, line: dict[str, Any]) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if "NumberOfLaps" in line and self.rows.done is not None and self.rows.done != self.shown.get("laps"):
            changes["laps"] = self.rows.done
        if "NumberOfPitStops" in line and (stops := whole(line["NumberOfPitStops"], 200)) is not None:
            changes["stops"] = stops
        for name in _FLAGS:
            value = line.get(name)
            if isinstance(value, bool):
                self.flags[name] = value
        status = self.status()
        if status is not None and status != self.shown.get("status"):
            changes["status"] = status
        return changes


_OUT = frozenset({spec.STOPPED, spec.RETIRED})
_NO_GAP: dict[str, Any] = {"gap_ms": None, "gap_laps": None, "interval_ms": None, "interval_laps": None}
# A set's age is told when it goes on; told again later it would undo the laps since.
_WHOLE = (
    "position",
    "gap_ms", "gap_laps", "interval_ms", "interval_laps", "laps", "stops", "status", "best_lap_ms",
)  # fmt: skip


def _has_value(sectors: Any) -> bool:
    return isinstance(sectors, dict) and any(part(sector, "Value") for sector in sectors.values())


def _gap_of(name: str, told: Any) -> dict[str, int | None]:
    """A gap or interval: both its parts, since the one that is not told is none."""
    shown = told.get("Value") if isinstance(told, dict) else told
    if not isinstance(shown, str):
        return {}
    millis, laps = gap(shown)
    return {f"{name}_ms": millis, f"{name}_laps": laps}


def _stats(stats: Any) -> dict[str, int | None]:
    """The gaps of qualifying, which are told for each of its parts; the newest part stands last."""
    if not isinstance(stats, dict) or not stats:
        return {}
    changes: dict[str, int | None] = {}
    for told in stats.values():
        for name, keys in (
            ("gap", ("TimeDiffToFastest",)),
            ("interval", ("TimeDifftoPositionAhead", "TimeDiffToPositionAhead")),
        ):
            for key in keys:
                if (value := part(told, key)) is not None:
                    changes |= _gap_of(name, value)
    return changes
