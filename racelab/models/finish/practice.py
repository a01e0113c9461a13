"""The best laps of practice, in % over the field's median of the session, as f1db tells them."""

import numpy as np
import pandas as pd

from racelab.store.protocol import Store

_SESSIONS = {"FP1": "practice_1", "FP2": "practice_2", "FP3": "practice_3"}
_MOST = 6.0  # % off the best: a car that did not try


def with_practice(store: Store, rows: pd.DataFrame) -> pd.DataFrame:
    """The starters with ``practice_1`` to ``_3``, ``practice_best``, ``practice_mean`` and ``richer_known``.

    A gap is missing where the car has no time; ``richer_known`` is 1 for all cars of a race whose practice is known.
    """
    laps = store.read("history_results", provider="f1db", code=list(_SESSIONS))
    if laps.empty:
        empty = dict.fromkeys((*_SESSIONS.values(), "practice_best", "practice_mean"), np.nan)
        return rows.assign(**empty, richer_known=0.0)
    time = laps["best_lap_ms"].astype("Float64").fillna(laps["total_time_ms"].astype("Float64")).astype("float64")
    session = [laps["season"], laps["round"], laps["code"]]
    gap = ((time / time.groupby(session).transform("min") - 1) * 100).clip(0, _MOST)
    gap = gap - gap.groupby(session).transform("median")
    race = laps["season"].astype("int64") * 100 + laps["round"].astype("int64")
    frame = pd.DataFrame({"race": race, "driver": laps["driver_ref"].map(_drivers(store)), "code": laps["code"], "gap": gap})  # fmt: skip
    wide = frame.dropna().pivot_table(index=["race", "driver"], columns="code", values="gap", aggfunc="first")
    wide = wide.reindex(columns=list(_SESSIONS)).rename(columns=_SESSIONS)
    wide = wide.assign(practice_best=wide.min(axis=1), practice_mean=wide.mean(axis=1))
    rows = rows.merge(wide.reset_index(), on=["race", "driver"], how="left")
    return rows.assign(richer_known=rows["race"].isin(set(frame["race"])).astype("float64"))


def _drivers(store: Store) -> dict[str, str]:
    """f1db's id of a driver -> Ergast's, by the identity that both stand for."""
    known = store.read("identities", kind="driver", provider=["f1db", "ergast"])
    own = known[known["provider"] == "ergast"].set_index("identity_id")["provider_id"].to_dict()
    other = known[known["provider"] == "f1db"]
    pairs = zip(other["provider_id"], other["identity_id"], strict=True)
    return {ref: own[identity] for ref, identity in pairs if identity in own}
