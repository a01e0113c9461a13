"""How many ids of each provider another one's ids are joined to, and which are not."""

from itertools import permutations

import pandas as pd

from racelab.analysis.identities.assign import KINDS, PROVIDERS
from racelab.analysis.identities.evidence import agreements, identified

PAIRS = ["kind", "a", "b", "of", "matched", "rate"]
UNMATCHED = ["kind", "a", "b", "provider_id", "name", "reason"]
_SESSION = ["season", "round", "code"]


def rates(identities: pd.DataFrame, appearances: pd.DataFrame) -> pd.DataFrame:
    """Of a's ids that took part where b tells of it too, how many share an identity with an id of b.

    Al Kamel tells of other series, so that all of its ids are counted.

    Returns:
        PAIRS, a row a kind and ordered pair of providers that have ids of the kind.
    """
    rows = [
        {"kind": kind, "a": a, "b": b, "of": len(expected), "matched": matched, "rate": matched / len(expected)}
        for kind, a, b, expected, shared in _each(identities, appearances)
        if (matched := int(expected["identity_id"].isin(shared).sum())) is not None and len(expected)
    ]
    return pd.DataFrame(rows, columns=PAIRS)


def unmatched(identities: pd.DataFrame, appearances: pd.DataFrame) -> pd.DataFrame:
    """The ids that `rates` counts as not matched, with what their starts say; Al Kamel's are left out, being many.

    Returns:
        UNMATCHED, a row an id and provider.
    """
    rows = []
    for kind, a, b, expected, shared in _each(identities, appearances):
        left = expected[~expected["identity_id"].isin(shared)]
        if a == "alkamel" or left.empty:
            continue
        reasons = _reasons(identities, appearances, kind, a, b)
        for ref, name in zip(left["provider_id"], left["name"], strict=True):
            reason = reasons.get(ref, f"{b} has nobody like it in the same races")
            rows.append({"kind": kind, "a": a, "b": b, "provider_id": ref, "name": name, "reason": reason})
    return pd.DataFrame(rows, columns=UNMATCHED)


def _each(identities: pd.DataFrame, appearances: pd.DataFrame) -> list[tuple[str, str, str, pd.DataFrame, set[int]]]:
    found = []
    for kind in KINDS:
        of_kind = identities[identities["kind"] == kind]
        seen = appearances[appearances["kind"] == kind]
        for a, b in permutations(PROVIDERS, 2):
            own, other = of_kind[of_kind["provider"] == a], of_kind[of_kind["provider"] == b]
            if own.empty or other.empty or b == "alkamel":
                continue
            expected = own if a == "alkamel" else own[own["provider_id"].isin(_met(seen, a, b))]
            found.append((kind, a, b, expected, set(other["identity_id"])))
    return found


def _met(appearances: pd.DataFrame, a: str, b: str) -> "pd.Series[str]":
    """The ids of a that appear in a session of which b tells too."""
    theirs = appearances.loc[appearances["provider"] == b, _SESSION].drop_duplicates()
    found: pd.Series[str] = appearances[appearances["provider"] == a].merge(theirs, on=_SESSION)["provider_id"]
    return found


def _reasons(identities: pd.DataFrame, appearances: pd.DataFrame, kind: str, a: str, b: str) -> dict[str, str]:
    of_kind = appearances[appearances["kind"] == kind]
    theirs = identified(of_kind[of_kind["provider"] == b], identities[identities["provider"] == b])
    names = identities[(identities["kind"] == kind) & (identities["provider"] == b)]
    named = dict(zip(names["identity_id"], names["name"], strict=True))
    found: dict[str, list[str]] = {}
    starts: dict[str, int] = {}
    for ref, identity, n, known in agreements(of_kind[of_kind["provider"] == a], theirs).itertuples(index=False):
        found.setdefault(ref, []).append(f"{named[identity]} ({n})")
        starts[ref] = known
    return {ref: f"results: {starts[ref]} in common, as {', '.join(words[:4])}" for ref, words in found.items()}
