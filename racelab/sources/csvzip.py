"""ZIP files of CSV tables, as history is published: bounded, every fault with file, member and line."""

import csv
import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn, TypeVar

from racelab.domain.time import parse_duration
from racelab.errors import BadInput

T = TypeVar("T")
# f1db's largest member has 4 MB and all of it 23 MB: a file that unpacks to more than this is no history.
MAX_MEMBER_BYTES = 200_000_000
MAX_TOTAL_BYTES = 1_000_000_000
MAX_MEMBERS = 1000
_NULLS = frozenset({"", "\\N"})
# An encrypted member is a RuntimeError, and so is a compression that Python does not know.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError)


@dataclass(frozen=True, slots=True)
class Member:
    """A table of the file: its cells as text, by column, and the line that each row ends on."""

    path: Path
    name: str
    columns: dict[str, list[str]]
    lines: Sequence[int] = field(repr=False)

    def __len__(self) -> int:
        return len(self.lines)

    def has(self, column: str) -> bool:
        """Whether the table has the column."""
        return column in self.columns

    def need(self, columns: Iterable[str]) -> None:
        """Refuse the table if it lacks one of the columns.

        Raises:
            BadInput: names what is lacking.
        """
        lacking = [column for column in columns if column not in self.columns]
        if lacking:
            raise BadInput(
                f"{self.path}, member {self.name}, line 1: there is no column {', '.join(lacking)}: "
                "give the file as published"
            )

    def texts(self, column: str) -> list[str | None]:
        """The cells as text; empty ones and ``\\N`` are null, and so is a column that is not there."""
        cells = self.columns.get(column)
        if cells is None:
            return [None] * len(self)
        return [None if cell in _NULLS else cell for cell in cells]

    def named(self, column: str) -> list[str]:
        """The cells as text, none of them null.

        Raises:
            BadInput: one is empty.
        """
        found = self.texts(column)
        if None in found:
            self.fault(found.index(None), column, "is empty")
        return found  # type: ignore[return-value]

    def wholes(self, column: str, low: int = 0, high: int = 10**9) -> list[int | None]:
        """The cells as whole numbers from low to high.

        Raises:
            BadInput: one is none.
        """
        return self._each(column, lambda text: _whole(text, low, high), f"is no whole number from {low} to {high}")

    def counts(self, column: str, low: int = 0, high: int = 10**9) -> list[int]:
        """The cells as whole numbers, none of them null.

        Raises:
            BadInput: one is none.
        """
        found = self.wholes(column, low, high)
        if None in found:
            self.fault(found.index(None), column, "is empty")
        return found  # type: ignore[return-value]

    def unique(self, column: str, *beside: Sequence[int]) -> list[int]:
        """The cells as whole numbers that occur once beside the given values, such as a place in a race's list.

        Raises:
            BadInput: one is none, or comes twice.
        """
        found = self.counts(column)
        keys = list(zip(*beside, found, strict=True))
        if len(set(keys)) < len(keys):
            firsts = {key: row for row, key in reversed(list(enumerate(keys)))}
            self.fault(next(row for row, key in enumerate(keys) if firsts[key] != row), column, "comes twice")
        return found

    def decimals(self, column: str, factor: int = 1) -> list[float | None]:
        """The cells as numbers times a factor, computed in decimals so that 5.281 km are 5281 m.

        Raises:
            BadInput: one is none.
        """
        return self._each(column, lambda text: _decimal(text, factor), "is no number")

    def flags(self, column: str) -> list[bool | None]:
        """The cells ``true`` and ``false``.

        Raises:
            BadInput: one is neither.
        """
        return self._each(column, _flag, "is neither true nor false")

    def durations(self, column: str, millis: str) -> list[int | None]:
        """Milliseconds from their own column, and where that is empty or absent from the text beside it.

        Raises:
            BadInput: a cell is neither a whole number of milliseconds nor a duration.
        """
        known = self.wholes(millis, -(10**9), 10**9)
        texts = self.texts(column)
        if not [text for number, text in zip(known, texts, strict=True) if number is None and text is not None]:
            return known
        words = self._each(column, parse_duration, "is no duration")
        return [text if number is None else number for number, text in zip(known, words, strict=True)]

    def fault(self, row: int, column: str, what: str) -> NoReturn:
        """Refuse a cell.

        Raises:
            BadInput: names file, member, line, column and cell.
        """
        cell = self.columns[column][row] if column in self.columns else ""
        raise BadInput(
            f"{self.path}, member {self.name}, line {self.lines[row]}: {column} {cell[:40]!r} {what}: "
            "give the file as published"
        )

    def _each(self, column: str, read: Callable[[str], T], wrong: str) -> list[T | None]:
        """Every cell read by the function; a table says the same few things often, so each is read once."""
        cells = self.columns.get(column)
        if cells is None:
            return [None] * len(self)
        known: dict[str, T | None] = {}
        for cell in set(cells):
            try:
                known[cell] = None if cell in _NULLS else read(cell)
            except ValueError:
                self.fault(cells.index(cell), column, wrong)
        return [known[cell] for cell in cells]


