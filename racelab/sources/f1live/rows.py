"""A car's laps as they come in: which value of the stream belongs to which lap.

The rules are those of FastF1's lap table, applied message by message: a lap ends when the car's count of laps rises, what
comes within five seconds after it still belongs to it, and a pit exit within five seconds before it to the next one.
"""

from dataclasses import dataclass, field
from typing import Any

from racelab.sources.f1live import specification as spec
from racelab.sources.f1live.track import Track
from racelab.sources.f1live.values import duration_ms, number, part, whole


@dataclass(slots=True)
class Row:
    """A lap: times are ms since 1970, durations ms. ``at`` is when the stream told its end, null while it is driven.

    ``is_blank`` says that the stream told expressly that there is no lap time; ``was_in`` and ``was_out`` that the car
    came into the pits or left them in this lap at an instant that is not known, as no message told it; ``pit_out_before`` is an earlier exit in
    the same lap, which counts again if the later one turns out to be the next lap's.
    """

    number: int = 0
    at: int | None = None
    lap_ms: int | None = None
    is_blank: bool = False
    was_in: bool = False
    was_out: bool = False
    sectors: list[int | None] = field(default_factory=lambda: [None, None, None])
    sectors_at: list[int | None] = field(default_factory=lambda: [None, None, None])
    speeds: dict[str, float] = field(default_factory=dict)
    pit_in: int | None = None
    pit_out: int | None = None
    pit_out_before: int | None = None

    @property
    def is_in_or_out(self) -> bool:
        """Whether the lap went through the pits."""
        return self.pit_in is not None or self.pit_out is not None or self.was_in or self.was_out

    @property
    def has_data(self) -> bool:
        """Whether anything was measured in the lap."""
        return self.lap_ms is not None or bool(self.speeds) or any(one is not None for one in self.sectors)


