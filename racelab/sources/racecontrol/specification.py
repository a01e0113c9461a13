"""Race control's words in IMSA, WEC and Formula 1 and what they mean here; nothing outside this package sees them.

Texts are matched in capitals, with single spaces, and cut at `LONGEST`: the longest real one has 300 characters. No
pattern here repeats what itself repeats, so that matching takes time in proportion to the text.
"""

import re

from racelab.sources.racecontrol.ruling import Category, Happening, PenaltyKind

LONGEST = 1000
# The first category of which a pattern is found wins.
_CATEGORIES = (
    (Category.SERVED, r"PENALTY SERVED|SERVED (?:THE|ITS) PENALTY"),
    (Category.PENALTY, r"CANCEL THE (?:DRIVE|STOP|PENALTY)|(?:THROUGH|STOP AND GO) IS (?:CANCELLED|SUSPENDED)"),
    (
        Category.DECISION,
        r"NO FURTHER (?:ACTION|INVESTIGATION)|NO INVESTIGATION|NO ACTION|\bNFA\b|NOT UNDER INVESTIGATION",
    ),
    (
        Category.INVESTIGATION,
        r"UNDER? INVESTIGATION|UNDER? REVIEW|BE INVESTIGATED|\bREVIEWED\b|PROCEDURE IS UNDER",
    ),
    (Category.NOTED, r"\bNOTED\b"),
    (
        Category.LAP_DELETED,
        r"(?:TIME|LAP)\S* [\d:. ]{0,12}(?:DELETED|INVALIDATED|WILL BE REINSTATED|REINSTATED)|LAP DELETED",
    ),
    (
        Category.PENALTY,
        r"DRIVE[ -]?THROUGH|STOP[ /-]?(?:AND|&)?[ /-]?GO|\bSTOP ?(?:\+|PLUS) ?\d|SEC(?:OND)?S? (?:TIME PENALTY|ADDED)"
        r"|\bLAPS? PENALTY|GRID (?:PLACE |POSITION )?(?:PENALTY|DROP)|PLACES? (?:GRID )?(?:PENALTY|DROP)|DISQUALIFIED"
        r"|\bFINED?\b|(?<!MECHANICAL )BLACK FLAG(?! AND)",
    ),
    (
        Category.TECHNICAL,
        r"BLACK AND ORANGE|MECHANICAL BLACK|\bREPAIR|HEAD ?LIGHTS?\b|REPLACE THE|DOOR TO BE|RAIN LIGHTS? TO BE TURNED ON$"
        r"|REAR RIGHT LIGHT",
    ),
    (Category.WARNING, r"\bWARNING(?! WILL)|REPRIMAND|BLACK AND WHITE"),
    (Category.SUMMONS, r"TEAM MANAGER|TO (?:THE )?(?:RACE DIRECTOR|STEWARDS|RACE CONTROL)\b|SCRUTINEERING|IMPOUND"),
    (
        Category.FLAG,
        r"^(?:WAVED |DOUBLE |SHORT )?(?:YELLOW|BLUE FLAG|RED FLAG|WHITE FLAG|GREEN FLAG)|FULL COURSE YELLOW|\bFCY\b"
        r"|CHE(?:CK|QU)ERED FLAG|^SAFETY CAR(?: DEPLOYED| IN (?:THIS|THE PIT)| ENDING| THROUGH|$)|VIRTUAL SAFETY|\bVSC\b"
        r"|SLIPPERY|^(?:TRACK )?CLEAR\b|^ALL ?CLEAR|SLOW (?:ZONE|AT (?:MP|ZONE)|PROCEDURE|REMOVED)|CODE 60|^SC ?DEPLOYED"
        r"|^(?:RED|GREEN|LIGHTS OUT)$|TAKE THE FLAG|WHITE FLAG",
    ),
    (
        Category.TRACK,
        r"DEBRIS|TRACK SERVICES|MARSHALS?\b|RECOVERY VEHICLE|WORKERS?\b|BLOWER|BOLLARD|\bKITE\b|INTERVENTIONS|OPERATION AT"
        r"|MEDICAL CAR",
    ),
    (
        Category.ON_TRACK,
        r"\bSPUN\b|STOPPED (?:ON|AT|IN|BY)\b|OFF COURSE|OFF TRACK AND|CONTINUING SLOWLY|FLAT TIRE|RUN ?OFF\b|BEHIND THE WALL"
        r"|\bRETIRED\b|MISSED THE|^IMPACT|^CARS? (?:[\d, &]{0,60})CONTINUED|INCIDENT (?:AT|CLEAR|INVOLVING|BETWEEN|WAS)",
    ),
    (
        Category.PIT_LANE,
        r"CLOSED PIT|PIT EXIT (?:RE-?ORDER|ORDER|OPEN|CLOSED)|PITS (?:OPEN|CLOSED)|PIT (?:LANE|ENTRY|EXIT)\b.{0,20}"
        r"\b(?:OPEN|CLOSED?|CLEAR|OPENING)\b|PIT LANE WILL OPEN|OPENING OF (?:THE )?PIT LANE|ENTERED PIT LANE"
        r"|PIT EXIT ROAD|ACROSS PIT|IN PIT LANE|AHEAD \d+: REORDER",
    ),
    (
        Category.WEATHER,
        r"\bRAIN\b|\bWET\b|\bGRIP\b|TEMPERATURE|CLIMATIC|HEAT HAZARD|LOW MODE|HIGH MODE",
    ),
    (
        Category.PROCEDURE,
        r"FORMATION|\bMINUTES? (?:BOARD|SIGNAL|BEFORE|TO COMMAND)|PASS[ -]?AROUND|WAVE[ -]BY|SPLITS?\b|ALL (?:CARS|DRIVERS)"
        r"|\bBEAR\b|KEEP [LR]HS|\bDRS\b|OVERTAKE|CLOSE THE GAPS?|STANDING START|ROLLING START|START BEHIND"
        r"|WILL (?:START|RESUME|RE-?START|NOT BE RESUMED|ENTER|USE)|(?:START|SESSION|RACE).{0,30}(?:DELAYED|RESUME|SUSPENDED)"
        r"|ABORTED|DELAYED START|MIN UNTIL|MIN WARNING|ON THE GRID|CALLED BY RC|PRACTICE STARTS|PREPARE FOR|TO CLOSE THE GAP"
        r"|ALLOWED|MAY BE (?:COVERED|USED)|PARC FERME|RE-?START",
    ),
)  # fmt: skip
CATEGORIES = tuple((category, re.compile(pattern)) for category, pattern in _CATEGORIES)
# An IMSA penalty may end in a mere warning, and its deleted laps stand behind the same word.
ONLY_WARNING = re.compile(r"PENALTY\b.{0,200}- (?:FINAL )?WARNING")
BARE_PENALTY = re.compile(r"\bPENALTY\b")
WITHDRAWN = re.compile(
    r"RESCINDED|REINSTATED|\bCANCEL(?:LED|LATION)?\b|- SUSPENDED|IS SUSPENDED|NOT UNDER INVESTIGATION"
)
CORRECTION = re.compile(r"\bCORRECT(?:ION|ED)\b|\bUPDATE\b|CANCELLATION|INSTEAD OF")

