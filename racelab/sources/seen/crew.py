"""A car's crew as it is seen: the service names whoever drives now, and seats count in the order of their names."""

from dataclasses import dataclass, field

from racelab.domain.entries import Driver, Entry

_SEATS = 20


@dataclass(slots=True)
class Crew:
    """The drivers seen so far; ``seat`` is that of the one who drives now."""

    names: list[str] = field(default_factory=list)
    seat: int | None = None
    entry: Entry | None = None

    @property
    def driver(self) -> str | None:
        """Who drives now."""
        return self.names[self.seat - 1] if self.seat else None

    def named(self, name: str | None) -> bool:
        """Somebody is named as the driver; returns whether it is another one than before."""
        if name is None:
            return False
        if name not in self.names:
            if len(self.names) >= _SEATS:
                return False
            self.names.append(name)
        before, self.seat = self.seat, self.names.index(name) + 1
        return before is not None and before != self.seat

    def enter(self, entry: Entry) -> Entry | None:
        """The entry with the crew so far; None where it was told like this before."""
        whole = Entry(
            entry.car_number, entry.car_class, entry.group, entry.team, entry.manufacturer, entry.vehicle,
            drivers=tuple(Driver(seat, name) for seat, name in enumerate(self.names, 1)),
        )  # fmt: skip
        if whole == self.entry:
            return None
        self.entry = whole
        return whole
