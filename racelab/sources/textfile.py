"""Text tables as timing systems write them: gzip or plain, BOM or none, CRLF or LF, semicolons or commas."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from racelab.errors import BadInput

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class TextTable:
    """A delimited file: stripped column names, rows of equal width and the line that each row ends on."""

    path: Path
    header: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int] = field(repr=False)

    def column(self, name: str) -> int:
        """The index of a column.

        Raises:
            BadInput: the file has no such column.
        """
        try:
            return self.header.index(name)
        except ValueError:
            raise BadInput(f"{self.path}, line 1: there is no column {name}: is this the right file?") from None

    def records(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Each row as line number and stripped values by column name; a column that the row leaves out is blank."""
        for line, row in zip(self.lines, self.rows, strict=True):
            yield (
                line,
                {
                    name: value.strip()
                    for name, value in zip_longest(self.header, row[: len(self.header)], fillvalue="")
                },
            )


def read_raw(path: Path) -> bytes:
    """The bytes of a file as they lie there.

    Raises:
        BadInput: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}): check the path and its permissions") from error


def to_text(path: Path, raw: bytes) -> str:
    """The text of a file's bytes, unzipped where it is gzip, without a BOM.

    Raises:
        BadInput: the gzip stream is cut or damaged, or the content is not UTF-8 text.
    """
    if raw.startswith(_GZIP):
        try:
            raw = gzip.decompress(raw)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise BadInput(f"{path}: the gzip file is cut or damaged ({error}): fetch it again") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{path}, line {line}: this is not UTF-8 text: give the CSV file as published") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BadInput(f"{path}, line {line}: this is not text but binary: give the CSV file as published")
    return text


def open_text(path: Path, raw: bytes) -> str:
    """The text of a file's bytes, if it can be a table.

    Raises:
        BadInput: it is empty, a web page, a cut gzip file or not text.
    """
    text = to_text(path, raw)
    if not text.strip():
        raise BadInput(f"{path}: the file is empty: fetch it again")
    if text.lstrip().startswith("<"):
        raise BadInput(f"{path}, line 1: this is a web page, not a CSV file: download the file itself")
    return text


def read_table(path: Path, text: str, *, whole_lines: bool = True, least: int | None = None) -> TextTable:
    """The table in a text.

    ``whole_lines`` demands that the last line ends as every line does; with ``least``, rows may leave out the
    header's last columns, down to so many.

    Raises:
        BadInput: the text is cut in mid row, or has rows of another width than its header.
    """
    rows, lines = _rows(path, text, least)
    if whole_lines and not text.endswith("\n"):
        raise BadInput(f"{path}, line {lines[-1] if lines else 1}: the file ends in mid row: it is cut, fetch it again")
    return TextTable(path, split_header(first_line(text)), rows, lines)


def first_line(text: str) -> str:
    """The text's first line."""
    return text[: text.find("\n")] if "\n" in text else text


def delimiter_of(text: str) -> str:
    """The delimiter of the first line: a semicolon or a comma, whichever there is more of."""
    first = first_line(text)
    return ";" if first.count(";") > first.count(",") else ","


def split_header(line: str) -> tuple[str, ...]:
    """Column names of a header line, stripped; a trailing delimiter names no column."""
    names = [name.strip().strip('"').strip() for name in line.strip("\r\n\ufeff").split(delimiter_of(line))]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def _rows(path: Path, text: str, least: int | None) -> tuple[list[list[str]], list[int]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        width = len(next(reader))
        for row in reader:
            if not row:
                continue
            if not (width if least is None else least) <= len(row) <= width:
                raise BadInput(
                    f"{path}, line {reader.line_num}: {len(row)} fields where there should be {width}: "
                    "the file is cut or damaged, fetch it again"
                )
            rows.append(row)
            lines.append(reader.line_num)
    except csv.Error as error:
        raise BadInput(f"{path}, line {reader.line_num}: not a CSV row ({error}): fetch the file again") from error
    return rows, lines
