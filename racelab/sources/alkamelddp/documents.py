"""The documents that the service publishes, kept up to date by its messages.

A change carries some keys of the map under a field, not the whole of it: it is merged one level deeper than DDP says.
"""

from dataclasses import dataclass, field
from typing import Any

from racelab.sources.alkamelddp import specification as spec
from racelab.sources.alkamelddp.values import plain

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A document after a message, and the fields that the message brought."""

    collection: str
    document: Document
    fields: Document


@dataclass(slots=True)
class Documents:
    """Documents by collection and id."""

    held: dict[tuple[str, str], Document] = field(default_factory=dict)

    def take(self, message: dict[str, Any]) -> Change | None:
        """Apply a message of data; None for any other message, and for what cannot be one."""
        kind, collection, key = message.get("msg"), message.get("collection"), message.get("id")
        if not isinstance(collection, str) or collection not in spec.COLLECTIONS or not isinstance(key, str):
            return None
        place = (collection, key[:100])
        if kind == spec.REMOVED:
            self.held.pop(place, None)
            return None
        fields = message.get("fields", {})
        if kind not in (spec.ADDED, spec.CHANGED) or not isinstance(fields, dict) or not self._has_room(place):
            return None
        before = self.held.get(place, {}) if kind == spec.CHANGED else {}
        self.held[place] = merged(before, fields, message.get("cleared"))
        return Change(collection, self.held[place], fields)

    def _has_room(self, place: tuple[str, str]) -> bool:
        return place in self.held or len(self.held) < spec.DOCUMENTS


def merged(document: Document, fields: Document, cleared: Any = None) -> Document:
    """The document with the fields; maps are merged key by key."""
    after = dict(document)
    for key, value in fields.items():
        before = after.get(key)
        after[key] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
    for key in cleared if isinstance(cleared, list) else ():
        if isinstance(key, str):
            after.pop(key, None)
    return after


def session_of(document: Document) -> str | None:
    """The id of the session that a document belongs to."""
    value = plain(document.get(spec.SESSION))
    return value if isinstance(value, str) else None
