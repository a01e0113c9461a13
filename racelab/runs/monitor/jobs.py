"""The work at the side of a running race, each a function of plain values, so that another process can do it."""

from collections.abc import Callable
from typing import Any

from racelab.domain.series import Series
from racelab.errors import BadInput, NotFound, RunFailed
from racelab.settings import get_settings
from racelab.store.open import open_store


def train(series: str) -> str:
    """Train the lap-time and the anomaly model of a series anew; returns what came of it in words."""
    from racelab.models import anomaly, laptime  # imported here: whoever only follows needs no scikit-learn

    folder, only = get_settings().data / "models", Series.read(series)
    said = []
    with open_store() as store:
        for name, module in (("lap times", laptime), ("anomalies", anomaly)):
            try:
                found = module.train(store, folder, only)
            except NotFound:
                said.append(f"{name}: too few laps yet")
                continue
            said += [f"{name}: {one.get('model', 'isolation forest')} of {one['n']} laps" for one in found]
    return "; ".join(said)


def predict(session: str, lap: int) -> str:
    """Predict every car's next lap; returns what came of it in words."""
    from racelab.runs.monitor.predicting import predict_next_laps

    settings = get_settings()
    with open_store() as store:
        count, cars, model = predict_next_laps(store, store.find(session), settings.data / "models")
    return f"lap {lap}: the next lap of {count} of {cars} cars by {model}"


def strategy(session: str, lap: int, races: int) -> str:
    """Simulate the race from the leader's lap on, and every car's next stop; returns what came of it in words."""
    from racelab.runs.monitor.strategy import write_strategy

    settings = get_settings()
    with open_store() as store:
        cars, stops = write_strategy(store, store.find(session), lap, races, settings.data / "cache" / "numba")
    return f"lap {lap}: place chances of {cars} cars, next stop of {stops}"


def report(session: str) -> str:
    """Run the race report; returns the page's path."""
    from racelab.runs.notebooks import find_notebook
    from racelab.runs.run import run_notebook

    run = run_notebook(find_notebook("reports/race"), {"session": session})
    if run.record.error:
        raise RunFailed(
            f"the race report failed in {run.record.error}; its notebook is {run.html.with_suffix('.ipynb')}"
        )
    return str(run.html)


_JOBS: dict[str, Callable[..., str]] = {"train": train, "predict": predict, "strategy": strategy, "report": report}


def do(job: str, arguments: dict[str, Any]) -> str:
    """Do a job by its name.

    Raises:
        BadInput: there is no such job.
        RacelabError: what the job raises.
    """
    if job not in _JOBS:
        raise BadInput(f"no job {job!r}: use one of {', '.join(_JOBS)}")
    return _JOBS[job](**arguments)
