"""Anomalies for people: consecutive laps as one event, how bad, and why, in words."""

from typing import Any

import pandas as pd

from racelab.models.anomaly.residuals import SECTORS
from racelab.models.anomaly.scoring import runs

# Severity by the time lost over the whole event, in ms; what is major is severe where the car pits or stops right after.
MINOR, MAJOR, SEVERE = "minor", "major", "severe"
_MAJOR_MS, _SEVERE_MS = 3_000.0, 10_000.0
_BACK_SD = 2.0  # within so many scales of what was expected: back to pace
_IN_SECTOR = 0.6  # of the loss in one sector: lost there
COLUMNS = [
    "session_id", "car_number", "car_class", "first_lap", "last_lap", "severity", "loss_ms", "reason", "score",
]  # fmt: skip


def describe(rows: pd.DataFrame, scores: "pd.Series[float]", laps: pd.DataFrame) -> pd.DataFrame:
    """The events of one session.

    ``severity`` is minor below 3 s lost in all, major from there and severe from 10 s on, or from 3 s on where the car
    went to the pits or drove no further lap right after.

    Args:
        rows: the judged laps.
        scores: the score of each: above 0 is an anomaly.
        laps: all laps of the session.

    Returns:
        `COLUMNS`, the worst score first.
    """
    rows = rows.assign(score=scores)
    after = laps.set_index(["car_number", "lap_number"])
    end_ms = laps["end_ms"].astype("float64").max()
    judged = rows.set_index(["car_number", "lap_number"]).sort_index()
    found = []
    for event in runs(rows, scores > 0).itertuples():
        own = judged.loc[(event.car_number, event.first_lap) : (event.car_number, event.last_lap)].reset_index()
        what, is_out = _afterwards(judged, after, str(event.car_number), int(event.last_lap), end_ms)
        found.append(_event(own, what, is_out))
    frame = pd.DataFrame(found, columns=COLUMNS).astype(
        {"loss_ms": "Int64", "first_lap": "int64", "last_lap": "int64", "score": "float64"}
    )
    return frame.sort_values("score", ascending=False, ignore_index=True)


def _event(own: pd.DataFrame, what: str, is_out: bool) -> dict[str, Any]:
    loss = float(own["loss_ms"].sum())
    severity = SEVERE if loss >= (_MAJOR_MS if is_out else _SEVERE_MS) else MAJOR if loss >= _MAJOR_MS else MINOR
    return {
        "session_id": own["session_id"].iloc[0], "car_number": own["car_number"].iloc[0],
        "car_class": own["car_class"].iloc[0], "first_lap": int(own["lap_number"].min()),
        "last_lap": int(own["lap_number"].max()), "severity": severity, "loss_ms": round(loss),
        "reason": f"{_where(own)}; {what}", "score": round(float(own["score"].max()), 4),
    }  # fmt: skip


def _where(own: pd.DataFrame) -> str:
    """What was lost, where and on which laps."""
    loss = float(own["loss_ms"].sum())
    first, last = int(own["lap_number"].min()), int(own["lap_number"].max())
    if first != last:
        low, high = own["loss_ms"].min(), own["loss_ms"].max()
        return f"{_seconds(low)} to {_seconds(high)} slower than expected on each of laps {first} to {last}, {_seconds(loss)} in all"
    lost = {name[1]: float(own[f"{name}_lost_ms"].iloc[0]) for name in SECTORS if own[f"{name}_lost_ms"].notna().all()}
    worst = max(lost, key=lambda name: lost[name], default=None)
    if worst is not None and lost[worst] >= _IN_SECTOR * loss:
        return f"Lost {_seconds(lost[worst])} in sector {worst} on lap {first}; {_seconds(loss)} slower than expected"
    spread = " over all sectors" if lost else ""
    return f"Lost {_seconds(loss)}{spread} on lap {first}"


def _afterwards(judged: pd.DataFrame, laps: pd.DataFrame, car: str, lap: int, end_ms: float) -> tuple[str, bool]:
    """What the car did on the lap after, in words, and whether that was to pit or to stop."""
    if (car, lap + 1) not in laps.index:
        known = laps.loc[(car, lap)]
        is_over = float(known["end_ms"]) + 1.5 * float(known["lap_time_ms"]) >= end_ms
        return ("the newest lap", False) if is_over else ("no lap after it", True)
    following = laps.loc[(car, lap + 1)]
    if bool(following["pit_in"]):
        return "then to the pits", True
    if (car, lap + 1) not in judged.index:
        return "the next lap is not comparable", False
    row = judged.loc[(car, lap + 1)]
    if float(row["slower"]) < _BACK_SD:
        return "next lap back to pace", False
    return f"next lap still {_seconds(float(row['loss_ms']))} slower", False


def _seconds(ms: float) -> str:
    return f"{ms / 1000:.1f} s"
