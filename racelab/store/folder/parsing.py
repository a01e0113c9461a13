"""Files that somebody else wrote or changed: read whole, and every value checked."""

from collections.abc import Callable
from typing import Any

import orjson

from racelab.errors import StoreError
from racelab.store.folder.blocks import Block, Blocks, encode
from racelab.store.folder.names import Group, Row, group_of, natural_key
from racelab.store.folder.shapes import Around, to_objects, to_rows
from racelab.store.folder.values import checked

Object = dict[str, Any]
Change = Callable[[Object], Object]


def objects_of(content: bytes, path: str) -> list[Object]:
    """The objects of a file.

    Raises:
        StoreError: it is no JSON list of objects; the error names the line.
    """
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise StoreError(
            f"{path}, line {error.lineno}, column {error.colno}: {error.msg}: correct it, or restore the file from a copy"
        ) from error
    if not isinstance(found, list):
        raise StoreError(f"{path} holds no list of objects: correct it, or restore the file from a copy")
    for number, one in enumerate(found):
        if not isinstance(one, dict):
            raise malformed(path, content, number, len(found), "is no object")
    return found


def rows_by_group(
    table: str, things: list[Object], content: bytes, path: str, change: Change
) -> dict[Group, list[Row]]:
    """The rows of a file's objects, in the order of their key; ``change`` is applied to each object first.

    Raises:
        StoreError: an object is malformed, or two are the same row; the error names the line.
    """
    found: dict[tuple[Any, ...], Row] = {}
    for number, thing in enumerate(things):
        try:
            for row in to_rows(table, change(thing)):
                plain = checked(table, row)
                key = natural_key(table, plain)
                if key in found:
                    raise ValueError(f"is there twice: {', '.join(map(str, key))}")
                found[key] = plain
        except (ValueError, TypeError, AttributeError) as error:
            raise malformed(path, content, number, len(things), str(error)) from error
    return grouped(table, found)


def grouped(table: str, found: dict[tuple[Any, ...], Row]) -> dict[Group, list[Row]]:
    """Rows by their key as lists by group, in the order of the key."""
    groups: dict[Group, list[Row]] = {}
    for key in sorted(found):
        groups.setdefault(group_of(table, found[key]), []).append(found[key])
    return groups


def to_block(table: str, rows: list[Row], around: Around) -> Block:
    """A group's rows as their lines.

    Raises:
        ValueError: a value cannot be written.
    """
    return encode(to_objects(table, rows, around), len(rows))


def to_blocks(table: str, groups: dict[Group, list[Row]], around: Around) -> Blocks:
    """All rows of a table as their lines."""
    return {group: to_block(table, rows, around) for group, rows in groups.items()}


def malformed(path: str, content: bytes, number: int, count: int, why: str) -> StoreError:
    """The error for an object of a file, by its line where objects begin lines."""
    starts = [line for line, text in enumerate(content.split(b"\n"), 1) if text.lstrip(b" \t[").startswith(b"{")]
    where = f"line {starts[number]}" if len(starts) == count else f"object {number + 1}"
    return StoreError(f"{path}, {where}: {why}: correct it, or restore the file from a copy")
