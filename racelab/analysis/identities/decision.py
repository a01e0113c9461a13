"""Whether an id of a provider is somebody who is known already: decided by evidence, never guessed."""

from collections.abc import Set
from dataclasses import dataclass, field

from racelab.analysis.identities.names import chassis_key, circuit_key, name_key, share_a_word, words_of

# A driver shared cars in the 1950s and providers differ in single car numbers: half of the starts must agree.
DRIVER_SHARE = 0.5
# Providers draw the line between two constructors differently: one stands for another if three starts of four agree.
MAKER_SHARE = 0.75
# Starts that speak for a driver or constructor alone, with nothing else that does, and how many of all they must be.
ALONE, ALONE_SHARE = 5, 0.9
AGES = (16, 65)
# Ergast's Lotus-Climax of the 1960s is no car of its Lotus of 2010: years that may lie between two names of a maker.
NEAR_YEARS = 5
_SHARES = {"driver": DRIVER_SHARE, "constructor": MAKER_SHARE, "circuit": MAKER_SHARE}
Span = tuple[int, int]


@dataclass(slots=True)
class Known:
    """What is known of an identity from all ids that stand for it."""

    identity_id: int
    names: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    births: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    refs: dict[str, set[str]] = field(default_factory=dict)
    span: Span | None = None

    def add(
        self, provider: str, provider_id: str, name: str, code: str | None, birth_date: str | None, span: Span | None
    ) -> None:
        """Take in one id's row, and its first and last season."""
        known = [one for one in (self.span, span) if one is not None]
        self.span = (min(one[0] for one in known), max(one[1] for one in known)) if known else None
        self.names.add(name)
        self.keys.add(name_key(name))
        self.words.update(words_of(name))
        self.births.update({birth_date} if birth_date else ())
        self.codes.update({code} if code else ())
        self.refs.setdefault(provider, set()).add(provider_id)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An id that is to be placed: what its provider tells, and how its starts agree with identities.

    ``agreed`` is (identity, starts in common), most first; ``starts`` are those that others know.
    """

    kind: str
    provider: str
    provider_id: str
    name: str
    code: str | None
    birth_date: str | None
    span: Span | None = None
    agreed: tuple[tuple[int, int], ...] = ()
    starts: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """Whose the id is (None: nobody's that is known), why, and what is doubtful about it."""

    identity_id: int | None
    matched_by: str | None = None
    doubt: str | None = None


def decide(candidate: Candidate, known: dict[int, Known], taken: Set[int] = frozenset()) -> Decision:
    """Whose the id is.

    Starts decide where there are any, but not against a full name with its date of birth; where there are none, name
    and date of birth do, if they fit one identity alone.
    Identities that are ``taken`` by another id of the provider cannot be its own.
    """
    free = {key: one for key, one in known.items() if key not in taken}
    told = {key: words for key, one in free.items() if (words := _told(candidate, one))}
    sure = [key for key, words in told.items() if {"name", "date of birth"} <= set(words)]
    if len(sure) == 1:
        return Decision(sure[0], "; ".join([*_counted(candidate, sure[0]), *told[sure[0]]]))
    if candidate.agreed:
        return _by_starts(candidate, known, free, set(told))
    if len(told) == 1:
        key, words = next(iter(told.items()))
        if _far_off(candidate, known[key]):
            return Decision(None, doubt=f"name alone as {_named(known[key])}, of other years")
        return Decision(key, "; ".join(words))
    doubt = f"{', '.join(_named(known[key]) for key in sorted(told))} fit alike" if told else None
    return Decision(None, doubt=doubt)


def _by_starts(candidate: Candidate, known: dict[int, Known], free: dict[int, Known], told: set[int]) -> Decision:
    best = max(n for _, n in candidate.agreed)
    firsts = [key for key, n in candidate.agreed if n == best]
    # Who shared a car has as many starts in common with the other: then the name tells them apart.
    first = next((key for key in firsts if key in told), firsts[0])
    words = "; ".join(
        [*_counted(candidate, first), *(_told(candidate, known[first]) or _hinted(candidate, known[first]))]
    )
    # f1db's constructor may cover several of another's, such as Team Lotus and Lotus-BRM: half is enough with a name.
    least = DRIVER_SHARE if candidate.provider == "f1db" and ";" in words else _SHARES[candidate.kind]
    if best / candidate.starts >= least and (len(firsts) == 1 or first in told) and first in free:
        alone = candidate.kind == "circuit" or (best >= ALONE and best / candidate.starts >= ALONE_SHARE)
        if ";" in words or alone:
            return Decision(first, words)
        return Decision(None, doubt=f"{words} as {_named(known[first])}, and nothing else speaks for it")
    namesake = _namesake(candidate, free)
    if namesake is not None:
        others = _spread(candidate, known, without=namesake)
        return Decision(namesake, f"name; {_counted(candidate, namesake)[0]}, the others as {others}")
    if first not in free:
        return Decision(None, doubt=f"{words} as {_named(known[first])}, which another id of {candidate.provider} is")
    return Decision(None, doubt=f"results: {candidate.starts} {_unit(candidate)} as {_spread(candidate, known)}")


def _namesake(candidate: Candidate, free: dict[int, Known]) -> int | None:
    """A constructor's one namesake among those with whom it has starts in common."""
    if candidate.kind != "constructor":
        return None
    key = name_key(candidate.name)
    found = [one for one, _ in candidate.agreed if one in free and key in free[one].keys]
    return found[0] if len(found) == 1 else None


def _told(candidate: Candidate, one: Known) -> list[str]:
    """What name, date of birth and ids say for the identity; nothing where they contradict it."""
    if candidate.kind != "driver":
        if name_key(candidate.name) in one.keys:
            return ["name"]
        if candidate.kind == "circuit":
            core = circuit_key(candidate.name)
            return ["name of the place"] if core and core in {circuit_key(name) for name in one.names} else []
        chassis = candidate.kind == "constructor" and candidate.provider == "ergast" and near(candidate, one)
        return ["name of the chassis"] if chassis and chassis_key(candidate.name) in one.keys else []
    if candidate.birth_date and one.births and candidate.birth_date not in one.births:
        return []
    if not _plausible(candidate, one):
        return []
    same_id = candidate.provider == "f1" and candidate.provider_id in one.refs.get("ergast", ())
    found = ["id of Ergast"] if same_id else []
    if name_key(candidate.name) in one.keys:
        found.append("name")
    elif candidate.birth_date in one.births and share_a_word(words_of(candidate.name), one.words):
        found.append("part of the name")
    if found and candidate.birth_date in one.births:
        found.append("date of birth")
    return found


def _hinted(candidate: Candidate, one: Known) -> list[str]:
    """What supports starts in common, though it would not be enough by itself."""
    found = ["code"] if candidate.code in one.codes else []
    if name_key(candidate.name) in one.keys:
        found.append("name")
    elif share_a_word(words_of(candidate.name), one.words):
        found.append("part of the name")
    return [*found, *(["date of birth"] if candidate.birth_date in one.births else [])]


def _far_off(candidate: Candidate, one: Known) -> bool:
    """Whether a maker of a history has only the name in common with one of long before or after: BMW built several."""
    return candidate.kind == "constructor" and candidate.provider in ("f1db", "ergast") and not near(candidate, one)


def near(candidate: Candidate, one: Known) -> bool:
    """Whether two names of a maker were seen at about the same time."""
    if candidate.span is None or one.span is None:
        return True
    return candidate.span[0] - one.span[1] <= NEAR_YEARS and one.span[0] - candidate.span[1] <= NEAR_YEARS


def _plausible(candidate: Candidate, one: Known) -> bool:
    """Whether somebody born then can have raced then: sons bear their fathers' names."""
    births = one.births | ({candidate.birth_date} if candidate.birth_date else set())
    spans = [span for span in (candidate.span, one.span) if span is not None]
    years = [int(date[:4]) for date in births if date[:4].isdigit()]
    return all(first - born >= AGES[0] and last - born <= AGES[1] for born in years for first, last in spans)


def _counted(candidate: Candidate, identity_id: int) -> list[str]:
    """How many starts speak for an identity, in words; nothing where there are none that others know."""
    if not candidate.starts:
        return []
    return [f"results: {dict(candidate.agreed).get(identity_id, 0)} of {candidate.starts} {_unit(candidate)}"]


def _unit(candidate: Candidate) -> str:
    return "events" if candidate.kind == "circuit" else "starts"


def _spread(candidate: Candidate, known: dict[int, Known], without: int | None = None) -> str:
    shares = [f"{_named(known[key])} ({n})" for key, n in candidate.agreed if key != without]
    return ", ".join(shares[:4])


def _named(one: Known) -> str:
    return min(one.names, default=str(one.identity_id))
