"""How whole data is: outcomes of sessions, shares of measured values, shares of nulls."""

from collections.abc import Iterable

import pandas as pd

from racelab.analysis.checks import notes

# From the best to the worst; a session has the worst of its findings.
OUTCOMES = ("sound", "noted", "repaired", "quarantined")


def findings(checks: pd.DataFrame, repairs: pd.DataFrame) -> pd.DataFrame:
    """Records that rules found, a row a session and rule with a finding.

    Args:
        checks: rows of the table of that name.
        repairs: rows of repairs of the same sessions.

    Returns:
        ``session_id, rule, noted, repaired, quarantined, n``; ``n`` is their sum.
    """
    keys = ["session_id", "rule"]
    named = repairs[notes(repairs)].drop_duplicates([*keys, "table_name", "record"]).groupby(keys).size()
    frame = checks.set_index(keys)[["repaired", "quarantined"]]
    frame = frame.join(named.rename("noted"), how="outer").fillna(0).astype("int64").reset_index()
    frame["n"] = frame[["noted", "repaired", "quarantined"]].sum(axis=1)
    return frame.loc[frame["n"] > 0, [*keys, "noted", "repaired", "quarantined", "n"]].reset_index(drop=True)


def outcomes(session_ids: Iterable[int], found: pd.DataFrame) -> pd.DataFrame:
    """Each session's findings by kind and the worst of them: `session_id, noted, repaired, quarantined, outcome`."""
    kinds = list(OUTCOMES[1:])
    sums = found.groupby("session_id")[kinds].sum().reindex(list(session_ids), fill_value=0)
    sums["outcome"] = OUTCOMES[0]
    for kind in kinds:
        sums.loc[sums[kind] > 0, "outcome"] = kind
    return sums.rename_axis("session_id").reset_index()


def examples(repairs: pd.DataFrame, each: int) -> pd.DataFrame:
    """Some rows of each rule, a row a record, from several sessions as far as there are."""
    rows = repairs.drop_duplicates(["session_id", "rule", "table_name", "record"])
    rows = rows.assign(turn=rows.groupby(["session_id", "rule"], sort=False).cumcount())
    picked = rows.sort_values("turn", kind="stable").groupby("rule", sort=False).head(each)
    return picked.sort_values(["rule", "session_id"], kind="stable").drop(columns="turn").reset_index(drop=True)


def add_nulls(total: pd.DataFrame | None, frame: pd.DataFrame) -> pd.DataFrame:
    """Count a frame's rows and nulls by column, on top of what was counted before: `rows, nulls` by column."""
    counts = pd.DataFrame({"rows": len(frame), "nulls": frame.isna().sum()})
    return counts if total is None else total.add(counts, fill_value=0)
