"""The JSON Schemas that ship with the exports."""

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def race_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the race JSON: every key, its type, its unit and its vocabulary."""
    schema: dict[str, Any] = json.loads((Path(__file__).parent / "race.schema.json").read_text(encoding="utf-8"))
    return schema
