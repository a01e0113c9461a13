"""Identities for ids that have none yet: joined to one that is known, or given a new one."""

from collections.abc import Iterator

import pandas as pd

from racelab.analysis.identities.decision import Candidate, Known, decide, near
from racelab.analysis.identities.evidence import IDENTITIES, START, agreements, identified, reference, seasons
from racelab.analysis.identities.ids import new_id
from racelab.analysis.identities.names import chassis_key, name_key

# Whoever comes first gives the identity: f1db divides drivers, constructors and circuits finest.
PROVIDERS = ("f1db", "ergast", "f1", "alkamel")
KINDS = ("driver", "constructor", "circuit", "engine", "tyre")
# Two ids of these are never one driver or circuit; of constructors only f1db's: Ergast has Cooper-Climax and Cooper.
_ONE_EACH = {
    "driver": ("f1db", "ergast"), "circuit": ("f1db", "ergast"), "constructor": ("f1db",), "engine": ("f1db",),
    "tyre": ("f1db",),
}  # fmt: skip


def assign(subjects: pd.DataFrame, appearances: pd.DataFrame, held: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Identities of every subject that has none in ``held``.

    Args:
        subjects: SUBJECTS, a row an id.
        appearances: APPEARANCES of all providers; a circuit's have no code and car.
        held: IDENTITIES that are given already; they are never changed.

    Returns:
        The new rows (IDENTITIES), and what is doubtful (``kind, provider, provider_id, name, reason``).
    """
    rows: list[dict[str, object]] = []
    doubts: list[dict[str, object]] = []
    for kind in KINDS:
        of_kind = [frame[frame["kind"] == kind] for frame in (subjects, appearances, held)]
        known = _known(of_kind[2], of_kind[1])
        for provider in PROVIDERS:
            found, left = _of_provider(kind, provider, of_kind[0], of_kind[1], _with(of_kind[2], rows, kind), known)
            rows += found
            doubts += left
    return (
        pd.DataFrame(rows, columns=IDENTITIES),
        pd.DataFrame(doubts, columns=["kind", "provider", "provider_id", "name", "reason"]),
    )


def _with(held: pd.DataFrame, rows: list[dict[str, object]], kind: str) -> pd.DataFrame:
    added = pd.DataFrame([row for row in rows if row["kind"] == kind], columns=IDENTITIES)
    return pd.concat([held.astype(object), added.astype(object)], ignore_index=True) if len(added) else held


def _of_provider(
    kind: str,
    provider: str,
    subjects: pd.DataFrame,
    appearances: pd.DataFrame,
    held: pd.DataFrame,
    known: dict[int, Known],
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    own = subjects[subjects["provider"] == provider]
    own = own[~own["provider_id"].isin(held.loc[held["provider"] == provider, "provider_id"])]
    rows: list[dict[str, object]] = []
    doubts: list[dict[str, object]] = []
    if own.empty:
        return rows, doubts
    mine = appearances[appearances["provider"] == provider]
    others = identified(appearances[appearances["provider"] != provider], held[held["provider"] != provider])
    others = reference(others, PROVIDERS)
    taken = {key for key, one in known.items() if provider in _ONE_EACH.get(kind, ()) and one.refs.get(provider)}
    firsts = _first_events(mine) if kind == "circuit" else {}
    for row, candidate in _candidates(own, mine, others):
        decision = decide(candidate, known, taken)
        doubt = decision.doubt
        number, words = decision.identity_id, decision.matched_by
        if number is None and (wait := _why_wait(candidate, known)):
            doubts.append(_doubt(candidate, doubt or wait))
            continue
        if number is None:
            number, words = _own(candidate, known, firsts)
        if doubt:
            doubts.append(_doubt(candidate, doubt))
        one = known.setdefault(number, Known(number))
        one.add(provider, candidate.provider_id, candidate.name, candidate.code, candidate.birth_date, candidate.span)
        if provider in _ONE_EACH.get(kind, ()):
            taken.add(number)
        rows.append({**row, "identity_id": number, "matched_by": words})
    return rows, doubts


def _why_wait(candidate: Candidate, known: dict[int, Known]) -> str | None:
    """Why an id that nobody knows is to get no identity yet: another source will tell better whose it is.

    FastF1 calls teams and circuits by other names from year to year, and drivers of lap tables by their code.
    """
    if candidate.provider == "f1" and candidate.kind != "driver":
        return "waits for a history that tells of its races"
    if candidate.provider == "f1" and candidate.name == candidate.code:
        return "a code alone: waits for a source that tells who drove"
    if candidate.kind == "circuit" and not any(one.refs.keys() & {"f1db", "ergast"} for one in known.values()):
        return None if candidate.provider in ("f1db", "ergast") else "waits for a history to compare with"
    return None


def _own(candidate: Candidate, known: dict[int, Known], firsts: dict[str, str]) -> tuple[int, str | None]:
    """The id of an identity that nobody knew; Ergast's Cooper-Climax joins its Cooper."""
    fallback = f"{candidate.provider}:{candidate.provider_id}"
    if candidate.kind == "constructor" and candidate.provider == "ergast":
        key = chassis_key(candidate.name)
        number = new_id(candidate.kind, key, fallback, ())
        same = known.get(number)
        if same is not None and set(same.refs) == {"ergast"} and not candidate.agreed and near(candidate, same):
            return number, f"name of the chassis: {min(same.names)}"
        return new_id(candidate.kind, key, fallback, known), None
    key = firsts.get(candidate.provider_id) or name_key(candidate.name)
    return new_id(candidate.kind, key, fallback, known), None


def _candidates(
    own: pd.DataFrame, mine: pd.DataFrame, others: pd.DataFrame
) -> Iterator[tuple[dict[str, object], Candidate]]:
    """The rows with their evidence; those with most starts in common come first, so that they choose first."""
    agreed: dict[str, list[tuple[int, int]]] = {}
    starts: dict[str, int] = {}
    for ref, identity, n, known in agreements(mine, others).itertuples(index=False):
        agreed.setdefault(ref, []).append((int(identity), int(n)))
        starts[ref] = int(known)
    spans = seasons(mine)
    plain = own.astype(object).where(own.notna(), None)
    rows = [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]
    rows.sort(key=lambda row: (-max((n for _, n in agreed.get(row["provider_id"], [])), default=0), row["provider_id"]))
    for row in rows:
        ref = row["provider_id"]
        yield row, Candidate(
            row["kind"], row["provider"], ref, row["name"], row["code"], row["birth_date"], spans.get(ref),
            tuple(agreed.get(ref, ())), starts.get(ref, 0),
        )  # fmt: skip


def _known(held: pd.DataFrame, appearances: pd.DataFrame) -> dict[int, Known]:
    known: dict[int, Known] = {}
    spans = {name: seasons(own) for name, own in appearances.groupby("provider")}
    plain = held.astype(object).where(held.notna(), None)
    for row in plain.to_dict("records"):
        number = int(row["identity_id"])
        one = known.setdefault(number, Known(number))
        one.add(
            row["provider"],
            row["provider_id"],
            row["name"],
            row["code"],
            row["birth_date"],
            spans.get(row["provider"], {}).get(row["provider_id"]),
        )
    return known


def _first_events(appearances: pd.DataFrame) -> dict[str, str]:
    """Season and round of each circuit's first event: providers differ in its name, not in that."""
    ordered = appearances.sort_values(START[:2]).drop_duplicates("provider_id")
    columns = zip(ordered["provider_id"], ordered["season"], ordered["round"], strict=True)
    return {str(ref): f"{season}/{round_}" for ref, season, round_ in columns}


def _doubt(candidate: Candidate, reason: str) -> dict[str, object]:
    return {
        "kind": candidate.kind, "provider": candidate.provider, "provider_id": candidate.provider_id,
        "name": candidate.name, "reason": reason,
    }  # fmt: skip
