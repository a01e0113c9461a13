"""Write environment.yml from pyproject.toml: `python scripts/environment.py [--check]`."""

import sys
import tomllib
from pathlib import Path

import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
# Names that differ on conda-forge.
CONDA_NAMES = {"xgboost-cpu": "py-xgboost-cpu", "playwright": "playwright-python", "psycopg": "psycopg"}
# Linux on x86-64 stands for all: conda has one file, not one a platform.
LINUX = {**default_environment(), "sys_platform": "linux", "platform_machine": "x86_64", "python_version": "3.11"}


def conda_spec(requirement: Requirement) -> str:
    """A conda match spec for a requirement: ``numpy >=2.2``; extras are dropped, conda packages carry them."""
    name = CONDA_NAMES.get(requirement.name, requirement.name.lower())
    return f"{name} {requirement.specifier}".strip()


def environment(project: dict[str, object]) -> str:
    """The text of environment.yml for a parsed pyproject.toml."""
    lines = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    wanted = [Requirement(line) for line in lines]
    kept = [requirement for requirement in wanted if requirement.marker is None or requirement.marker.evaluate(LINUX)]
    python = f"python {project['project']['requires-python']}"
    content = {
        "name": project["project"]["name"],
        "channels": ["conda-forge", "nodefaults"],
        "dependencies": [python, "pip", *sorted(conda_spec(requirement) for requirement in kept)],
    }
    head = "# Made from pyproject.toml by scripts/environment.py; then: pip install --no-deps -e .\n"
    return head + yaml.safe_dump(content, sort_keys=False)


def main() -> None:
    """Write the file, or with --check say whether it is current."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    target, text = ROOT / "environment.yml", environment(project)
    if "--check" in sys.argv:
        current = target.exists() and target.read_text(encoding="utf-8") == text
        sys.exit(0 if current else "environment.yml is not what pyproject.toml says: run `make environment`")
    target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
