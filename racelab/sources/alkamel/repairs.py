"""Named rules for what the files get wrong; each leaves a row that says what, before, after and why."""

from collections.abc import Sequence
from dataclasses import replace

from racelab.domain.laps import Lap, Result
from racelab.domain.records import Repair
from racelab.errors import BadInput
from racelab.sources.alkamel import specification as spec
from racelab.sources.alkamel.results import ResultsFile
from racelab.sources.textfile import TextTable

# More cars than this that start again make two sessions in one file.
_MAX_SHARED = 2


def split_shared_numbers(table: TextTable) -> list[Repair]:
    """Give each of two cars written with one number its own, in place, where the file has lost leading zeros.

    Cars stand in the text order of their numbers, so the first of the two is the one with the zero: 03 before 3.

    Raises:
        BadInput: more than two numbers start again, as where two sessions were joined.
    """
    number_at, lap_at = table.column(spec.NUMBER), table.column(spec.LAP_NUMBER)
    starts = _starts(table, number_at, lap_at)
    shared = {number: rows for number, rows in starts.items() if len(rows) > 1}
    if len(shared) > _MAX_SHARED or any(len(rows) > 2 for rows in shared.values()):
        line = table.lines[next(iter(shared.values()))[1]]
        raise BadInput(
            f"{table.path}, line {line}: the cars start again from lap 1: this is more than one session, give one a file"
        )
    repairs = []
    for number, (first, second) in shared.items():
        renamed = f"0{number}"
        while renamed in starts:
            renamed = f"0{renamed}"
        for row in table.rows[first:second]:
            if row[number_at].strip() == number:
                row[number_at] = renamed
        reason = f"two cars are written {number}; cars stand in text order, so the first has lost its zero"
        repairs.append(Repair("shared_number", "entries", renamed, "car_number", number, renamed, reason))
    return repairs


def _starts(table: TextTable, number_at: int, lap_at: int) -> dict[str, list[int]]:
    """The rows at which each number begins: its first, and each lap 1 after other laps of it, but for a row that stands twice."""
    starts: dict[str, list[int]] = {}
    for index, row in enumerate(table.rows):
        number = row[number_at].strip()
        if number not in starts:
            starts[number] = [index]
        elif row[lap_at].strip() == "1" and row != table.rows[index - 1]:
            starts[number].append(index)
    return starts


def rename_results(found: ResultsFile, last: dict[str, Lap], renamed: dict[str, str]) -> ResultsFile:
    """The results with the numbers that the laps were given: the car whose laps take the result's time.

    ``renamed`` maps the written number to the new one of the first of its two cars.
    """
    results, entries = list(found.results), list(found.entries)
    for number, other in renamed.items():
        both = [index for index, result in enumerate(results) if result.car_number == number]
        if not both:
            continue
        wanted = last[other].end_ms or 0
        index = min(both, key=lambda at: abs((results[at].total_time_ms or 0) - wanted))
        results[index] = replace(results[index], car_number=other)
        entries[index] = replace(entries[index], car_number=other)
    return ResultsFile(found.kind, entries, results)


def with_penalties(results: Sequence[Result], last: dict[str, Lap]) -> tuple[list[Result], list[Repair]]:
    """The results with the whole seconds that they add to the laps; other differences are named, not changed."""
    kept, repairs = [], []
    for result in results:
        lap = last.get(result.car_number)
        if lap is None or lap.end_ms is None or result.total_time_ms is None or result.laps != lap.lap_number:
            kept.append(result)
            continue
        extra = result.total_time_ms - lap.end_ms
        if extra and extra % 1000 == 0:
            result = replace(result, penalty_ms=extra)  # noqa: PLW2901
        elif extra:
            reason = f"the laps take {lap.end_ms} ms; the difference is no whole seconds, the result is kept as written"
            text = str(result.total_time_ms)
            repairs.append(
                Repair(
                    "result_time", "results", f"{result.kind} {result.car_number}", "total_time_ms", text, text, reason
                )
            )
        kept.append(result)
    return kept, repairs


def check_laps_of(table: TextTable, results: Sequence[Result], last: dict[str, Lap]) -> list[Repair]:
    """Hold the laps of each car against its result: a lap file that was cut between two rows lacks cars or laps.

    Raises:
        BadInput: the last car of the file or a whole car lacks laps that the results have.
    """
    final = table.rows[-1][table.column(spec.NUMBER)].strip() if table.rows else ""
    repairs = []
    for result in results:
        lap = last.get(result.car_number)
        driven = lap.lap_number if lap else 0
        if not result.laps or driven == result.laps:
            continue
        if driven < result.laps and (lap is None or result.car_number == final):
            raise BadInput(
                f"{table.path}, line {table.lines[-1] if table.lines else 1}: car {result.car_number} has {driven} laps "
                f"here and {result.laps} in the results: the lap file is cut, fetch it again"
            )
        text, reason = str(result.laps), f"the lap file has {driven} laps of the car; the result is kept as written"
        record = f"{result.kind} {result.car_number}"
        repairs.append(Repair("result_laps", "results", record, "laps", text, text, reason))
    return repairs
