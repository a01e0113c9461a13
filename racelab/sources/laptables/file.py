"""A lap table's file as a checked frame: types as FastF1 has them, every fault with its file and line."""

import gzip
import re
import zlib
from csv import reader
from pathlib import Path

import numpy as np
import pandas as pd

from racelab.errors import BadInput
from racelab.sources.f1.columns import car_numbers
from racelab.sources.f1.specification import NEEDED

SUFFIXES = (".csv", ".csv.gz", ".parquet")
ROUND = "RoundNumber"
_SPANS = ("Time", "LapTime", "PitInTime", "PitOutTime", "LapStartTime", "Sector1Time", "Sector2Time", "Sector3Time")
_NUMBERS = (
    "LapNumber", ROUND, "Stint", "TyreLife", "Position", "SpeedI1", "SpeedI2", "SpeedFL", "SpeedST", "Season", "Year",
)  # fmt: skip
_NEVER_BLANK = ("DriverNumber", "LapNumber", ROUND)
_BLANK = ("", "nan", "NaN", "None", "NaT", "<NA>")
_MAGIC = b"PAR1"
_LONGEST_S = 1_000_000.0


def sniff(path: Path) -> bool:
    """Whether the file is a lap table: a header with FastF1's columns. A file that cannot be opened is none."""
    if not path.is_file() or not path.name.lower().endswith(SUFFIXES):
        return False
    try:
        columns = _parquet_columns(path) if _is_parquet(path) else _header(path)
    except (OSError, EOFError, zlib.error, ValueError):
        return False
    return set(columns) >= {*NEEDED, ROUND}


def read_table(path: Path) -> pd.DataFrame:
    """The table with timedeltas, numbers and texts; the index is the line in the file (Parquet: the row, from 1).

    Raises:
        BadInput: the file is no lap table, is cut off, or has a value that cannot be read; names file and line.
    """
    frame = _parquet(path) if _is_parquet(path) else _csv(path)
    lacking = [name for name in (*NEEDED, ROUND) if name not in frame.columns]
    if lacking:
        raise BadInput(
            f"{path} line 1 is no lap table in FastF1's columns: it lacks {', '.join(lacking)}; export the laps"
            " with all of FastF1's columns and the RoundNumber"
        )
    twice = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
    if twice:
        raise BadInput(f"{path} line 1 names {', '.join(twice)} twice: remove one of the columns")
    if frame.empty:
        raise BadInput(f"{path} has a header and no laps: download or export it again")
    for name in frame.columns:
        frame[name] = _typed(frame[name], str(name), path)
    return frame


def _typed(values: pd.Series, name: str, path: Path) -> pd.Series:
    blank = values.isna() | values.isin(_BLANK)
    if name in _NEVER_BLANK and blank.any():
        raise BadInput(_fault(path, values[blank], name, "has none"))
    if name in _SPANS:
        found = spans(values)
        bad = (found.isna() & ~blank) | (found < pd.Timedelta(0)) & (name not in ("PitInTime", "PitOutTime"))
    elif name in _NUMBERS:
        found = pd.to_numeric(values.where(~blank, None), errors="coerce").astype("float64")
        bad = (found.isna() & ~blank) | np.isinf(found)
        if name in ("LapNumber", ROUND):
            bad |= (found % 1 != 0) | (found < 0) | (found > 9999)
    else:
        return values
    if bad.any():
        raise BadInput(_fault(path, values[bad], name, f"is {str(values[bad].iloc[0])[:40]!r}"))
    return found


def spans(values: pd.Series) -> pd.Series:
    """Timedeltas from FastF1's text ("0 days 00:01:45.060000"), from seconds ("105.06"), or as they are."""
    if values.dtype.kind == "m":
        return values
    seconds = pd.to_numeric(values, errors="coerce").astype("float64")
    possible = seconds.abs() < _LONGEST_S
    millis = (seconds.where(possible, 0.0) * 1000).round().astype("int64").to_numpy()
    known = pd.Series(millis.astype("timedelta64[ms]").astype("timedelta64[ns]"), index=values.index).where(possible)
    words = values.where(seconds.isna() & values.notna() & ~values.isin(_BLANK), None)
    return known.fillna(pd.to_timedelta(words, errors="coerce"))


def _fault(path: Path, values: pd.Series, name: str, what: str) -> str:
    return f"{path} line {values.index[0]}: {name} {what}; correct or remove the line"


def _is_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == _MAGIC
    except OSError as error:
        raise BadInput(f"{path} cannot be opened ({error.strerror}): check its name and its rights") from error


def _parquet(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        frame = pq.read_table(path).to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise BadInput(
            f"{path} is a damaged Parquet file ({_first_line(error)}): download or export it again"
        ) from error
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return _numbered_as_text(frame)


def _parquet_columns(path: Path) -> list[str]:
    import pyarrow.parquet as pq

    return list(pq.read_schema(path).names)


def _numbered_as_text(frame: pd.DataFrame) -> pd.DataFrame:
    if "DriverNumber" in frame.columns:
        frame["DriverNumber"] = pd.Series(car_numbers(frame["DriverNumber"]), index=frame.index, dtype=object)
    return frame


def _header(path: Path) -> list[str]:
    return next(reader([_first_row(path)]), [])


def _opener(path: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202  # gzip's and the built-in open share no type
    with path.open("rb") as file:
        return gzip.open if file.read(2) == b"\x1f\x8b" else open


def _csv(path: Path) -> pd.DataFrame:
    """Every cell as text; pyarrow's reader, because pandas fills up rows that are too short."""
    import pyarrow as pa
    from pyarrow import csv

    try:
        names = _header(path)
        with _opener(path)(path, "rb") as file:
            table = csv.read_csv(
                file,
                csv.ReadOptions(use_threads=False),
                convert_options=csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
                ),
            )
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInput(f"{path} is a damaged or cut off gzip file ({error}): download it again") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is no text in UTF-8: it is not a lap table") from error
    except pa.ArrowInvalid as error:
        raise BadInput(_unreadable(path, error)) from error
    except OSError as error:
        raise BadInput(f"{path} cannot be opened ({error.strerror or error}): check its name and its rights") from error
    frame = table.to_pandas()
    frame.index = pd.RangeIndex(2, len(frame) + 2)
    return frame


def _first_row(path: Path) -> str:
    with _opener(path)(path, "rt", encoding="utf-8-sig") as file:
        return str(file.readline(20_000))


def _unreadable(path: Path, error: Exception) -> str:
    """What pyarrow says of a row that does not fit, in our words."""
    text = _first_line(error)
    if "Empty CSV" in text:
        return f"{path} line 1 is empty: there is no header; download or export it again"
    found = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", text)
    if found is None:
        return f"{path} cannot be read as CSV ({text}): download or export it again"
    return f"{path} line {found[1]} has {found[3]} fields where the header has {found[2]}: correct or remove the line"


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
