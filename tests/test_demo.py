"""The first minutes of a newcomer: the demo from an empty folder, and again."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def run_demo(folder: Path) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RACELAB_")}
    command = [sys.executable, "-m", "racelab", "demo", "--no-serve", "--json"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=540)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)


def digests(folder: Path) -> dict[str, str]:
    files = [path for part in ("data", "reports") for path in (folder / part).rglob("*") if path.is_file()]
    kept = [path for path in files if path.suffix not in (".log", ".db-wal", ".db-shm")]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, run_demo(folder)


def test_the_demo_fills_the_store_and_writes_models_exports_and_reports(demo: tuple[Path, dict[str, Any]]) -> None:
    folder, summary = demo
    assert [session["change"] for session in summary["sessions"]] == ["added"] * 6
    assert {session["series"] for session in summary["sessions"]} == {"f1", "wec", "grcup"}
    exports = [json.loads(path.read_text(encoding="utf-8")) for path in (folder / "data" / "exports").glob("*.json")]
    assert {document["race_info"]["series"] for document in exports} == {"F1", "WEC", "GR Cup"}
    assert all(len(document["laps"]) > 500 for document in exports)
    assert len(list((folder / "reports").rglob("race.html"))) == 3
    assert (folder / "reports" / "index.html").exists()
    models = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in (folder / "data" / "models").glob("laptime/*/*/card.json")
    ]
    assert {model["series"] for model in models if "series" in model} == {"f1", "wec", "grcup"}


def test_a_second_demo_changes_nothing_that_is_there(demo: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = demo
    before = digests(folder)
    summary = run_demo(folder)
    assert {session["change"] for session in summary["sessions"]} == {"unchanged"}
    assert digests(folder) == before
