"""What the naive answers say of the win: how often a car at this place had won in the races before."""

import pandas as pd

# The naive answers: columns of the state.
BASELINES = {"order_now": "order", "order_now_stopped_last": "place"}
_PRIOR = 2.0  # before the first race every car of the class is as likely; that counts as much as two cars seen


def win_rates(rows: pd.DataFrame, column: str) -> pd.Series:
    """The share of cars at this place of ``column``, at this share of the distance, that won in earlier events.

    Args:
        rows: of `table.table`, all events, those before the scored ones too.
        column: a column of the state, `order` or `place`.

    Returns:
        The chance to win of each row, of the class made to add up to 1.
    """
    keys = ["series", "mark", column]
    seen = rows.assign(won=rows["final"].eq(1).astype("float64"), n=1.0).groupby([*keys, "turn"])[["won", "n"]].sum()
    before = seen.groupby(level=keys).cumsum() - seen
    found = rows[[*keys, "turn"]].join(before, on=[*keys, "turn"])
    chance = (found["won"] + _PRIOR / rows["class_cars"]) / (found["n"] + _PRIOR)
    return chance / chance.groupby([rows["race"], rows["car_class"], rows["mark"]]).transform("sum")
