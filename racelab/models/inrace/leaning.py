"""How far the answer leaves the order as it is: learned from what earlier predictions were worth, event after event.

Stacking (D. H. Wolpert, Stacked Generalization, 1992) on walk-forward predictions: cars are ordered by ``weight`` x expected
place + (1 - ``weight``) x place now, and the place that is told is the rank in that order drawn to the expected place by
``drawn``. Without clear reasons both are 0, and the answer is the order as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from racelab.models.inrace.grouped import Floats
from racelab.models.inrace.pairs import MOMENT

WEIGHTS = (0.5, 0.75, 1.0)
DRAWN = (0.2, 0.4, 0.6, 0.8)
_LEAST_EVENTS = 6  # events whose predictions are known, before the answer leaves the order
_DOUBT_EVENTS = 3.0  # a gain is taken as if so many more events had shown none
_ORDER_ERRORS, _DRAWN_ERRORS = 0.25, 1.0  # standard errors by which a gain has to be above 0
_BORROWED = 0.3  # what an order of another series of the same pool counts
_PLACES_WEIGH = 3.0  # of a share of the class in the error of places, beside the rank correlation


@dataclass(frozen=True, slots=True)
class Lean:
    """``weight`` of the model in the order, and by how much the told place is drawn from its rank to the expected one."""

    weight: float = 0.0
    drawn: float = 0.0


AS_IT_IS = Lean()
Leans = Mapping[float, Lean]  # by the share of the distance


def leaned(rows: pd.DataFrame, predicted: pd.DataFrame, leans: Leans) -> pd.DataFrame:
    """The prediction brought towards the order as it is.

    Args:
        rows: of `features.features`.
        predicted: ``expected`` and more, with the same index.
        leans: by share; between two shares the values are between theirs.

    Returns:
        ``predicted`` with the expected places of each class dealt out anew in the leaned order, and ``median``, the place
        with the least expected error: the rank in that order drawn to the expected place.
    """
    expected, median = predicted["expected"].to_numpy(dtype="float64").copy(), np.empty(len(rows))
    place, share = rows["place"].to_numpy(dtype="float64"), rows["share"].to_numpy(dtype="float64")
    for group in rows.groupby(MOMENT, sort=False).indices.values():
        lean = at_share(leans, float(share[group[0]]))
        expected[group], median[group] = _dealt(expected[group], place[group], lean)
    return predicted.assign(expected=expected, median=median)


def at_share(leans: Leans, share: float) -> Lean:
    """The lean at a share of the distance, between those of the shares on both sides."""
    if not leans:
        return AS_IT_IS
    marks = sorted(leans)
    weight = np.interp(share, marks, [leans[mark].weight for mark in marks])
    drawn = np.interp(share, marks, [leans[mark].drawn for mark in marks])
    return Lean(float(weight), float(drawn))


def evidence(rows: pd.DataFrame, predicted: pd.DataFrame) -> pd.DataFrame:
    """What each lean would have won over the order as it was, order by order, once the race is over.

    Args:
        rows: of `table.table`, with the outcome.
        predicted: what was said before it, ``expected``, with the same index.

    Returns:
        A row an order: ``series, turn, mark`` and, for each lean (the pair of its values), its ``correlation`` and its
        ``error`` (mean distance of places, as a share of the class).
    """
    final, place = rows["final"].to_numpy(dtype="float64"), rows["place"].to_numpy(dtype="float64")
    expected = predicted["expected"].to_numpy(dtype="float64")
    found = []
    for group in rows.groupby(MOMENT, sort=False).indices.values():
        named = rows.iloc[group[0]][["series", "turn", "mark"]].to_dict()
        found.append({**named, **_worth(expected[group], place[group], final[group])})
    return pd.DataFrame(found)


def leans_of(known: pd.DataFrame, series: str) -> dict[float, Lean]:
    """The leans of a series by share from the `evidence` so far; no lean from few events, or none of its own."""
    if known.empty or not known["series"].eq(series).any():
        return {}
    weight = np.where(known["series"].eq(series), 1.0, _BORROWED)
    return {float(mark): _chosen(part, weight[known["mark"].eq(mark)]) for mark, part in known.groupby("mark")}


def part_of(leans: Leans) -> list[list[float]]:
    """Plain data for the registry: share, weight and drawn."""
    return [[mark, lean.weight, lean.drawn] for mark, lean in leans.items()]


def of_part(part: Sequence[Sequence[float]]) -> dict[float, Lean]:
    """The leans that the registry kept."""
    return {mark: Lean(weight, drawn) for mark, weight, drawn in part}


def _dealt(expected: Floats, place: Floats, lean: Lean) -> tuple[Floats, Floats]:
    rank = _ranks(lean.weight * expected + (1 - lean.weight) * place, place)
    dealt = np.sort(expected)[rank - 1]
    return dealt, rank + lean.drawn * (dealt - rank)


def _ranks(score: Floats, place: Floats) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    rank = np.empty(len(score), dtype="int64")
    rank[np.lexsort((place, score))] = np.arange(1, len(score) + 1)
    return rank


def _worth(expected: Floats, place: Floats, final: Floats) -> dict[str, float]:
    cars = len(final)
    found = {}
    for weight, drawn in product((0.0, *WEIGHTS), (0.0, *DRAWN)):
        _, told = _dealt(expected, place, Lean(weight, drawn))
        found[_name("error", Lean(weight, drawn))] = float(np.abs(told - final).mean()) / cars
        if drawn == 0.0:
            apart = float(((told - final) ** 2).sum())
            found[_name("correlation", Lean(weight))] = 1 - 6 * apart / (cars**3 - cars) if cars > 2 else 0.0
    return found


def _chosen(known: pd.DataFrame, weight: Floats) -> Lean:
    """The weight that wins most in correlation and places, then how far places are drawn; 0 where nothing surely wins."""
    if known["turn"].nunique() < _LEAST_EVENTS:
        return AS_IT_IS
    turn = known["turn"].to_numpy()

    def gain(name: str, lean: Lean, than: Lean, errors: float) -> float:
        won = known[_name(name, lean)].to_numpy() - known[_name(name, than)].to_numpy()
        return _sure_gain(won if name == "correlation" else -won, weight, turn, errors)

    best, most = AS_IT_IS, 0.0
    for lean in map(Lean, WEIGHTS):
        order = gain("correlation", lean, AS_IT_IS, _ORDER_ERRORS)
        places = gain("error", lean, AS_IT_IS, _ORDER_ERRORS)
        if min(order, places) > 0 and order + _PLACES_WEIGH * places > most:
            best, most = lean, order + _PLACES_WEIGH * places
    drawn = {each: gain("error", Lean(best.weight, each), best, _DRAWN_ERRORS) for each in DRAWN}
    farthest = max(drawn, key=lambda each: drawn[each])
    return Lean(best.weight, farthest if drawn[farthest] > 0 else 0.0)


def _sure_gain(won: Floats, weight: Floats, turn: Floats, errors: float) -> float:
    """The mean gain, drawn to 0 where few events show it, less some standard errors of events (not of orders)."""
    parts = pd.DataFrame({"won": won * weight, "weight": weight}).groupby(turn).sum()
    total, events = float(parts["weight"].sum()), len(parts)
    mean = float(parts["won"].sum()) / total
    off = parts["won"] - mean * parts["weight"]
    error = float(np.sqrt((off**2).sum() * events / (events - 1))) / total
    return mean * events / (events + _DOUBT_EVENTS) - errors * error


def _name(score: str, lean: Lean) -> str:
    return f"{score}_{lean.weight}_{lean.drawn}"
