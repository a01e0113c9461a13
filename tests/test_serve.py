"""Serving: the command line of Voila, ports, addresses, and a start and an end that leave nothing behind."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from racelab.api import create_app, dashboard_url
from racelab.errors import BadInput, RunFailed
from racelab.runs.live_race import query_value
from racelab.runs.monitor import lease
from racelab.runs.voila import child_environment, free_port, voila_command, wait_for
from racelab.store.open import open_store


def test_voila_serves_only_dashboards_dark_without_sources_on_one_address(tmp_path):
    command = voila_command("127.0.0.1", 8866, tmp_path / "dashboards")
    assert command[:4] == [sys.executable, "-m", "voila", str(tmp_path / "dashboards")]
    assert {"--port=8866", "--Voila.ip=127.0.0.1", "--theme=dark", "--template=racelab", "--no-browser"} <= set(command)
    assert "--VoilaConfiguration.strip_sources=True" in command
    assert any(option.startswith("--MappingKernelManager.cull_idle_timeout=") for option in command)


def test_children_get_absolute_paths_because_kernels_start_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RACELAB_DB", "sqlite:///some/racelab.db")
    environment = child_environment({"PATH": "x", "JUPYTER_PATH": "/mine"})
    assert environment["RACELAB_DB"] == f"sqlite:///{tmp_path}/some/racelab.db"
    assert environment["RACELAB_DATA"].startswith(str(tmp_path))
    assert environment["JUPYTER_PATH"].split(os.pathsep)[1] == "/mine"


def test_a_port_in_use_is_one_clear_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match=f"port {port} for dashboards cannot be used.*--voila-port"):
            free_port("127.0.0.1", port, "dashboards", "--voila-port")
    assert free_port("127.0.0.1", 0, "x", "y") > 0


def test_waiting_for_a_server_that_ended_is_told():
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]) as child:
        child.wait()
        with pytest.raises(RunFailed, match="ended with status 3"):
            wait_for("http://127.0.0.1:9/", child)


def test_the_address_of_the_page_is_read_as_data():
    assert query_value("session=f1%2F2025%2F1%2FR", "session") == "f1/2025/1/R"
    assert query_value("", "session") is None
    assert query_value("session=", "session") is None
    assert query_value("theme=dark", "session") is None
    assert query_value("session=" + "x" * 500, "session") == "x" * 80


def ask(path):
    """The interface's answer, without a server."""

    async def get():
        transport = httpx.ASGITransport(create_app())
        async with httpx.AsyncClient(transport=transport, base_url="http://racelab") as client:
            return await client.get(path)

    return asyncio.run(get())


def test_the_interface_answers_and_leads_to_the_dashboard():
    assert ask("/health").json() == {"status": "ok"}
    answer = ask("/dashboard")
    assert (answer.status_code, answer.headers["location"]) == (307, dashboard_url())
    assert dashboard_url() == "http://127.0.0.1:8866/voila/render/live_race.ipynb"


def test_its_documentation_needs_no_other_host():
    page = ask("/docs").text
    assert "/health" in page
    assert "https://" not in page


def test_serve_says_where_it_is_when_it_answers_and_ends_both_servers(tmp_path):
    environment = {**os.environ, "RACELAB_DATA": str(tmp_path / "data"), "RACELAB_MONITOR_SERIES": "wec"}
    command = [sys.executable, "-m", "racelab", "serve", "--port", "0", "--voila-port", "0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as server:
        lines = []
        while not lines or "Ctrl-C" not in lines[-1]:
            lines.append(server.stderr.readline())
            assert lines[-1], f"serve ended early: {lines}"
        addresses = [word for line in lines for word in line.split() if word.startswith("http")]
        assert httpx.get(addresses[0], trust_env=False).status_code == 200
        voila = addresses[1].split("/voila")[0]
        assert httpx.get(f"{voila}/voila/static/voila.js", trust_env=False).status_code == 200
        status = addresses[0].replace("/docs", "/api/status/monitor")
        until = time.monotonic() + 60
        while not (said := httpx.get(status, trust_env=False).json())["running"] and time.monotonic() < until:
            time.sleep(0.2)
        assert said["running"], "the monitor runs beside the servers"
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
    time.sleep(0.2)
    for address in (addresses[0], voila):
        with pytest.raises(httpx.TransportError):
            httpx.get(address, trust_env=False)
    assert len(lines) == 3
    with open_store(f"sqlite:///{tmp_path / 'data' / 'racelab.db'}") as store:
        assert lease.read(store) is None, "the monitor ended cleanly"


def test_lab_starts_also_as_root_and_ends_when_asked(tmp_path):
    folders = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    environment = {**os.environ, **folders, "RACELAB_DATA": str(tmp_path), "BROWSER": "true"}
    command = [sys.executable, "-m", "racelab", "lab"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as lab:
        try:
            line = next((line for line in iter(lab.stderr.readline, "") if "http://" in line), "")
            assert "/lab" in line
            port = int(line.split("http://")[1].split("/")[0].rsplit(":", 1)[1])
            lab.send_signal(signal.SIGTERM)
            lab.communicate(timeout=20)
        finally:
            lab.kill()
    assert lab.returncode == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
