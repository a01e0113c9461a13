"""Write the definitions in docs/metrics.md from what the package declares: `python scripts/metrics_docs.py [--check]`.

What stands in the file from `## How far to trust them` on is written by hand and stays.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from racelab.analysis.metrics.definitions import METRICS, STANDARD_ERROR

FILE = Path(__file__).parents[1] / "docs" / "metrics.md"
BY_HAND = "## How far to trust them"


def definitions() -> str:
    """The part of docs/metrics.md that follows from the code."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Driver metrics"
    yield ""
    yield (
        "What timing tells of a driver in a race. Rows of the table `driver_metrics` (`racelab.load_driver_metrics`), computed "
        "by `racelab.analysis.metrics`; this part of the page is made from the same list by `python scripts/metrics_docs.py`."
    )
    yield ""
    yield (
        f"Beside each metric stands its standard error as a row of its own, under the metric's name with `{STANDARD_ERROR}`: "
        "the value plus and less 1.645 of it is an interval of 90 %. `n` counts what is behind the value. "
        "Under its minimum a metric is missing: there is no row."
    )
    yield ""
    yield "| metric | meaning | formula | unit | better | minimum |"
    yield "|---|---|---|---|---|---|"
    for metric in METRICS:
        yield f"| `{metric.name}` | {metric.meaning} | {metric.formula} | {metric.unit} | {metric.better} | {metric.least} |"
    yield ""


def main() -> None:
    """Write the file, or say that it is not current."""
    text = FILE.read_text(encoding="utf-8")
    if "--check" in sys.argv[1:]:
        if not text.startswith(definitions()):
            sys.exit(f"{FILE.name} is not current: run python scripts/metrics_docs.py")
        return
    FILE.write_text(definitions() + text[text.index(BY_HAND) :], encoding="utf-8")


if __name__ == "__main__":
    main()
