"""A folder with small notebooks of its own, for tests of the runner."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

SIDECAR = """\
title: A small notebook
description: Adds and shows.
tags: [test]
parameters:
  number: {type: integer, default: 2, minimum: 0, maximum: 9}
  car_number: {type: string, default: "7"}
  kind: {type: string, enum: [plain, loud], default: plain}
"""


def write_notebook(folder: Path, name: str, cells: list[str], sidecar: str = SIDECAR, parameters: str = "") -> Path:
    """Write a notebook of code cells and its sidecar under a folder; a cell that begins with # is Markdown."""
    first = new_code_cell(parameters or "number = 2\ncar_number = '7'\nkind = 'plain'")
    first.metadata["tags"] = ["parameters"]
    made = [new_markdown_cell(cell) if cell.startswith("#") else new_code_cell(cell) for cell in cells]
    path = folder / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=[first, *made]), path)
    path.with_suffix(".yaml").write_text(sidecar, encoding="utf-8")
    return path
