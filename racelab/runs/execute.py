"""Executing a notebook with papermill."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from racelab.errors import BadInput
from racelab.runs.kernel import OwnKernelManager
from racelab.runs.notebooks import Notebook

OnCell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Executed:
    """The notebook with its outputs, and in one line what stopped it, if anything did."""

    notebook: NotebookNode
    error: str | None


def execute(
    notebook: Notebook, values: dict[str, Any], target: Path, *, timeout_s: int, on_cell: OnCell | None = None
) -> Executed:
    """Run every cell; the notebook is saved to ``target`` after each, so that a killed run leaves what it had.

    ``on_cell`` is called with the number of the cell that starts, from 1, and how many there are.

    Raises:
        BadInput: the file is not a notebook.
    """
    logging.getLogger("papermill").setLevel(logging.WARNING)
    total = _cells(notebook.path) + (1 if values else 0)
    error = None
    try:
        papermill.execute_notebook(
            notebook.path,
            target,
            parameters=values,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            execution_timeout=timeout_s,
            kernel_manager_class=OwnKernelManager,
            on_cell_start=lambda cell, cell_index: on_cell and on_cell(cell_index + 1, total),
        )
    except PapermillExecutionError as failure:
        error = f"cell {failure.exec_count}: {failure.ename}: {' '.join(str(failure.evalue).split())}"
    except (CellTimeoutError, DeadKernelError) as failure:
        error = _mark(target, f"{type(failure).__name__}: {' '.join(str(failure).split())[:300]}", timeout_s)
    return Executed(_tidy(nbformat.read(target, as_version=4), notebook), error)


def _cells(path: Path) -> int:
    try:
        return len(nbformat.read(path, as_version=4).cells)
    except (OSError, ValueError, AttributeError) as error:
        raise BadInput(f"{path} is not a notebook: {' '.join(str(error).split())[:200]}") from error


def _mark(target: Path, error: str, timeout_s: int) -> str:
    """Write into the cell that was running why it ended; papermill does so for exceptions only."""
    node = nbformat.read(target, as_version=4)
    code = [cell for cell in node.cells if cell.cell_type == "code"]
    running = [cell for cell in code if cell.metadata.papermill.status in ("running", "failed")] or code[-1:]
    name, _, message = error.partition(": ")
    if name == CellTimeoutError.__name__:
        message = f"it ran longer than {timeout_s} s (RACELAB_RUN_TIMEOUT_S)"
    for cell in running[:1]:
        cell.outputs.append(nbformat.v4.new_output("error", ename=name, evalue=message, traceback=[]))
        cell.metadata.papermill.status = "failed"
    nbformat.write(node, target)
    return f"cell {code.index(running[0]) + 1 if running else '?'}: {name}: {message}"


def _tidy(node: NotebookNode, notebook: Notebook) -> NotebookNode:
    """The notebook without this machine's paths."""
    node.metadata.papermill.input_path = f"{notebook.name}.ipynb"
    node.metadata.papermill.output_path = f"{notebook.path.name}"
    return node
