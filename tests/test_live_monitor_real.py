"""The monitor with the feed that it makes itself, over real sockets: from the calendar's row to the exported race."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

from emulators.griiip import GriiipService
from emulators.griiip_race import MadeRace
from emulators.harness import fast_clock
from emulators.server import serve

from racelab.domain.sessions import SessionKey
from racelab.errors import RunFailed
from racelab.runs.monitor.monitor import Monitor
from racelab.settings import get_settings

KEY = SessionKey.read("wec/2026/3/R")
START = datetime(2026, 6, 13, 14, tzinfo=UTC)
HEAD = "season,round,name,circuit,dates,start_utc,hours,code,aliases"
ROW = "2026,3,24 Hours of Le Mans,sarthe,2026-06-13,2026-06-13T14:00Z,0.05,R,"


class NoWorker:
    """Heavy work is not done here, but for the report, which is said to be."""

    async def run(self, job, **_):
        if job != "report":
            raise RunFailed(f"{job} is not to be had")
        return "the page"

    async def close(self):
        return None


def follow_the_day(store, race):
    """Run the monitor over a day of the service until the race's report is told."""
    folder = get_settings().data / "calendars"
    folder.mkdir(parents=True)
    (folder / "wec.csv").write_text(f"{HEAD}\n{ROW}\n", encoding="utf-8")
    clock = fast_clock(100.0, START - timedelta(seconds=40))
    service = GriiipService(clock.now, race)

    def is_reported():
        parts = store.read("monitor_parts").set_index("part")["health"]
        return parts.get(f"report {KEY}") == "ok"

    async def main(url):
        given = {
            "griiip_url": url, "griiip_mode": "rest", "griiip_interval_s": 12.0, "monitor_series": "wec",
            "monitor_check_s": 10.0, "monitor_warm_up_s": 30.0, "monitor_lease_s": 5.0,
        }  # fmt: skip
        settings = get_settings().model_copy(update=given)
        monitor, stop = Monitor(store, settings, clock, workers=NoWorker), asyncio.Event()
        task = asyncio.create_task(monitor.run(stop))
        try:
            async with asyncio.timeout(60):
                while not is_reported() and not task.done():
                    await asyncio.sleep(0.1)
        finally:
            stop.set()
            await task

    with serve(service.app) as served:
        asyncio.run(main(served.url))
    return service


def test_a_race_of_a_real_service_goes_from_the_calendar_to_the_export(store):
    race = MadeRace(START, cars=4)
    follow_the_day(store, race)
    session = store.read("sessions", KEY).iloc[0]
    assert (session["status"], session["status_note"]) == (
        "finished", "the chequered flag was shown and all running cars are home"
    )  # fmt: skip
    laps = store.read("laps", KEY)
    told = {(car.number, number): lap for car in race.field_ for number, (lap, _) in enumerate(car.laps, 1)}
    assert laps.set_index(["car_number", "lap_number"])["lap_time_ms"].to_dict() == told
    stops = store.read("pit_stops", KEY)
    assert set(zip(stops["car_number"], stops["lap_number"], strict=True)) == {
        (car.number, lap) for car in race.field_ for lap, _, _ in car.stops
    }
    results = store.read("results", KEY).sort_values("position")
    assert results["car_number"].tolist() == [car.number for car in race.order()]
    (export,) = (get_settings().data / "exports").glob("24_Hours_of_Le_Mans_20260613_*.json")
    document = json.loads(export.read_text(encoding="utf-8"))
    assert document["statistics"]["total_laps"] == len(told)
    assert {car["car_number"] for car in document["cars"]} == {car.number for car in race.field_}
