"""`racelab serve` and `racelab lab`: the servers that people open in a browser."""

import os
import signal
import subprocess
import sys
import time
from types import FrameType

import typer

from racelab.api import dashboard_url
from racelab.commands.context import log
from racelab.errors import RunFailed
from racelab.runs.notebooks import notebooks_folder
from racelab.runs.voila import child_environment, free_port, start_voila, wait_for
from racelab.settings import Settings, get_settings

Child = subprocess.Popen[bytes]
_END_S = 8.0
_AGAIN_S = 30.0


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("serve")(serve)
    app.command("lab")(lab)


def serve(
    host: str | None = typer.Option(None, help="Address to listen on; default: RACELAB_SERVE_HOST, 127.0.0.1"),
    port: int | None = typer.Option(None, min=0, max=65535, help="Port of the REST interface; 0 picks a free one"),
    voila_port: int | None = typer.Option(None, min=0, max=65535, help="Port of the dashboards; 0 picks a free one"),
) -> None:
    """Serve the REST interface and the dashboards, and monitor the races of the calendar, until Ctrl-C."""
    settings = settle(host, port, voila_port)
    children = start_servers(settings)
    beside = MonitorChild(settings) if settings.monitor else None
    try:
        announce(settings)
        wait_for_end(children, beside)
    finally:
        stop_servers([*children, *([beside.child] if beside else [])])


def lab() -> None:
    """Open JupyterLab on the notebooks until Ctrl-C."""
    command = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={notebooks_folder()}"]
    # In a container there is often no other user; the server listens on this machine only and asks for its token.
    command += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    child = subprocess.Popen(command, env=child_environment(os.environ))
    # Ctrl-C reaches the child too, which asks whether to end: it must not be killed meanwhile.
    signal.signal(signal.SIGINT, lambda _number, _frame: None)
    signal.signal(signal.SIGTERM, lambda _number, _frame: child.terminate())
    raise typer.Exit(max(0, child.wait()))


def start_servers(settings: Settings) -> list[Child]:
    """Start both servers and wait until they answer; nothing is left running where one does not.

    Raises:
        RunFailed: one of them ended or did not answer in time.
    """
    logs = settings.data / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    host, children = settings.serve_host, []
    try:
        children.append(start_voila(host, settings.voila_port, logs / "voila.log"))
        children.append(_start_api(settings))
        wait_for(f"http://{host}:{settings.serve_port}/health", children[1])
        wait_for(f"http://{host}:{settings.voila_port}/voila/static/voila.js", children[0])
    except (RunFailed, KeyboardInterrupt):
        stop_servers(children)
        raise
    return children


def stop_servers(children: list[Child]) -> None:
    """Ask each child to end, and end what does not within some seconds."""
    for child in children:
        child.terminate()
    until = time.monotonic() + _END_S
    for child in children:
        try:
            child.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def settle(host: str | None, port: int | None, voila_port: int | None) -> Settings:
    """Put the options where settings and children read them, with free ports in the place of 0."""
    settings = get_settings()
    host = host or settings.serve_host
    api = free_port(host, settings.serve_port if port is None else port, "the REST interface", "--port")
    dashboards = free_port(
        host, settings.voila_port if voila_port is None else voila_port, "dashboards", "--voila-port"
    )
    os.environ |= {
        "RACELAB_SERVE_HOST": host,
        "RACELAB_SERVE_PORT": str(api),
        "RACELAB_VOILA_PORT": str(dashboards),
    }
    get_settings.cache_clear()
    return get_settings()


def _start_api(settings: Settings) -> Child:
    command = [
        sys.executable, "-m", "uvicorn", "--factory", "racelab.api:create_app", "--host", settings.serve_host,
        "--port", str(settings.serve_port), "--log-level", "warning",
    ]  # fmt: skip
    return subprocess.Popen(command, env=child_environment(os.environ))


class MonitorChild:
    """The race monitor beside the servers, started again where it ends by itself; its words go to a log file."""

    def __init__(self, settings: Settings) -> None:
        self._log = settings.data / "logs" / "monitor.log"
        self.child = self._start()

    def look(self) -> None:
        """Start it again if it has ended, at most once in so many seconds."""
        if self.child.poll() is not None and time.monotonic() - self._since >= _AGAIN_S:
            log.warning(
                "the monitor ended with status %s and is started again: see %s", self.child.returncode, self._log
            )
            self.child = self._start()

    def _start(self) -> Child:
        self._since = time.monotonic()
        with self._log.open("ab") as said:
            command = [sys.executable, "-m", "racelab", "monitor"]
            return subprocess.Popen(command, env=child_environment(os.environ), stdout=said, stderr=said)


def announce(settings: Settings) -> None:
    """Say where the servers answer."""
    log.info("REST interface  http://%s:%d/docs", settings.serve_host, settings.serve_port)
    log.info("Live dashboard  %s", dashboard_url())
    log.info("Ctrl-C ends both")


def wait_for_end(children: list[Child], beside: MonitorChild | None = None) -> None:
    """Wait for Ctrl-C or a request to end; a server that ends by itself is a fault."""
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, ask)
    while not asked:
        time.sleep(0.2)
        if beside is not None:
            beside.look()
        for child in children:
            if child.poll() is not None:
                raise RunFailed(f"a server ended by itself with status {child.returncode}: see data/logs/voila.log")
