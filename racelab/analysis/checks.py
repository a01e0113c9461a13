"""Tallies of checks: what each rule accepted, named, repaired and quarantined."""

import pandas as pd

TALLY_COLUMNS = ["rule", "checked", "accepted", "noted", "repaired", "quarantined"]


def notes(repairs: pd.DataFrame) -> pd.Series:
    """Which rows of repairs are notes: their value after is the one before, and nothing was changed."""
    before, after = repairs["before"], repairs["after"]
    return ((before == after).fillna(False) | (before.isna() & after.isna())).astype(bool)


def rule_tally(checks: pd.DataFrame, repairs: pd.DataFrame) -> pd.DataFrame:
    """One row a rule, those with findings first: `noted` counts the accepted records that a rule names.

    Args:
        checks: a row a session and rule, as in the table of that name.
        repairs: the rows of repairs of the same sessions.
    """
    keys = ["session_id", "table_name", "record"]
    named = repairs[notes(repairs)].drop_duplicates(["rule", *keys]).groupby("rule").size()
    sums = checks.groupby("rule", sort=False)[["checked", "accepted", "repaired", "quarantined"]].sum().reset_index()
    sums["noted"] = sums["rule"].map(named).fillna(0).astype("Int64")
    found = sums[["noted", "repaired", "quarantined"]].sum(axis=1) > 0
    ordered = sums.assign(quiet=~found).sort_values(["quiet", "rule"], kind="stable", ignore_index=True)
    return ordered[TALLY_COLUMNS]
