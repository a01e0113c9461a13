"""What each driver metric is, in standard terms: the one list that code, rows and documents follow."""

from dataclasses import dataclass

# Two robust SDs of a clean lap in F1 (0.43 %) and the GR Cup (0.52 %), one and a half in WEC (0.7 %).
CONSISTENT_WITHIN = 0.01
ATTACK_MS = 1_000  # F1's own mark of being close enough to attack
TRAFFIC_MS, FREE_AIR_MS = 1_500, 3_000
LEAST_LAPS, LEAST_DUELS, LEAST_WET = 10, 5, 8
LEAST_TRAFFIC = 8  # laps in traffic, and as many in free air
LEAST_STINT, LEAST_LEG = 9, 5  # clean laps of a stint, and of each stint of a double stint
LEAST_TYRE = 15
STANDARD_ERROR = "_se"  # a metric's standard error is a row of its own, under the metric's name and this


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's name, what it says in a sentence, its formula, unit and direction, and the least it is told from."""

    name: str
    meaning: str
    formula: str
    unit: str
    better: str
    least: str


_OF_LAP = "share of a lap time (0.01 is 1 %)"
_EXPECTED = "its expected time (see Expected lap)"
_SECTORS = tuple(
    Metric(
        f"sector_strength_s{number}",
        f"Pace in sector {number} against the class.",
        f"The class's median driver less the driver, in their mean sector {number} of clean laps, each set against the class at the same time and tyre or stint age.",
        "share of the sector's time (0.01 is 1 %)",
        "higher",
        f"{LEAST_LAPS} clean laps with the sector's time",
    )
    for number in (1, 2, 3)
)
METRICS = (
    Metric(
        "consistency_index",
        "How often a clean lap is the lap that was to be expected.",
        f"Clean laps within {CONSISTENT_WITHIN:.0%} of {_EXPECTED}, of all clean laps.",
        "share, 0 to 1",
        "higher",
        f"{LEAST_LAPS} clean laps",
    ),
    Metric(
        "pace_stability",
        "Lap-to-lap scatter within stints, whatever the pace.",
        "1 less the robust standard deviation (1.4826 times the median absolute deviation) of clean laps about each stint's own line of least squares, over the median clean lap.",
        "1 less a share of a lap time",
        "higher",
        f"{LEAST_LAPS} clean laps in stints of at least 3",
    ),
    Metric(
        "attack_success",
        "Overtakes made of overtakes that were in reach.",
        f"Green laps without stops that were begun within {ATTACK_MS / 1000:.0f} s of the class rival in front and ended ahead of it, of all laps so begun.",
        "share, 0 to 1",
        "higher passes more",
        f"{LEAST_DUELS} such laps",
    ),
    Metric(
        "defence_success",
        "Places held of places attacked.",
        f"Green laps without stops that a class rival began within {ATTACK_MS / 1000:.0f} s behind and did not end ahead, of all laps so attacked.",
        "share, 0 to 1",
        "higher",
        f"{LEAST_DUELS} such laps",
    ),
    Metric(
        "close_share",
        "Time spent close behind a class rival.",
        f"Green laps without stops begun within {ATTACK_MS / 1000:.0f} s of the class rival in front, of all such laps with a rival in front.",
        "share, 0 to 1",
        "higher follows closer",
        f"{LEAST_LAPS} such laps",
    ),
    Metric(
        "aggression_score",
        "How much a driver attacks, stays close and defends. Passing, not manners: timing does not see contact.",
        "The mean of attack_success, defence_success and close_share.",
        "share, 0 to 1",
        "higher is more aggressive",
        f"{LEAST_DUELS} laps of attack, {LEAST_DUELS} of defence and {LEAST_LAPS} laps behind a rival",
    ),
    *_SECTORS,
    Metric(
        "fatigue_dropoff",
        "Pace lost from the first to the last third of a stint, beyond what the class loses (fuel and tyres are the class's, too).",
        f"The mean over stints, weighted by laps, of clean laps over {_EXPECTED} in the last third less the first, less the class's mean of the same.",
        _OF_LAP,
        "lower",
        f"one stint of {LEAST_STINT} clean laps",
    ),
    Metric(
        "fatigue_dropoff_double",
        "Pace lost in the second of two stints in a row, beyond what the class loses; of cars with a crew.",
        f"The mean over drives of two stints or more, weighted by laps, of clean laps over {_EXPECTED} from the second stint on less the first, less the class's mean of the same.",
        _OF_LAP,
        "lower",
        f"one drive with {LEAST_LEG} clean laps before and after the stop",
    ),
    Metric(
        "wet_pace",
        "Pace against the class on a wet track: car and driver together.",
        "The class's median driver less the driver, in the mean lap on intermediate or wet tyres, each over the class's median on such tyres at the same time; where compounds are not told, in laps during which the weather station reports rain.",
        _OF_LAP,
        "higher",
        f"{LEAST_WET} wet green laps without stops",
    ),
    Metric(
        "traffic_pace",
        "Time lost on a lap close behind another car, against the own pace in free air.",
        f"The mean clean lap over {_EXPECTED} begun within {TRAFFIC_MS / 1000:.1f} s of any car in front less that begun more than {FREE_AIR_MS / 1000:.0f} s behind, within stints.",
        _OF_LAP,
        "lower",
        f"{LEAST_TRAFFIC} laps of each kind",
    ),
    Metric(
        "tyre_management",
        "Lap time that the tyres lose less than the class's, on the same compound and age.",
        f"The class's mean slope less the driver's, of clean laps over {_EXPECTED} against tyre age within stints; of sources that tell tyre ages.",
        "share of a lap time a lap of tyre age",
        "higher",
        f"{LEAST_TYRE} clean laps on tyres of known age",
    ),
)  # fmt: skip
NAMES = tuple(metric.name for metric in METRICS)