_SECONDS = r"(\d{1,4}) ?SEC(?:OND)?S?"
# Each with the factor that makes its number the amount, in seconds where it is a time.
PENALTIES = tuple(
    (kind, re.compile(pattern), factor)
    for kind, pattern, factor in (
        (PenaltyKind.STOP_AND_GO, rf"{_SECONDS}[ -](?:STOP)", 1),
        (PenaltyKind.STOP_AND_GO, r"(\d{1,2}) ?MINUTES? STOP", 60),
        (PenaltyKind.STOP_AND_GO, r"\bSTOP ?(?:\+|PLUS) ?(\d{1,4}(?::\d\d)?)", 1),
        (PenaltyKind.TIME, rf"{_SECONDS} (?:TIME PENALTY|ADDED|PENALTY)", 1),
        (PenaltyKind.DRIVE_THROUGH, r"DRIVE[ -]?THROUGH", 1),
        (PenaltyKind.STOP_AND_GO, r"STOP[ /-]?(?:AND|&)?[ /-]?GO", 1),
        (PenaltyKind.LAPS, r"(\d{1,2}) ?LAPS? PENALTY", 1),
        (PenaltyKind.GRID, r"(\d{1,2})[ -](?:GRID )?(?:PLACE|POSITION)S?", 1),
        (PenaltyKind.GRID, r"GRID (?:PENALTY|DROP)", 1),
        (PenaltyKind.DISQUALIFICATION, r"DISQUALIFIED|BLACK FLAG", 1),
        (PenaltyKind.FINE, r"\bFINED?\b", 1),
        (PenaltyKind.LAP_DELETION, r"DELETED|INVALIDATED|REINSTATED", 1),
    )
)
HAPPENINGS = tuple(
    (happening, re.compile(pattern))
    for happening, pattern in (
        (Happening.CONTACT, r"\bCONTACT|COLLISION|IMPACT|INCIDENT RESPONSIBILITY"),
        (Happening.CONTINUED, r"RETURNED FROM"),
        (Happening.SPUN, r"\bSPUN\b"),
        (Happening.STOPPED, r"\bSTOPPED\b"),
        (Happening.RETIRED, r"\bRETIRED\b"),
        (Happening.OFF, r"OFF COURSE|OFF TRACK AND CONT|RUN ?OFF\b|MISSED THE"),
        (Happening.SLOW, r"CONTINUING SLOWLY|FLAT TIRE|BEHIND THE WALL"),
        (Happening.CONTINUED, r"\bCONTINUED\b"),
    )
)
NO_CONTACT = re.compile(r"NO CONTACT")
FLAGS = tuple(
    (flag, re.compile(pattern))
    for flag, pattern in (
        ("double_yellow", r"^DOUBLE YELLOW"),
        ("vsc", r"VIRTUAL SAFETY CAR|\bVSC\b"),
        ("fcy", r"FULL COURSE YELLOW|\bFCY\b"),
        ("safety_car", r"^SAFETY CAR|^SC ?DEPLOYED"),
        ("slow_zone", r"SLOW (?:ZONE|AT|PROCEDURE)|NEXT SLOW"),
        ("yellow", r"^(?:SHORT )?YELLOW"),
        ("red", r"^RED(?: FLAG)?$|^RED FLAG"),
        ("blue", r"BLUE FLAG"),
        ("white", r"WHITE FLAG"),
        ("chequered", r"CHE(?:CK|QU)ERED FLAG|TAKE THE FLAG"),
        ("slippery", r"SLIPPERY"),
        ("clear", r"^(?:TRACK )?CLEAR|^ALL ?CLEAR"),
        ("green", r"^GREEN|LIGHTS OUT"),
    )
)
CARD_FLAGS = (("black_and_orange", "BLACK AND ORANGE"), ("black_and_orange", "MECHANICAL BLACK"),
              ("black_and_white", "BLACK AND WHITE"))  # fmt: skip
# What is only announced is not shown yet.
ANNOUNCED = re.compile(r"PREPARE FOR|WILL BE|NEXT SLOW AT|UNDER THE SAME")
REMOVED = re.compile(r"\bREMOVED\b|WILL END|\bENDING\b|IN THIS (?:LAP|TIME)")

TURN = re.compile(r"\b(?:TURNS? (?:T ?)?|T)(\d{1,2}(?: ?[-/] ?T?\d{1,2}){0,3})")
MARSHAL_POST = re.compile(r"\bMP ?(\d{1,2})\b")
SECTOR = re.compile(r"\bSECTOR (\d{1,2})\b")
LAP = re.compile(r"\bLAPS? ?(\d{1,4})\b")
ARTICLE = re.compile(r"\bART(?:ICLE|\.)? ?(\d{1,3}(?:\.\d{1,3}){0,3})")
