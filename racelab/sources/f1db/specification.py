"""The names that f1db's CSV release gives its members and columns; newer releases have more of both."""

from dataclasses import dataclass

PREFIX, SUFFIX = "f1db-", ".csv"


@dataclass(frozen=True, slots=True)
class ResultList:
    """A result list: its code, the members that can hold it (the first that is there counts), what it is for."""

    code: str
    members: tuple[str, ...]
    needs: tuple[str, ...] = ("timeMillis",)
    required: bool = False


RACE_NEEDS = (
    "laps", "timeMillis", "gapLaps", "reasonRetired", "points", "gridPositionNumber", "gridPositionText",
)  # fmt: skip
LISTS = (
    ResultList("R", ("races-race-results",), RACE_NEEDS, required=True),
    ResultList("S", ("races-sprint-race-results", "races-sprint-results"), RACE_NEEDS),
    ResultList("Q", ("races-qualifying-results",), ("timeMillis", "q1Millis", "q2Millis", "q3Millis")),
    ResultList("Q1", ("races-qualifying-1-results",)),
    ResultList("Q2", ("races-qualifying-2-results",)),
    ResultList("SQ", ("races-sprint-qualifying-results", "races-sprint-shootout-results")),
    ResultList("PQ", ("races-pre-qualifying-results",)),
    ResultList("FP1", ("races-free-practice-1-results",)),
    ResultList("FP2", ("races-free-practice-2-results",)),
    ResultList("FP3", ("races-free-practice-3-results",)),
    ResultList("FP4", ("races-free-practice-4-results",)),
    ResultList("WUP", ("races-warming-up-results",)),
    ResultList("GRID", ("races-starting-grid-positions",)),
    ResultList("SGRID", ("races-sprint-starting-grid-positions",)),
    ResultList("FL", ("races-fastest-laps",), ("timeMillis", "lap")),
)
# Columns that every result list has.
COMMON = (
    "year", "round", "positionDisplayOrder", "positionNumber", "positionText", "driverNumber", "driverId",
    "constructorId", "engineManufacturerId", "tyreManufacturerId",
)  # fmt: skip
# Here the published time is the sum of several laps: two in the first rounds of 2005, four at Indianapolis.
SUMMED_FORMATS = frozenset({"AGGREGATE", "FOUR_LAPS"})
PIT_LANE = "PL"


def member(name: str) -> str:
    """The member's file name."""
    return f"{PREFIX}{name}{SUFFIX}"
