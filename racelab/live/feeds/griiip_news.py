"""What is new in an answer: records that came before in the same form are left out, so that recordings stay small."""

import json
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from racelab.sources.griiip import service

_MOST = 50_000
_Forms = set[tuple[int, int]]


@dataclass(slots=True)
class News:
    """The forms of the records in the last answer of each part."""

    _known: dict[str, _Forms] = field(default_factory=dict)

    def of(self, part: str, content: Any) -> Any:
        """The new records of a part's answer, in a list; a single record as it came; None for nothing new.

        What is neither records nor a list of them is given as it is, for the parser to name.
        """
        records = _records(content)
        if records is None:
            form = _form(content)
            is_new = form not in self._known.get(part, ())
            self._known[part] = {form}
            return content if is_new else None
        known, forms = self._known.get(part, set()), [_form(record) for record in records]
        self._known[part] = set(forms[:_MOST])
        new = [record for record, form in zip(records, forms, strict=True) if form not in known]
        if not new:
            return None
        return new[0] if isinstance(content, dict) and len(records) == 1 and records[0] is content else new

    def of_bootstrap(self, content: dict[str, Any]) -> dict[str, Any]:
        """The bootstrap with only what is new in it; what no part tells again is left as it came."""
        told: dict[str, Any] = {}
        for key, held in content.items():
            part = service.SAME.get(key)
            new = held if part is None or held is None else self.of(part, held)
            if new is not None:
                told[key] = new
        return told


def _records(content: Any) -> list[Any] | None:
    """The records of an answer, however they are wrapped: a list, pages with items, lists by car, a single one."""
    if isinstance(content, list):
        return content
    if not isinstance(content, dict):
        return None
    if service.ITEMS in content:
        held = content[service.ITEMS]
        return held if isinstance(held, list) else None
    if content and all(isinstance(value, list) for value in content.values()):
        return [record for listed in content.values() for record in listed]
    return [content]


def _form(record: Any) -> tuple[int, int]:
    """A record's form as two numbers: what differs in every answer does not count."""
    if isinstance(record, dict):
        record = {key: value for key, value in record.items() if key not in service.RESTLESS}
    text = json.dumps(record, sort_keys=True, separators=(",", ":")).encode("utf-8", errors="surrogatepass")
    return crc32(text), hash(text)
