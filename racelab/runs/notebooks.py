"""The notebooks of the house: found by their path under `notebooks/`, described by the sidecar beside them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from racelab.errors import BadInput, NotFound


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook and what its sidecar says of it.

    ``parameters`` holds a JSON Schema for each parameter by its name. A notebook that changes what
    lies outside the store (``cached`` is false) runs each time.
    """

    path: Path
    name: str
    title: str
    description: str
    tags: tuple[str, ...] = ()
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    cached: bool = True

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of all parameters together; others are not allowed."""
        return {"type": "object", "properties": self.parameters, "additionalProperties": False}

    @property
    def defaults(self) -> dict[str, Any]:
        """The value of each parameter that is not given."""
        return {name: schema["default"] for name, schema in self.parameters.items()}


def notebooks_folder() -> Path:
    """`notebooks` in the working folder, or beside the package."""
    here = Path("notebooks")
    return (here if here.is_dir() else Path(__file__).parents[2] / "notebooks").resolve()


def list_notebooks(folder: Path | None = None) -> list[Notebook]:
    """Every notebook that has a sidecar, by name."""
    root = folder or notebooks_folder()
    return [read_notebook(path.with_suffix(".ipynb"), root) for path in sorted(root.rglob("*.yaml"))]


def find_notebook(reference: str, folder: Path | None = None) -> Notebook:
    """The notebook at a path under `notebooks/`, with or without `.ipynb`.

    Raises:
        NotFound: there is none, or the path leads out of the folder.
        BadInput: its sidecar is not what it should be.
    """
    root = folder or notebooks_folder()
    path = (root / reference.removeprefix("notebooks/").removesuffix(".ipynb")).resolve()
    path = path.with_name(path.name + ".ipynb")
    if not path.is_relative_to(root.resolve()) or not path.is_file() or not path.with_suffix(".yaml").is_file():
        known = ", ".join(notebook.name for notebook in list_notebooks(root))
        raise NotFound(f"no notebook {reference!r} under {root}: there are {known or 'none'}")
    return read_notebook(path, root.resolve())


def read_notebook(path: Path, root: Path) -> Notebook:
    """A notebook with its sidecar.

    Raises:
        BadInput: the sidecar cannot be read, or lacks a title, a description or a default.
    """
    sidecar = path.with_suffix(".yaml")
    try:
        said = yaml.safe_load(sidecar.read_text(encoding="utf-8"))
        parameters = dict(said.get("parameters") or {})
        missing = [name for name, schema in parameters.items() if "default" not in schema]
        title, description = str(said["title"]), str(said["description"])
    except (OSError, yaml.YAMLError, AttributeError, TypeError, KeyError, ValueError) as error:
        raise BadInput(f"{sidecar}: not a sidecar with title, description and parameters ({error})") from error
    if missing:
        raise BadInput(f"{sidecar}: give a default to {', '.join(missing)}")
    name = path.relative_to(root).with_suffix("").as_posix()
    return Notebook(
        path, name, title, description, tuple(said.get("tags") or ()), parameters, said.get("cached") is not False
    )
