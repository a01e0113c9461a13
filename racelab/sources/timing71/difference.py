"""Differences between states, as the library dictdiffer lists them, applied without changing the state before."""

from typing import Any


class Mismatch(ValueError):
    """A difference does not belong to this state: frames before it are missing."""


def apply(state: Any, changes: list[Any]) -> Any:
    """The state after the changes; unchanged parts are shared with the state before.

    Raises:
        Mismatch: a change names a place or an old value that the state does not have.
    """
    for change in changes:
        try:
            operation, path, value = change
            state = _at(state, _steps(path), operation, value)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            raise Mismatch(f"a change that does not fit: {str(change)[:80]}") from error
    return state


def _steps(path: Any) -> list[Any]:
    if isinstance(path, list):
        return path
    return str(path).split(".") if path != "" else []


def _at(node: Any, steps: list[Any], operation: str, value: Any) -> Any:
    if not steps:
        return _edited(node, operation, value)
    step, rest = steps[0], steps[1:]
    if isinstance(node, list) and (not isinstance(step, int) or step < 0):
        raise Mismatch(f"no place {step!r} in a list")
    copied = node.copy()
    copied[step] = _at(node[step], rest, operation, value)
    return copied


def _edited(node: Any, operation: str, value: Any) -> Any:
    if operation == "change":
        old, new = value
        if node != old:
            raise Mismatch(f"{node!r} stands where {old!r} was expected")
        return new
    copied = node.copy()
    for key, item in value:
        if operation == "add" and isinstance(copied, list):
            copied.insert(int(key), item)
        elif operation == "add":
            copied[key] = item
        elif operation == "remove":
            del copied[key]
        else:
            raise Mismatch(f"an unknown operation {operation!r}")
    return copied