@dataclass(slots=True)
class Rows:
    """One car's laps. The last row is the lap under way; ``counted`` is the stream's own count of laps.

    ``stops`` counts pit exits, the first one included, so that it is -1 until the car has come out. ``missed`` are laps
    that no message told, and ``is_late`` says that the car had driven before the first message.
    """

    track: Track = field(default_factory=Track)
    rows: list[Row] = field(default_factory=lambda: [Row()])
    counted: int | None = None
    stops: int = -1
    is_in: bool | None = None
    phantom: int = 0
    missed: list[int] = field(default_factory=list)
    is_late: bool = False
    _is_past: bool = False

    @property
    def done(self) -> int | None:
        """Laps that are complete, by our count."""
        return None if self.counted is None else max(self.counted - self.phantom, 0)

    def join(self, line: dict[str, Any], at: int) -> int:
        """Take the car's full state: what it tells belongs to laps before, so that it starts the count and no lap.

        Of what happened since the last message it tells the last lap's time, and whether the car came in or left the
        pits; returns how many rows at the end may have changed, as `read` does.
        """
        changed = 0
        told = whole(line.get("NumberOfLaps"), spec.MOST_LAPS)
        if self.counted is None:
            self.counted = told or 0
            self._begin_late()
        elif told is not None and told > self.counted:
            self._miss(told + 1)
            self.counted = told
            self.rows[-1] = Row()
        elif told == self.counted:
            self._moved(line.get("InPit"), at)
            changed = self._last(part(line.get("LastLapTime"), "Value"))
        is_in = line.get("InPit")
        if isinstance(is_in, bool):
            self.is_in = is_in
        if self.counted or is_in is False:
            self.stops = max(self.stops, 0)
        return changed

    def _moved(self, is_in: Any, at: int) -> None:
        """Note that the car came in or out since the last message, if the lap under way is one of the session."""
        has_begun = not self.track.is_race or (self.track.start is not None and at >= self.track.start)
        if self.stops < 0 or not has_begun or self.is_in is None or not isinstance(is_in, bool) or is_in == self.is_in:
            return
        if is_in:
            self.rows[-1].was_in = True
        else:
            self.rows[-1].was_out = True

    def _last(self, told: Any) -> int:
        """Take the time of the last complete lap, where its message did not come and the time is no earlier lap's."""
        value = duration_ms(told)
        if value is None or len(self.rows) < 2 or self.rows[-2].lap_ms is not None or self.rows[-2].is_blank:
            return 0
        before = self.rows[-3] if len(self.rows) > 2 else None
        is_known = self.rows[-2].number <= 2 or (before is not None and before.lap_ms not in (None, value))
        if not is_known or value >= spec.LONG_LAP_MS:
            return 0
        self.rows[-2].lap_ms = value
        return 2

    def read(self, line: dict[str, Any], at: int) -> int:
        """Take an update of the car's line; returns how many rows at the end may have changed: 0, 1 or 2."""
        told = line.get("NumberOfLaps")
        count = whole(told, spec.MOST_LAPS) if told is not None else None
        if self._ignores(count):
            return 0
        changed = 0
        closed = self.rows[-2] if len(self.rows) > 1 else None
        late = closed is not None and closed.at is not None and at - closed.at < spec.LATE_MS
        row = closed if late and closed is not None else self.rows[-1]
        if "Sectors" in line:
            changed = max(changed, self._sectors(line["Sectors"], row, at))
        if "LastLapTime" in line:
            changed = max(changed, _lap_time(line["LastLapTime"], row))
        if "Speeds" in line:
            changed = max(changed, _speeds(line["Speeds"], row, self.rows[-1]))
        if changed and row is closed:
            changed = 2
        if "InPit" in line:
            changed = max(changed, self._pit(line["InPit"], at))
        if count is not None and count > (self.counted or 0):
            self._close(count, at)
            changed = 2
        return changed

    def _ignores(self, count: int | None) -> bool:
        """Whether the stream repeats its past: a lower count begins it, the known one ends it."""
        if count is not None and self.counted is not None:
            self._is_past = count < self.counted
        return self._is_past

    @staticmethod
    def _sectors(sectors: Any, row: Row, at: int) -> int:
        # A list is the state before the first lap, or before the connection.
        if not isinstance(sectors, dict):
            return 0
        changed = 0
        for key, index in spec.SECTORS:
            sector = sectors.get(key)
            if sector is None:
                continue
            value = duration_ms(part(sector, "Value"))
            if value is not None:
                row.sectors[index], row.sectors_at[index] = value, at
                changed = 1
        return changed

    def _pit(self, is_in: Any, at: int) -> int:
        row = self.rows[-1]
        if not isinstance(is_in, bool):
            return 0
        # A car of which nothing was told before must have been out to come in.
        self.stops = max(self.stops, 0) if is_in and self.is_in is None else self.stops
        self.is_in = is_in
        if is_in:
            if self.stops >= 0:
                row.pit_in = at
            return 1
        row.pit_out_before, row.pit_out = row.pit_out, at
        self.stops += 1
        return 1

    def _close(self, count: int, at: int) -> None:
        self.stops = max(self.stops, 0) if self.is_in is None else self.stops
        if self.stops < 0:
            # The count rose before the car had come out: no lap was driven.
            self.phantom += count - (self.counted or 0)
            self.counted = count
            return
        joins = self.counted is None and count > 1
        if joins:
            self.counted = count
            self._begin_late()
        else:
            self._miss(count)
        row, following = self.rows[-1], Row()
        if row.pit_out is not None and at - row.pit_out < spec.LATE_MS:
            following.pit_out, row.pit_out, row.pit_out_before = row.pit_out, row.pit_out_before, None
        if len(self.rows) == 1 and row.pit_in is not None and row.pit_out is not None and row.pit_in < row.pit_out:
            # Cars may drive through the pit lane on their way to the grid: that is no stop.
            row.pit_in = None
        self.counted = count
        row.number, row.at = count - self.phantom, at
        self.rows.append(following)
        self._drop_empty_first()

    def _begin_late(self) -> None:
        """Outside of races the stream also counts a car's first way out of the pits, which is no lap."""
        self.is_late = bool(self.counted)
        if self.is_late and not self.track.is_race:
            self.phantom = 1

    def _miss(self, count: int) -> None:
        """Note the laps between the known count and the one that is now complete."""
        before = self.counted or 0
        self.missed += range(before + 1 - self.phantom, count - self.phantom)

    def _drop_empty_first(self) -> None:
        """A first lap without any value was none, which is known once the second one is complete."""
        if len(self.rows) == 3 and self.rows[0].number == 1 and not self.rows[0].has_data:
            del self.rows[0]
            self.phantom += 1
            self.rows[0].number -= 1


def _lap_time(last: Any, row: Row) -> int:
    told = part(last, "Value")
    if told is None:
        return 0
    value = duration_ms(told)
    if value is None:
        row.lap_ms, row.is_blank = None, True
        return 1
    total = _sum(row.sectors)
    if value < spec.LONG_LAP_MS or value == total:
        row.lap_ms, row.is_blank = value, False
        return 1
    return 0


def _sum(sectors: list[int | None]) -> int | None:
    s1, s2, s3 = sectors
    return None if s1 is None or s2 is None or s3 is None else s1 + s2 + s3


def _speeds(speeds: Any, row: Row, under_way: Row) -> int:
    if not isinstance(speeds, dict):
        return 0
    changed = 0
    for trap in spec.SPEED_TRAPS:
        told = speeds.get(trap)
        value = number(part(told, "Value") or None, 1, 500) if told is not None else None
        if value is not None:
            # The trap on the straight may lie right after the line: its value is never late.
            (under_way if trap == "ST" else row).speeds[trap] = value
            changed = 1
    return changed
