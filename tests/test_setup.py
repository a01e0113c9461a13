"""What a newcomer installs from: one source of truth, pinned and hash-checked, no registry named."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import rattler
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
WANTED = [Requirement(line) for line in (*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"])]


def test_environment_yml_is_what_pyproject_says() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/environment.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_conda_reads_every_line_of_environment_yml() -> None:
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    specs = [rattler.MatchSpec(line) for line in content["dependencies"]]
    assert len(specs) == len(content["dependencies"]) > 30
    assert content["channels"] == ["conda-forge", "nodefaults"]


def test_the_lock_pins_every_dependency_with_hashes_and_names_no_registry() -> None:
    pins = dict(re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)", LOCK, re.MULTILINE))
    names = {canonicalize_name(name) for name in pins}
    for requirement in WANTED:
        assert canonicalize_name(requirement.name) in names, requirement
    blocks = re.split(r"\n(?=[\w.-]+(?:\[[\w,-]+\])?==)", LOCK)
    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"https?://|--index-url|--extra-index-url|--find-links", LOCK)


@pytest.mark.parametrize("requirement", WANTED, ids=str)
def test_the_lock_satisfies_pyproject(requirement: Requirement) -> None:
    pins = re.findall(rf"^{re.escape(requirement.name)}(?:\[[\w,-]+\])?==([^\s;]+)", LOCK, re.MULTILINE | re.IGNORECASE)
    assert pins
    assert all(requirement.specifier.contains(pin) for pin in pins)


def test_the_cpu_build_of_xgboost_is_the_default_on_linux() -> None:
    assert re.search(r"^xgboost-cpu==\S+ ;.*sys_platform == 'linux'", LOCK, re.MULTILINE)
    assert "nvidia" not in LOCK


def test_git_keeps_nothing_large_or_generated() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    paths = [ROOT / name.decode() for name in listed if name]
    assert [str(path) for path in paths if path.is_file() and path.stat().st_size > 1024 * 1024] == []
    kept = {path.relative_to(ROOT).parts[0] for path in paths if path.exists()}
    assert {"notebooks", "racelab", "reports", "data", "tests", "environment.yml", "README.md"} >= kept & {
        "reports",
        "data",
    }


def test_no_path_of_a_machine_and_no_registry_host_is_in_the_project() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    words = re.compile(rb"/work/|/root/|/opt/pypi|pypi\.org|files\.pythonhosted|registry\.npmjs")
    for name in filter(None, listed):
        path = ROOT / name.decode()
        if path.is_file() and path != Path(__file__) and path.suffix not in (".png",):
            assert not words.search(path.read_bytes()), path
