"""The parts of the data-quality report, one call each, for `notebooks/reports/data_quality.ipynb`."""

import pandas as pd
from IPython.display import HTML, Markdown
from plotly.graph_objects import Figure

from racelab.domain.checks import CHECKS, RULES
from racelab.domain.vocabulary import COLUMNS
from racelab.runs.quality_data import Quality, load_quality
from racelab.views import html
from racelab.views.quality_figures import findings_figure, null_figure, percent_words

__all__ = [
    "examples",
    "findings",
    "head",
    "kept_out",
    "key_facts",
    "lacking",
    "load_quality",
    "never",
    "nulls",
    "qualities",
    "refused",
    "rules",
    "sessions",
    "silent_rules",
]  # fmt: skip
_HEADINGS = {
    "noted": "Noted", "outcome": "Outcome", "short": "Session", "looks_at": "What it looks at", "does": "What it does",
    "part": "Part", "n": "Sessions", "where": "Which", "table": "Table", "measured": "Measured", "repaired": "Repaired",
    "predicted": "Predicted", "rows": "Rows", "event": "Event", "missing": "Missing", "label": "Source's name",
}  # fmt: skip
_EXAMPLES, _KEPT_OUT, _NAMED = 3, 30, 6


def head(quality: Quality) -> Markdown:
    """The title, and the answer in a sentence."""
    counts = quality.outcomes["outcome"].value_counts()
    parts = [f"{counts[name]} {words}" for name, words in _SENTENCE.items() if counts.get(name)]
    number, out = len(quality.outcomes), len(quality.refusals)
    told = f"Of {number} session{'s' if number != 1 else ''}, {_joined(parts)}." if parts else "No session is stored."
    told += f" {out} more {'was' if out == 1 else 'were'} refused." if out else ""
    return Markdown(f"# Data quality: {quality.title}\n\n**{told}**")


_SENTENCE = {
    "sound": "passed every check as read",
    "noted": "passed with a note",
    "repaired": "needed a repair",
    "quarantined": "had records kept out",
}


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def key_facts(quality: Quality) -> HTML:
    """Sessions, laps, rules, and what the rules found, large."""
    tally = quality.tally
    quiet = int((tally[["noted", "repaired", "quarantined"]].sum(axis=1) == 0).sum())
    pairs: list[tuple[str, str, str | None]] = [
        ("Sessions", f"{len(quality.sessions):,}", None),
        ("Laps", f"{int(quality.rows.get('laps', 0)):,}", None),
        ("Rules", f"{len(tally)}", f"{quiet} found nothing"),
        ("Noted", f"{tally['noted'].sum():,}", "named, and kept as read"),
        ("Repaired", f"{tally['repaired'].sum():,}", "changed or left out by name"),
        ("Kept out", f"{tally['quarantined'].sum():,}", "quarantined with the reason"),
        ("Refused", f"{len(quality.refusals):,}", "sessions"),
    ]
    return html.facts(pairs)


def findings(quality: Quality) -> Figure | HTML:
    """How many records each rule found in each session; nothing where `rules` says that there are none."""
    if quality.found.empty:
        return HTML("")
    cells = quality.found.assign(session=quality.found["session_id"].map(quality.short))
    return findings_figure(cells[["rule", "session", "n"]], list(quality.short.values()))


def sessions(quality: Quality) -> HTML:
    """Each session with its outcome and its findings by kind."""
    frame = quality.outcomes.merge(quality.sessions, left_on="session_id", right_on="id")
    frame["short"] = frame["session_id"].map(quality.short)
    keys = ["short", "event", "source", "laps_held", "outcome", "noted", "repaired", "quarantined"]
    return html.table(frame[keys], {**_HEADINGS, "laps_held": "Laps"}, minor={"source"})


def rules(quality: Quality) -> HTML:
    """The rules that found something: what they look at and do, and their tally."""
    tally = quality.tally
    frame = tally[tally[["noted", "repaired", "quarantined"]].sum(axis=1) > 0].copy()
    if frame.empty:
        return HTML("<p>No rule found anything.</p>")
    frame.insert(1, "looks_at", [RULES[rule].looks_at if rule in RULES else None for rule in frame["rule"]])
    frame.insert(2, "does", [RULES[rule].does if rule in RULES else None for rule in frame["rule"]])
    return html.table(frame, _HEADINGS, minor={"does", "accepted"})