class Archive:
    """An open ZIP of CSV tables; its members are found by their file name in whatever folder they lie."""

    def __init__(self, path: Path, file: zipfile.ZipFile, digest: str) -> None:
        """Take over an open ZIP; `open_archive` checks it before."""
        self.path, self.digest = path, digest
        self._file = file
        self._members: dict[str, list[zipfile.ZipInfo]] = {}
        for info in file.infolist():
            name = PurePosixPath(info.filename)
            if not info.is_dir() and "__MACOSX" not in name.parts:
                self._members.setdefault(name.name.lower(), []).append(info)

    def has(self, name: str) -> bool:
        """Whether there is such a member."""
        return name in self._members

    def first(self, names: Iterable[str]) -> Member | None:
        """The first of the named members that is there, or None."""
        return next((self.table(name) for name in names if self.has(name)), None)

    def table(self, name: str, least: int | None = None) -> Member:
        """A member as a table; with ``least``, rows may leave out the last columns, down to so many.

        Raises:
            BadInput: it is missing, there twice, damaged, too large or no CSV.
        """
        found = self._members.get(name, [])
        if len(found) != 1:
            what = "is not in the file" if not found else "is in the file twice"
            raise BadInput(f"{self.path}: {name} {what}: give the file as published")
        return _table(self.path, name, self._text(found[0]), least)

    def _text(self, info: zipfile.ZipInfo) -> str:
        if info.file_size > MAX_MEMBER_BYTES:
            raise BadInput(f"{self.path}, member {info.filename}: unpacks to {info.file_size} bytes: it is no history")
        try:
            with self._file.open(info) as stream:
                raw = stream.read(MAX_MEMBER_BYTES + 1)
        except _BROKEN as error:
            raise BadInput(
                f"{self.path}, member {info.filename}: damaged or encrypted ({_first_line(error)}): download it again"
            ) from error
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise BadInput(f"{self.path}, member {info.filename}, line {line}: this is not UTF-8 text") from error


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """A ZIP of CSV tables, open for as long as the context lasts.

    Raises:
        BadInput: it cannot be opened, is no ZIP, is damaged, or unpacks to more than any history does.
    """
    digest = file_digest(path)
    try:
        file = zipfile.ZipFile(path)
    except _BROKEN as error:
        raise BadInput(f"{path}: no ZIP file, or a damaged one ({_first_line(error)}): download it again") from error
    with file:
        infos = file.infolist()
        total = sum(info.file_size for info in infos)
        if len(infos) > MAX_MEMBERS or total > MAX_TOTAL_BYTES:
            raise BadInput(f"{path}: {len(infos)} members that unpack to {total} bytes: it is no history")
        yield Archive(path, file, digest)


def file_digest(path: Path) -> str:
    """The SHA-256 of a file.

    Raises:
        BadInput: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}): check the path and its permissions") from error


def _table(path: Path, name: str, text: str, least: int | None) -> Member:
    rows, lines = _rows(path, name, text)
    header = [cell.strip() for cell in rows.pop(0)] if rows else []
    lines = lines[1:]
    if not header or len(set(header)) < len(header):
        raise BadInput(f"{path}, member {name}, line 1: the header is empty or names a column twice")
    widths = set(map(len, rows))
    if widths - {len(header)}:
        _check_widths(path, name, rows, lines, (least or len(header), len(header)))
        rows = [row + [""] * (len(header) - len(row)) for row in rows]
    cells: Iterable[Any] = zip(*rows, strict=True) if rows else [()] * len(header)
    return Member(path, name, {key: list(column) for key, column in zip(header, cells, strict=True)}, lines)


def _rows(path: Path, name: str, text: str) -> tuple[list[list[str]], Sequence[int]]:
    """The rows that are not empty, and the line on which each ends."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = list(reader)
    except csv.Error as error:
        raise BadInput(
            f"{path}, member {name}, line {reader.line_num}: no CSV row ({error}): download it again"
        ) from error
    if reader.line_num == len(rows) and all(rows):
        return rows, range(1, len(rows) + 1)
    # Empty lines and cells of several lines: count them one by one.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    numbered = [(row, reader.line_num) for row in reader if row]
    return [row for row, _ in numbered], [line for _, line in numbered]


def _check_widths(
    path: Path, name: str, rows: Sequence[Sequence[str]], lines: Sequence[int], allowed: tuple[int, int]
) -> None:
    for row, line in zip(rows, lines, strict=True):
        if not allowed[0] <= len(row) <= allowed[1]:
            raise BadInput(
                f"{path}, member {name}, line {line}: {len(row)} fields where the header has {allowed[1]}: "
                "the file is cut or damaged, download it again"
            )


def _whole(text: str, low: int, high: int) -> int:
    if not (text.isascii() and text.removeprefix("-").isdigit()):
        raise ValueError(text)
    if not low <= (number := int(text)) <= high:
        raise ValueError(text)
    return number


def _decimal(text: str, factor: int) -> float:
    try:
        number = Decimal(text) * factor
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not number.is_finite():
        raise ValueError(text)
    return float(number)


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
