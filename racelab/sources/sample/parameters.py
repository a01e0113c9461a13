"""Sizes and noise of the sample races, and the real races that each figure was computed from.

Every figure is a median over races, computed once from lap tables and written here as a number;
no row of them is copied. Shares are of the median clean lap. A clean lap is green, not the first,
not an in-lap or out-lap and within 107 % of the class's best.

F1: the grands prix of 2022 and 2023 in FastF1's columns (``grand_prix_laps_2022`` and ``_2023``), 38
races without wet tyres. Robust regression a race of the clean lap on driver, compound, tyre age by
compound and lap number gives driver spread, compound offset, wear, fuel and the residual's robust SD
and lag-1 correlation; wear and offset only from races with 150 clean laps on the compound.
Safety cars, virtual safety cars and retirements: 55 dry races of 2021 to 2023 (41, 38 and 120 in
60,790 car-laps).
WEC: Al Kamel's ``23_Analysis_Race`` of Fuji, Bahrain and Le Mans 2024 and Qatar, Imola, Spa and Fuji
2025, the same regression by class on crew member, stint lap and race lap.
GR Cup: ``23_AnalysisEnduranceWithSections`` of the eight races of Barber, COTA, Indianapolis and
Sonoma 2025, and the weather files beside them.
A figure marked "chosen" was not computed from data.
"""

from dataclasses import dataclass

from racelab.domain.flags import Flag
from racelab.domain.series import Series
from racelab.domain.tyres import Compound


@dataclass(frozen=True, slots=True)
class CarClass:
    """A class: its pace, spread, noise and how far a tank goes. Shares are of the class's own lap."""

    name: str | None
    cars: int
    pace: float  # median clean lap over that of the fastest class
    car_spread: float  # SD of the cars' pace
    driver_spread: float  # SD of the crew members' pace within a car
    noise: float  # robust SD of a clean lap about its expected time
    lap1_ms: int  # lap 1 of the class's first car less its median clean lap
    seats: int = 1
    tank_laps: int | None = None  # median laps between stops; None: no refuelling


@dataclass(frozen=True, slots=True)
class Tyre:
    """A compound: offset to the hardest and wear a lap, as shares; ``life`` is the median stint in laps."""

    compound: Compound
    offset: float
    wear: float
    life: int


@dataclass(frozen=True, slots=True)
class Neutral:
    """A kind of neutralisation: how often a race, how many laps, how slow, whether the field bunches."""

    flag: Flag
    per_race: float
    laps: float
    laps_sd: float
    ratio: float  # median lap under it over the median clean lap
    bunches: bool


@dataclass(frozen=True, slots=True)
class Pit:
    """A stop: time lost on the in-lap and the out-lap, time in the lane, its scatter, a driver change."""

    in_loss_ms: int
    out_loss_ms: int
    lane_ms: int
    scatter_ms: int
    change_ms: int = 0


@dataclass(frozen=True, slots=True)
class SeriesModel:
    """All figures of one series."""

    series: Series
    classes: tuple[CarClass, ...]
    memory: float  # lag-1 correlation of the residual within a stint
    fuel: float  # change of the lap time a lap by burnt fuel, as a share
    wear_spread: float  # SD of the logarithm of a race's wear about the usual
    tyres: tuple[Tyre, ...]
    pit: Pit | None
    neutrals: tuple[Neutral, ...]
    retire: float  # retirements a car-lap
    grid_step_ms: int  # time between neighbours of the grid at the end of lap 1
    start_scatter_ms: int
    sectors: tuple[float, float, float]
    sector_noise: float  # robust SD of a sector, as a share of the lap
    worn: float = 0.0  # wear a stint lap where compounds are not told, as a share
    mishap: float = 0.002  # spins and the like a car-lap; chosen


F1 = SeriesModel(
    series=Series.F1,
    classes=(CarClass(None, 20, 1.0, 0.0055, 0.0048, 0.0043, 3_200),),  # spread 0.74 % in all, split by team: chosen
    memory=0.43,
    fuel=-0.00058,
    wear_spread=0.2,  # chosen; between races the fitted wear differs more, by circuit and by error
    tyres=(
        Tyre(Compound.SOFT, -0.0041, 0.00078, 10),
        Tyre(Compound.MEDIUM, -0.0018, 0.00070, 15),
        Tyre(Compound.HARD, 0.0, 0.00043, 22),
    ),
    pit=Pit(in_loss_ms=4_500, out_loss_ms=18_700, lane_ms=23_400, scatter_ms=1_700),
    neutrals=(
        Neutral(Flag.SAFETY_CAR, 41 / 55, 4.2, 1.5, 1.42, True),
        Neutral(Flag.VSC, 38 / 55, 2.0, 1.0, 1.24, False),
    ),
    retire=120 / 60_790,
    grid_step_ms=700,
    start_scatter_ms=700,  # chosen: one grid step
    sectors=(0.30, 0.40, 0.30),  # chosen: these tables have no sectors
    sector_noise=0.0015,
)
WEC = SeriesModel(
    series=Series.WEC,
    classes=(
        CarClass("HYPERCAR", 12, 1.0, 0.0034, 0.0029, 0.0075, -3_000, 3, 31),
        CarClass("LMP2", 6, 1.046, 0.0048, 0.0100, 0.0073, 7_600, 3, 28),  # tank chosen: Le Mans alone has LMP2
        CarClass("LMGT3", 12, 1.123, 0.0047, 0.0101, 0.0065, 5_000, 3, 27),
    ),
    memory=0.4,
    fuel=-0.0003,  # within a stint fuel and wear cancel (slope 0.00 %); the split is chosen
    worn=0.0003,
    wear_spread=0.2,
    tyres=(),
    pit=Pit(in_loss_ms=6_300, out_loss_ms=80_700, lane_ms=75_000, scatter_ms=5_000, change_ms=8_000),
    neutrals=(
        Neutral(Flag.SAFETY_CAR, 1.5, 3.0, 1.0, 1.94, True),  # 1 to 3 a race of six hours; three hours: chosen
        Neutral(Flag.FCY, 1.0, 2.0, 1.0, 1.39, False),
    ),
    retire=20 / 253 / 215,  # cars short of 90 % of the class's laps, over cars and median laps
    grid_step_ms=600,  # SD of lap 1 within a class 2.5 to 3 s over 18 cars
    start_scatter_ms=1_000,
    sectors=(0.24, 0.33, 0.43),
    sector_noise=0.0020,
)
GRCUP = SeriesModel(
    series=Series.GRCUP,
    classes=(CarClass("Am", 25, 1.0, 0.0120, 0.0, 0.0052, 4_500),),
    memory=0.10,
    fuel=0.0,  # median trend over a race 0.00 % to 0.02 % a lap
    worn=0.0001,
    wear_spread=0.2,
    tyres=(),
    pit=None,
    neutrals=(Neutral(Flag.FCY, 1.2, 3.0, 1.0, 1.29, True),),  # 27 neutral laps in eight races
    retire=3 / 27 / 23,
    grid_step_ms=400,  # SD of lap 1 2.6 to 6 s over 25 cars
    start_scatter_ms=1_500,
    sectors=(0.305, 0.36, 0.335),
    sector_noise=0.0020,
)
