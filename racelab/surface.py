"""The calls of the flat surface that do more than load."""

import pandas as pd

from racelab.settings import get_settings
from racelab.store.open import open_store
from racelab.strategy.simulate import simulate_session


def simulate(
    session: str | int, *, races: int = 2000, from_lap: int = 0, seed: int = 1, db: str | None = None
) -> pd.DataFrame:
    """The chances of every car for every place in a stored race, from a completed lap of the leader on.

    From the start (``from_lap=0``) the cars' pace is that of the whole race, so the answer is hindsight; from a
    lap on only what was known then is used, and ``attrs["fitted_from"]`` says which. The result is kept in the
    table ``simulations``. The first call on a machine compiles for about ten seconds.

    Returns:
        ``car_number, car_class, position, probability, class_probability``.

    Raises:
        NotFound: the store lacks the session.
        BadInput: it is no race, or nobody completed ``from_lap``.
    """
    cache = get_settings().data / "cache" / "numba"
    with open_store(db) as store:
        return simulate_session(store, store.find(session), races=races, from_lap=from_lap, seed=seed, cache=cache)
