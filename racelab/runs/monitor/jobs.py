"""The work at the side of a running race, each a function of plain values, so that another process can do it."""

from collections.abc import Callable
from typing import Any

from racelab.errors import BadInput, NotFound, RunFailed
from racelab.settings import get_settings
from racelab.store.open import open_store


def train(session: str) -> str:
    """Teach the series' lap-time model the race so far; returns what came of it in words."""
    from racelab.runs.monitor.training import retrain  # imported here: whoever only follows needs no scikit-learn

    with open_store() as store:
        try:
            return retrain(store, store.find(session), get_settings().data / "models")
        except NotFound as error:
            return str(error)


def predict(session: str, lap: int) -> str:
    """Predict every car's next lap and its places at the end, and look at its newest laps for anomalies.

    Returns:
        What came of each in words.

    Raises:
        NotFound: none of it can be told yet.
    """
    from racelab.runs.monitor.placing import predict_places
    from racelab.runs.monitor.predicting import predict_next_laps
    from racelab.runs.monitor.watching import watch

    folder = get_settings().data / "models"
    with open_store() as store:
        key = store.find(session)
        places = _said(lambda: "places of {} cars by {}".format(*predict_places(store, key, folder)))
        laps = _said(lambda: "the next lap of {} of {} cars by {}".format(*predict_next_laps(store, key, folder)))
        odd = _said(lambda: "{} laps with {} anomalies by {}".format(*watch(store, key, folder)))
    if not any(is_told for _, is_told in (laps, places, odd)):
        raise NotFound(laps[0])
    return f"lap {lap}: {laps[0]}; {places[0]}; {odd[0]}"


def _said(work: Callable[[], str]) -> tuple[str, bool]:
    """What came of a part of the work, or why nothing did; the other parts go on."""
    try:
        return work(), True
    except NotFound as error:
        return str(error), False


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
