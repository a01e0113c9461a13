"""The cars and drivers that a text names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# A clock in front of a bracket, such as 15:24:40 (PIT), is no car.
_CODED = re.compile(r"(?<![:.\d])(\d{1,3}) ?\(([A-Z]{3})\)")
_WITH = re.compile(r"\b(?:WITH|INSTEAD OF) (?:CARS? )?(\d{1,3})\b(?! ?SEC)")
_CORRECTED = re.compile(r"\*UPDATE\* ?(?:CAR )?(\d{1,3}) NOT (\d{1,3})\b")
_NOT_AFTER_ALL = re.compile(r"\bCAR (\d{1,3}) NOT UNDER\b")
# Numbers of cars before and behind another one, where a line is put in order.
_REORDERED = re.compile(r"^(?:PIT EXIT RE-?ORDER - )?(\d{1,3}(?:, \d{1,3}){0,20}) (?:AHEAD|BEHIND) (\d{1,3})\b")
_LEADING = re.compile(r"^(\d{1,3}) IN (?:A |THE )?(?:CLOSED|RUN)")
_OVERTAKING = re.compile(r"LAPPED CARS? MAY NOW OVERTAKE[^:\-\d]{0,30}[:\-] ?((?:\d{1,3},? ?){1,30})")
_CARS = re.compile(r"\bCARS?(?![A-Z])")
_TOKEN = re.compile(r"[^\W\d_][^\W\d_'.]{0,40}|\d{1,6}(?:[^\W_]{1,10})?|[-,&:]|[^\s]")
_NUMBER = re.compile(r"\d{1,3}")
_BETWEEN = frozenset({"-", ",", "&", "AND", ":", "CAR", "CARS"})
# What a number stands before that is no car.
_UNITS = frozenset(
    {"SEC", "SECOND", "SECONDS", "MINUTE", "MINUTES", "LAP", "LAPS", "PLACE", "PLACES", "GRID", "KMH", "S"}
)
_CREW = frozenset({"DRIVER", "DRIVERS", "TEAM", "MANAGER", "MANAGERS"})
# Words of race control that may stand where a driver's name would.
_WORDS = """
A ABUSING AFTER AHEAD ALL ALLOWED AND APPLICATION AS AT BEHAVIOUR BEHIND BLACK BLOCKING BLUE BRING BY CANCEL
CAUSING CHECKERED CLOSED COMMENCE CONCERNING CONTACT CONTINUED CONTINUING CORRECTION COVERED CREATING CROSSING
CUTTING DELETED DID DISQUALIFIED DISRESPECT DOOR DRIVE DRIVING ENTERED EXITING FAILING FALSE FCY FINAL FINE
FLAG FLAT FOR FROM GOING GREEN HAD HEAD HEADLIGHTS IGNORING IMPACT IMPROPER IN INCIDENT INFRINGEMENT INSTEAD
INVALIDATED INVOLVING IS JUMP LAP LAPS LASTING LEADER LEAVING LIGHT LIGHTS MAY MECHANICAL MISSED MUST NEXT NFA
NO NOT NOTED NOW OF OFF ON OR OUT OUTSIDE OVERTAKE OVERTAKING PACK PASS PENALTY PIT PITS PLEASE POSSIBLE POST
POTENTIAL PREPARE PRIOR PROCEDURES RACE RAIN REAR RED REMOVED REPAIR REPAIRED REPLACE REPRIMAND RESCINDED
RETIRED RETURNED REVIEW REVIEWED RUN RUNOFF SAFETY SC SERVED SHORT SLOW SLOWLY SPEED SPEEDING SPUN STAND START
STARTING STEWARDS STOP STOPPED STOPS SUSPENDED TECHNICAL THE TIME TIMED TIRE TO TRACK TURN TYRE UNDE UNDER
UNSAFE UPDATE VIRTUAL VSC WARNING WAS WEAVING WHITE WILL WITH WITHIN YELLOW
"""
_NO_NAME = _CREW | _UNITS | frozenset(_WORDS.split())
_LONGEST_NAME = 4


@dataclass(slots=True)
class Cars:
    """The cars of a text in their order: those that it is about, those beside them, and who drives."""

    about: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    drivers: list[str] = field(default_factory=list)


def find_cars(text: str) -> Cars:
    """The cars that a text in capitals names."""
    found = Cars()
    found.beside += [match[1] for match in _WITH.finditer(text)]
    fixed = _CORRECTED.search(text)
    if fixed:
        found.beside.append(fixed[2])
    coded = _CODED.findall(text)
    if coded:
        found.about += [number for number, _ in coded]
        found.drivers += [code for _, code in coded]
    elif line := _REORDERED.search(text):
        found.about += [*_NUMBER.findall(line[1]), line[2]]
    elif leading := _LEADING.search(text) or _OVERTAKING.search(text):
        found.about += _NUMBER.findall(leading[1])
    else:
        _listed(_WITH.sub(" WITH ", text), found)
    _settle(found, text, fixed[1] if fixed else None)
    return found


def _listed(text: str, found: Cars) -> None:
    """The lists of cars and drivers that follow each CAR or CARS."""
    end = 0
    for head in _CARS.finditer(text):
        if head.start() >= end:
            end = _read_list(text, head.end(), found)


def _read_list(text: str, start: int, found: Cars) -> int:
    """Read one list: numbers, names and what stands between them; returns where it ends."""
    end, name, before = start, list[str](), len(found.about)
    tokens = list(_peeking(text, start))
    for place, (token, after) in enumerate(tokens):
        following = tokens[place + 1][0] if place + 1 < len(tokens) else ""
        if _NUMBER.fullmatch(token):
            if following in _UNITS:
                break
            _named(name, found)
            found.about.append(token)
        elif token in _BETWEEN:
            _named(name, found)
        elif token in _CREW and len(found.about) > before:
            continue
        elif len(found.about) > before and token[0].isalpha() and token not in _NO_NAME and len(name) < _LONGEST_NAME:
            name.append(token)
        else:
            break
        end = after
    _named(name, found)
    return end


def _peeking(text: str, start: int) -> Iterator[tuple[str, int]]:
    return ((match[0], match.end()) for match in _TOKEN.finditer(text, start))


def _named(name: list[str], found: Cars) -> None:
    if name:
        found.drivers.append(" ".join(name))
        name.clear()


def _settle(found: Cars, text: str, corrected: str | None) -> None:
    """Each car once; one that a correction takes out is beside the others."""
    about = list(dict.fromkeys(found.about))
    if corrected is not None and corrected not in about:
        about.append(corrected)
    dropped = {match[1] for match in _NOT_AFTER_ALL.finditer(text)}
    if dropped and any(number not in dropped for number in about):
        found.beside += [number for number in about if number in dropped]
    beside = dict.fromkeys(number for number in found.beside if corrected is None or number != corrected)
    found.about = [number for number in about if number not in beside]
    found.beside = list(beside)
