"""Pure reducers: a race state and a record give the next state."""

from racelab.live.reducers.fold import fold, initial_state, reduce
from racelab.live.reducers.standings import settle

__all__ = ["fold", "initial_state", "reduce", "settle"]
