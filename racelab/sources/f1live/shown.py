"""Which session the service shows: it goes on with the last one until the next begins, some minutes before its start."""

from dataclasses import dataclass, field
from typing import Any

from racelab.domain.records import Repair
from racelab.domain.sessions import Session
from racelab.sources.f1live import specification as spec
from racelab.sources.f1live.merge import merged
from racelab.sources.f1live.naming import is_of
from racelab.sources.f1live.values import part, text

_REASON = "the service showed another session than the one that is followed; what it told of it is left out"


@dataclass(slots=True)
class Shown:
    """The session of a stream; ``is_ours`` is whether it is the one that is followed, as far as anything says so."""

    session: Session
    is_ours: bool = True
    _info: dict[str, Any] = field(default_factory=dict)

    def look(self, topic: Any, content: Any) -> list[Repair]:
        """Look at a message before it is read; the name of another session, where the service goes over to it.

        Raises:
            ValueError: what names the session is nested deeper than any real one.
        """
        told = content if topic == spec.SESSION_INFO else None
        if topic == spec.SUBSCRIBE:
            told, self._info = part(content, spec.SESSION_INFO), {}
        if not isinstance(told, dict):
            return []
        self._info = merged(self._info, told)
        was_ours, self.is_ours = self.is_ours, is_of(self._info, self.session)
        if self.is_ours or not was_ours:
            return []
        names = (text(part(part(self._info, "Meeting"), "Name")), text(self._info.get("Name")), text(self._info.get("StartDate")))  # fmt: skip
        return [Repair("other_session", "frames", " ".join(filter(None, names)), "payload", None, None, _REASON)]