def silent_rules(quality: Quality) -> HTML:
    """The rules that found nothing, and those that had nothing to look at."""
    tally = quality.tally
    quiet = set(tally.loc[tally[["noted", "repaired", "quarantined"]].sum(axis=1) == 0, "rule"])
    checked = tally.set_index("rule")["checked"]
    rows = [
        (rule.name, rule.looks_at, int(checked[rule.name]) if rule.name in quiet else 0)
        for rule in CHECKS
        if rule.name in quiet or rule.name not in checked.index
    ]
    return html.table(pd.DataFrame(rows, columns=["rule", "looks_at", "checked"]), _HEADINGS)


def examples(quality: Quality) -> HTML:
    """Some rows of each rule: what was changed or named, before and after."""
    frame = quality.examples(_EXAMPLES)
    if frame.empty:
        return HTML("<p>Nothing was repaired or noted.</p>")
    frame["short"] = frame["session_id"].map(quality.short)
    for side in ("before", "after"):
        frame[side] = [_told(*pair) for pair in zip(frame["column_name"], frame[side], strict=True)]
    keys = ["rule", "short", "table_name", "record", "column_name", "before", "after", "reason"]
    return html.table(frame[keys], _HEADINGS, minor={"table_name", "reason"})


def _told(column: object, value: object) -> str | None:
    """A value as people read it: a lap time of 5050733 ms is 1:24:10.733."""
    if pd.isna(value):
        return None
    text = str(value)
    whole = str(column).endswith("_ms") and text.removeprefix("-").isdecimal()
    return html.shown(str(column), int(text)) if whole else text


def kept_out(quality: Quality) -> HTML:
    """Records that are kept out of the analysis, with the reason."""
    frame = quality.quarantine
    if frame.empty:
        return HTML("<p>No record is kept out.</p>")
    shown = frame.head(_KEPT_OUT).assign(short=frame["session_id"].map(quality.short))
    words = f"The first {_KEPT_OUT} of {len(frame):,}" if len(frame) > _KEPT_OUT else None
    return html.table(shown[["rule", "short", "table_name", "record", "reason"]], _HEADINGS, words)


def refused(quality: Quality) -> HTML:
    """Sessions that were not let in, and why."""
    frame = quality.refusals
    if frame.empty:
        return HTML("<p>No session was refused.</p>")
    return html.table(frame[["source", "label", "reason"]], _HEADINGS)


def lacking(quality: Quality) -> HTML:
    """The parts that the sources lack, and in which sessions."""
    frame = quality.lacking
    if frame.empty:
        return HTML("<p>The sources lack nothing.</p>")
    rows = []
    for part, own in frame.groupby("part"):
        names = [quality.short[session] for session in own["session_id"]]
        rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        rows.append((part, len(names), ", ".join(names[:_NAMED]) + rest))
    table = pd.DataFrame(rows, columns=["part", "n", "where"]).sort_values("n", ascending=False)
    return html.table(table, _HEADINGS)


def qualities(quality: Quality) -> HTML:
    """The shares of measured, repaired and predicted values, of the tables that tell it."""
    rows = []
    for table, counts in quality.qualities.items():
        total = sum(counts.values())
        shares = [percent_words(counts.get(kind, 0) / total) for kind in ("measured", "repaired", "predicted")]
        rows.append((table.replace("_", " "), f"{total:,}", *shares))
    frame = pd.DataFrame(rows, columns=["table", "rows", "measured", "repaired", "predicted"])
    return html.table(frame, _HEADINGS) if rows else HTML("<p>No values are stored.</p>")


def nulls(quality: Quality) -> Figure:
    """The columns that are null in part."""
    part = quality.nulls[(quality.nulls["share"] > 0) & (quality.nulls["share"] < 1)]
    return null_figure(_named(part))


def never(quality: Quality) -> Markdown:
    """The columns that are null throughout, in a sentence a table."""
    empty = _named(quality.nulls[quality.nulls["share"] == 1])
    lines = [f"- {table}: {', '.join(own['heading'])}" for table, own in empty.groupby("words", sort=False)]
    return Markdown("Null throughout, as the sources do not tell them:\n\n" + "\n".join(lines) if lines else "")


def _named(shares: pd.DataFrame) -> pd.DataFrame:
    """The columns by their table and heading."""
    words = shares["table"].str.replace("_", " ").str.capitalize()
    heading = shares["column"].map(lambda key: COLUMNS[key].heading)
    return shares.assign(words=words, heading=heading, name=words + " · " + heading)
