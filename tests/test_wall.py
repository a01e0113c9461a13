"""Only `racelab.wall` reads the time of day: everything else is given a clock, or asks `wall`."""

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import racelab
from racelab import wall

PACKAGE = Path(racelab.__file__).parent
# Attributes and names that tell the time of day, whatever they are asked of; durations may be measured.
_OF_ANYTHING = {"utcnow", "today", "time_ns"}
# Without an instant they take the one that is.
_OF_NOTHING = {"localtime", "gmtime", "ctime", "asctime"}
_OF = {"now": {"datetime", "Timestamp", "date", "Datetime"}, "time": {"time"}, "strftime": {"time"}}


def readings(source: str) -> list[str]:
    """Where a module reads the time of day."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            asked = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            if node.attr in _OF_ANYTHING or asked in _OF.get(node.attr, ()):
                found.append(f"{node.lineno}: {ast.unparse(node)}")
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            names = {alias.name for alias in node.names} & (_OF_ANYTHING | {"time"})
            found += [f"{node.lineno}: from time import {name}" for name in sorted(names)]
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            words = [each.value for each in node.args if isinstance(each, ast.Constant)]
            is_word = {"now", "today"}.intersection(map(str, words)) and name.endswith(
                ("datetime64", "Timestamp", "to_datetime")
            )
            if is_word or (not node.args and name.rpartition(".")[2] in _OF_NOTHING):
                found.append(f"{node.lineno}: {name}")
    return found


@pytest.mark.parametrize(
    "source",
    [
        "datetime.now(UTC)", "x = datetime.datetime.utcnow", "date.today()", "time.time()", "from time import time",
        "pd.Timestamp.now()", "np.datetime64('now')", "pd.Timestamp('today')", "time.time_ns()", "time.strftime('%H')", "time.gmtime()",
    ],
)  # fmt: skip
def test_a_reading_of_the_time_is_found(source):
    assert len(readings(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "clock.now()",
        "wall.now()",
        "time.monotonic()",
        "time.perf_counter()",
        "at.strftime('%H')",
        "time.gmtime(5)",
        "f('now')",
    ],
)
def test_a_clock_that_was_given_is_none(source):
    assert readings(source) == []


def test_nothing_else_in_the_package_reads_the_wall_clock():
    files = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "wall.py"]
    assert len(files) > 300
    found = {str(path.relative_to(PACKAGE)): readings(path.read_text(encoding="utf-8")) for path in files}
    assert {name: places for name, places in found.items() if places} == {}
    assert readings((PACKAGE / "wall.py").read_text(encoding="utf-8"))


def test_the_wall_clock_tells_utc():
    assert abs(wall.now() - datetime.now(UTC)) < timedelta(minutes=1)
    assert wall.now().tzinfo is UTC
