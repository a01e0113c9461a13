"""How a feed is: what the monitor, the log and the dashboards say of it."""

from dataclasses import dataclass, field
from datetime import datetime

# States of the connection.
CONNECTING, CONNECTED, LOST, REFUSED = "connecting", "connected", "lost", "refused"
# States of the sign-in, where the service has one.
SIGN_IN_NONE, SIGN_IN_VALID, SIGN_IN_EXPIRING, SIGN_IN_EXPIRED, SIGN_IN_BLOCKED = (
    "none", "valid", "expiring", "expired", "blocked",
)  # fmt: skip


@dataclass(slots=True)
class FeedHealth:
    """A feed's own account of itself, kept up to date by the feed.

    ``why`` is the last trouble in words; ``lacking`` names what the service does not send because of the sign-in.
    """

    name: str
    state: str = CONNECTING
    since: datetime | None = None
    why: str | None = None
    sign_in: str = SIGN_IN_NONE
    lacking: tuple[str, ...] = ()
    frames: int = 0
    last_frame: datetime | None = None
    connections: int = 0
    troubles: list[str] = field(default_factory=list)

    def become(self, state: str, at: datetime, why: str | None = None) -> None:
        """Another state, from an instant on."""
        if state != self.state or self.since is None:
            self.state, self.since = state, at
        if why is not None:
            self.why = why
            self.troubles = [*self.troubles, f"{at:%H:%M:%S} {why}"][-20:]
