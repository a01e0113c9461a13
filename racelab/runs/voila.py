"""Voila over the dashboards: how it is started, and when it really answers."""

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from racelab.errors import BadInput, RunFailed
from racelab.runs.notebooks import notebooks_folder
from racelab.settings import get_settings

_TEMPLATES = Path(__file__).parent / "jupyter"
_IDLE_S = 600


def voila_command(host: str, port: int, folder: Path) -> list[str]:
    """The command line that serves a folder of dashboards: dark, without sources, without a token, offline.

    A kernel that nobody looks at any more is ended after ten minutes.
    """
    return [
        sys.executable, "-m", "voila", str(folder), "--no-browser", f"--port={port}", f"--Voila.ip={host}",
        "--template=racelab", "--theme=dark", "--VoilaConfiguration.strip_sources=True", "--Voila.port_retries=0",
        "--VoilaConfiguration.allow_template_override=NO", "--VoilaConfiguration.allow_theme_override=NO",
        "--VoilaConfiguration.file_denylist=.*", "--Voila.log_level=ERROR",
        f"--MappingKernelManager.cull_idle_timeout={_IDLE_S}", "--MappingKernelManager.cull_interval=60",
    ]  # fmt: skip


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of children: kernels start in another folder, so paths are absolute."""
    settings = get_settings()
    url = settings.store_url
    for scheme in ("sqlite:///", "json:///"):
        if url.startswith(scheme) and not url.startswith(f"{scheme}/"):
            url = f"{scheme}{Path(url.removeprefix(scheme)).resolve().as_posix()}"
    paths = [str(_TEMPLATES), *filter(None, [environment.get("JUPYTER_PATH")])]
    return {
        **environment,
        **settings.cloud_account,  # children start elsewhere, and do not read our .env
        "JUPYTER_PATH": os.pathsep.join(paths),
        "RACELAB_DB": url,
        "RACELAB_DATA": str(settings.data.resolve()),
        "RACELAB_REPORTS": str(settings.reports.resolve()),
    }


def start_voila(host: str, port: int, log: Path | None = None) -> "subprocess.Popen[bytes]":
    """Start Voila on the dashboards; its own words go to a log file or nowhere."""
    folder = notebooks_folder() / "dashboards"
    where = log.open("ab") if log else subprocess.DEVNULL
    return subprocess.Popen(
        voila_command(host, port, folder), env=child_environment(os.environ), stdout=where, stderr=where
    )


def free_port(host: str, wanted: int, what: str, option: str) -> int:
    """The port wanted, or a free one for 0.

    Raises:
        BadInput: another program listens there.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError as error:
            raise BadInput(
                f"port {wanted} for {what} cannot be used on {host} ({error.strerror}): give another with {option}"
            ) from error
        return int(probe.getsockname()[1])


def wait_for(url: str, child: "subprocess.Popen[bytes]", timeout_s: float = 60.0) -> None:
    """Wait until the address answers.

    Raises:
        RunFailed: the child ended, or did not answer in time.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if child.poll() is not None:
            raise RunFailed(f"the server for {url} ended with status {child.returncode}: see the log folder")
        try:
            if httpx.get(url, timeout=2.0, trust_env=False).status_code < 500:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise RunFailed(f"{url} did not answer within {timeout_s:.0f} s")
