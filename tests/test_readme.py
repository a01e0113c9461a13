"""Every command of the README is run, in its order, as a newcomer would run it."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines() if line]
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
RACELAB = [shlex.split(line)[1:] for line in COMMANDS if line.startswith("racelab ")]
ROUND = "2025-03-16_Australian_Grand_Prix"


def test_the_readme_has_the_two_commands_and_one_real_run_for_each_series() -> None:
    assert COMMANDS[:2] == ["make demo", "make test"]
    assert {arguments[1] for arguments in RACELAB if arguments[0] == "show"} >= {"f1/2025/1/R", "wec/2024/4/R"}
    assert set(COMMANDS) == {"make demo", "make test", *("racelab " + shlex.join(each) for each in RACELAB)}


def dry_run(*arguments: str) -> list[str]:
    """The commands that make would run; the suite may itself run under make, which must not show here."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "--no-print-directory", "-n", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize("target", ["demo", "test", "setup"])
def test_make_knows_the_targets_and_starts_with_the_setup(target: str) -> None:
    commands = "\n".join(dry_run("-B", target))
    assert "--require-hashes -r requirements.lock" in commands
    if target != "setup":
        assert ("racelab demo" if target == "demo" else "pytest") in commands


def test_make_demo_without_serving_is_the_demo_command() -> None:
    assert dry_run("demo", "ARGS=--no-serve")[-1].endswith("-m racelab demo --no-serve")


def test_nothing_in_the_readme_was_left_to_be_filled_in() -> None:
    cloud = {"INSTANCE_CONNECTION_NAME", "DB_USER", "DB_PASS", "DB_NAME", "PRIVATE_IP"}
    assert set(re.findall(r"\b[A-Z]+_[A-Z_]+\b", re.sub(r"RACELAB_[A-Z0-9_]+", "", README))) == cloud


def test_pictures_that_the_readme_shows_are_there_and_small() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert len(pictures) == 2
    assert all(10_000 < (ROOT / picture).stat().st_size < 400_000 for picture in pictures)


@pytest.fixture
def newcomer(data: Path, tmp_path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder with downloads in it, and FastF1's sources served from a mirror."""
    (tmp_path / "downloads").symlink_to(data)
    with tarfile.open(data / "f1" / "cache" / "fastf1-cache.tar.xz") as archive:
        members = [member for member in archive if ROUND in member.name]
        archive.extractall(tmp_path / "cache", members, filter="data")
    script = data.parent / "tools" / "f1_mirror.py"
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as mirror:
        assert mirror.stdout is not None
        settings = {
            "RACELAB_F1_MIRROR": mirror.stdout.readline().strip(),
            "RACELAB_F1_CACHE": str(tmp_path / "cache"),
            "RACELAB_DATA": str(tmp_path / "data"),
            "RACELAB_REPORTS": str(tmp_path / "reports"),
            "RACELAB_SERVE_PORT": "0",
            "RACELAB_VOILA_PORT": "0",
        }
        yield tmp_path, {**os.environ, **settings}
        mirror.terminate()


@pytest.mark.data
def test_every_racelab_command_of_the_readme_runs(newcomer: tuple[Path, dict[str, str]]) -> None:
    folder, environment = newcomer
    shown = {}
    for arguments in RACELAB:
        command = [sys.executable, "-m", "racelab", *arguments]
        if arguments == ["serve"]:
            serve(command, folder, environment)
            continue
        command += ["--json"]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, (arguments, done.stderr)
        document = json.loads(done.stdout)
        if arguments[0] == "show":
            shown[arguments[1]] = document["winner"]
    assert shown == {
        "f1/2025/1/R": {"car_number": "4", "laps": 57},
        "wec/2024/4/R": {"car_number": "50", "laps": 311},
        "imsa/2024/11/R": {"car_number": "01", "laps": 443},
        "grcup/2025/7/R1": {"car_number": "55", "laps": 26},
    }
    for block in PYTHON:
        done = subprocess.run(
            [sys.executable, "-c", block], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr


def serve(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    """Start the servers, wait for the dashboard's address, end them."""
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as servers:
        assert servers.stderr is not None
        lines = iter(servers.stderr.readline, "")
        said = next((line for line in lines if "Live dashboard" in line), "")
        servers.send_signal(signal.SIGINT)
        servers.wait(30)
    assert re.search(r"http://127\.0\.0\.1:\d+/", said)
