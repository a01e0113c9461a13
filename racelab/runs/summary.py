"""What an ingest did as a whole: sessions by change, rows by table, time and whose it was."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from racelab.runs.ingest import Outcome
from racelab.sources.folder import PassedOver

Summary = dict[str, Any]


def summarise(outcomes: Sequence[Outcome], passed_over: Sequence[PassedOver], total_s: float) -> Summary:
    """Counts and seconds; ``source_share`` is the part of all the time that the source's own library took (0 to 1)."""
    rows: Counter[str] = Counter()
    for outcome in outcomes:
        rows.update(outcome["rows"])
    parts = {name: sum(outcome["seconds"][name] for outcome in outcomes) for name in ("reading", "source", "writing")}
    return {
        "sessions": dict(Counter(outcome["change"] for outcome in outcomes)),
        "rows": dict(rows),
        "seconds": {"total": round(total_s, 3), **{name: round(value, 3) for name, value in parts.items()}},
        "source_share": round(parts["source"] / total_s, 3) if parts["source"] and total_s else None,
        "passed_over": [{"file": str(each.path), "reason": each.reason} for each in passed_over],
    }


def words(summary: Summary) -> str:
    """The summary on one line."""
    changes = ", ".join(f"{count} {change}" for change, count in summary["sessions"].items())
    seconds, share = summary["seconds"], summary["source_share"]
    own = f" ({share:.0%} of all the time in the source's own library)" if share is not None else ""
    over = f"; {len(summary['passed_over'])} files passed over" if summary["passed_over"] else ""
    return (
        f"{sum(summary['sessions'].values())} sessions: {changes}; {sum(summary['rows'].values())} rows; "
        f"{seconds['total']:.1f} s, reading {seconds['reading']:.1f} s{own}, writing {seconds['writing']:.1f} s{over}"
    )


def rows_table(summary: Summary) -> pd.DataFrame:
    """Rows written by table."""
    return pd.DataFrame({"table": list(summary["rows"]), "rows": list(summary["rows"].values())})
