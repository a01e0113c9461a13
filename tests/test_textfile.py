"""Text tables: every encoding that timing files come in, and a clear line for what is none."""

import gzip
from pathlib import Path

import pytest

from racelab.errors import BadInput
from racelab.sources.textfile import TextTable, delimiter_of, open_text, read_raw, read_table, split_header

SEMICOLONS = "NUMBER; LAP_NUMBER;TEAM;\r\n007;1;Ünited;\r\n7;2;B;\r\n"


def table(raw: bytes, **options: object) -> TextTable:
    path = Path("laps.csv")
    return read_table(path, open_text(path, raw), **options)


@pytest.mark.parametrize(
    "raw",
    [
        SEMICOLONS.encode(),
        SEMICOLONS.encode("utf-8-sig"),
        gzip.compress(SEMICOLONS.encode("utf-8-sig"), mtime=0),
        SEMICOLONS.replace("\r\n", "\n").encode(),
        SEMICOLONS.replace(";", ",").encode(),
        SEMICOLONS.replace(";\r", "\r").encode(),
    ],
    ids=["plain", "bom", "gzip", "lf", "commas", "no trailing delimiter"],
)
def test_every_variant_reads_the_same(raw: bytes) -> None:
    read = table(raw)
    assert read.header == ("NUMBER", "LAP_NUMBER", "TEAM")
    assert [row[:3] for row in read.rows] == [["007", "1", "Ünited"], ["7", "2", "B"]]
    assert read.lines == [2, 3]


def test_records_strip_values_and_count_lines_over_blank_ones() -> None:
    assert list(table(b"A;B\n 1 ;2\n\n3;4\n").records()) == [(2, {"A": "1", "B": "2"}), (4, {"A": "3", "B": "4"})]


def test_quoted_fields_may_hold_the_delimiter() -> None:
    assert table(b'"A","B"\n"1,5","2"\n').rows == [["1,5", "2"]]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "laps.csv: the file is empty"),
        (b"\xef\xbb\xbf\r\n", "laps.csv: the file is empty"),
        (gzip.compress(b"", mtime=0), "laps.csv: the file is empty"),
        (b"<!DOCTYPE html><html></html>", "laps.csv, line 1: this is a web page"),
        (b"A;B\n1;\xff\xfe\n", "laps.csv, line 2: this is not UTF-8 text"),
        (b"A;B\n1;2\n\0\0;3\n", "laps.csv, line 3: this is not text but binary"),
        (gzip.compress(SEMICOLONS.encode() * 50, mtime=0)[:-20], "laps.csv: the gzip file is cut or damaged"),
        (b"\x1f\x8bnot gzip at all", "laps.csv: the gzip file is cut or damaged"),
        (b"A;B\n1;2\n3\n", "laps.csv, line 3: 1 fields where there should be 2"),
        (b"A;B\n1;2;3\n", "laps.csv, line 2: 3 fields where there should be 2"),
        (b"A;B\n1;2\n3;4", "laps.csv, line 3: the file ends in mid row"),
    ],
)
def test_what_is_no_table_says_where_and_why(raw: bytes, message: str) -> None:
    with pytest.raises(BadInput) as error:
        table(raw)
    assert str(error.value).startswith(message)


def test_a_file_that_ends_without_a_line_end_is_whole_where_that_is_usual() -> None:
    assert table(b"A;B\n1;2", whole_lines=False).rows == [["1", "2"]]


def test_rows_may_leave_out_last_columns_down_to_a_number() -> None:
    assert [len(row) for row in table(b"A;B;C\n1;2\n1;2;3\n", least=2).rows] == [2, 3]
    with pytest.raises(BadInput, match="line 2"):
        table(b"A;B;C\n1\n", least=2)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(BadInput, match="no column HOUR"):
        table(b"A;B\n1;2\n").column("HOUR")


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_raw(tmp_path / "none.csv")


def test_header_and_delimiter() -> None:
    assert delimiter_of("A, B, C;\n;;;;") == ","
    assert split_header("\ufeffNUMBER; LAP ;;\r\n") == ("NUMBER", "LAP")
    assert split_header('"lap","value"') == ("lap", "value")
    assert split_header("") == ()
    assert split_header('\x00\r\x89;"') == ("\x00\r\x89",)
