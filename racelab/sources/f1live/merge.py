"""Partial updates merged into a topic's state, as the feed means them; states before stay as they were."""

from typing import Any

from racelab.sources.f1live.specification import DELETED, KEY_FRAME

# A list grows by its next item; an index far behind its end is a fault, not an item.
_FURTHEST = 10_000
_DEEPEST = 40


def merged(state: Any, update: Any, depth: int = 0) -> Any:
    """The state after an update; neither is changed, and what the update does not touch is shared.

    An object is merged key by key; one that is marked as a key frame replaces everything. A list is replaced by a list
    and changed by an object whose keys are places in it ("0", "1", ...), of which new ones are appended. The keys named
    under ``_deleted`` go. Anything else replaces what stood there.

    Raises:
        ValueError: the update is nested deeper than any real one, or names a place that a list cannot have.
    """
    if depth > _DEEPEST:
        raise ValueError("an update nested too deep")
    if not isinstance(update, dict):
        return update
    if update.get(KEY_FRAME) is True and depth == 0:
        return _plain(update)
    if isinstance(state, list):
        return _in_list(state, update, depth)
    before = state if isinstance(state, dict) else {}
    after = dict(before)
    for key, value in update.items():
        if key in (KEY_FRAME, DELETED):
            continue
        after[key] = merged(before.get(key), value, depth + 1)
    for key in _deleted(update):
        after.pop(key, None)
    return after


def items(content: Any) -> list[tuple[int, Any]]:
    """The numbered items of a full list, or of an update that names their places; in order of their places."""
    if isinstance(content, list):
        return list(enumerate(content))
    if not isinstance(content, dict):
        return []
    return sorted((place(key), value) for key, value in content.items() if is_place(key))


def is_place(key: Any) -> bool:
    """Whether a key is a place in a list."""
    return isinstance(key, str) and key.isascii() and key.isdecimal() and len(key) <= 5


def place(key: str) -> int:
    """The place that a key names."""
    return int(key)


def _in_list(state: list[Any], update: dict[str, Any], depth: int) -> list[Any]:
    after = list(state)
    for key, value in update.items():
        if key in (KEY_FRAME, DELETED):
            continue
        if not is_place(key) or int(key) > _FURTHEST:
            raise ValueError(f"no place {key!r} in a list")
        index = int(key)
        after.extend([None] * (index + 1 - len(after)))
        after[index] = merged(after[index], value, depth + 1)
    gone = {int(key) for key in _deleted(update) if is_place(key)}
    return [value for index, value in enumerate(after) if index not in gone] if gone else after


def _plain(update: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in update.items() if key not in (KEY_FRAME, DELETED)}


def _deleted(update: dict[str, Any]) -> list[str]:
    named = update.get(DELETED)
    return [key for key in named if isinstance(key, str)] if isinstance(named, list) else []
