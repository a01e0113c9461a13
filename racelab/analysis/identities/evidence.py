"""What speaks for two ids being one: starts in the same car of the same race, events at the same place."""

from collections.abc import Sequence

import pandas as pd

# What names a start: a session of a round and the car. Of a circuit the event counts: its code and car are "".
START = ["season", "round", "code", "car_number"]
APPEARANCES = ["kind", "provider", "provider_id", *START]
SUBJECTS = ["kind", "provider", "provider_id", "name", "code", "birth_date", "nationality"]
IDENTITIES = [*SUBJECTS, "identity_id", "matched_by"]


def identified(appearances: pd.DataFrame, identities: pd.DataFrame) -> pd.DataFrame:
    """Appearances (APPEARANCES) of the ids that have an identity, with their ``identity_id``."""
    keys = ["kind", "provider", "provider_id"]
    return appearances.merge(identities[[*keys, "identity_id"]], on=keys)


def agreements(own: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """How often each id of ``own`` starts where an identity of ``others`` starts.

    Both have the columns of START and ``provider_id``, ``others`` an ``identity_id`` too. A start counts once,
    however many providers tell of it; starts that the others do not know are not counted.

    Returns:
        ``provider_id, identity_id, n, starts``, the identity with most in common first; ``starts`` are those of the
        id that the others know at all.
    """
    mine = own[["provider_id", *START]].dropna().drop_duplicates()
    theirs = others[["identity_id", *START]].dropna().drop_duplicates()
    both = mine.merge(theirs, on=START)
    if both.empty:
        return pd.DataFrame(columns=["provider_id", "identity_id", "n", "starts"])
    counted = both.groupby(["provider_id", "identity_id"]).size().rename("n").reset_index()
    known = both.drop_duplicates(["provider_id", *START]).groupby("provider_id").size().rename("starts")
    return counted.join(known, on="provider_id").sort_values(
        ["provider_id", "n", "identity_id"], ascending=[True, False, True], ignore_index=True
    )


def reference(appearances: pd.DataFrame, providers: Sequence[str]) -> pd.DataFrame:
    """The appearances without those at a start of which an earlier one of the providers tells too."""
    rank = appearances["provider"].map({name: place for place, name in enumerate(providers)}).astype("int64")
    first = rank.groupby([appearances[key] for key in START]).transform("min")
    return appearances[rank == first]


def seasons(appearances: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """First and last season of each id, by ``provider_id``; the appearances are of one provider and kind."""
    spans = appearances.groupby("provider_id")["season"].agg(["min", "max"])
    return {str(ref): (int(first), int(last)) for ref, first, last in spans.itertuples()}
