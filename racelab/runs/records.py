"""`run.json`: what ran, with what, on which data and code, and how it ended."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

FILE = "run.json"
SUCCEEDED, FAILED = "succeeded", "failed"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run. ``started`` and ``ended`` are UTC in ISO 8601; ``data_version`` is the digest of what was read."""

    notebook: str
    title: str
    session: str | None
    parameters: dict[str, Any]
    data_version: str
    code_version: str
    started: str
    ended: str
    duration_ms: int
    outcome: str
    error: str | None
    files: dict[str, str]


def read_records(folder: Path) -> list[RunRecord]:
    """The latest run of each notebook that wrote to the folder, newest first; none where run.json is missing or foreign."""
    try:
        held = json.loads((folder / FILE).read_text(encoding="utf-8"))
        names = [one.name for one in fields(RunRecord)]
        return [RunRecord(**{name: said[name] for name in names}) for said in [held, *held["others"]]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def records_text(record: RunRecord, others: list[RunRecord]) -> str:
    """The text of run.json: the latest run, and under `others` the latest of each other notebook of the folder."""
    kept = [asdict(other) for other in others if other.notebook != record.notebook]
    return json.dumps({**asdict(record), "others": kept}, ensure_ascii=False, indent=2, default=str) + "\n"
