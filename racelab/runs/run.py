"""A run from its parameters to its files: check, look whether it is needed, execute, render, publish."""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import nbformat

from racelab import wall
from racelab.errors import StoreError
from racelab.exports.files import write_whole
from racelab.runs.execute import Executed, OnCell, execute
from racelab.runs.index import index_page
from racelab.runs.notebooks import Notebook
from racelab.runs.page import report_page
from racelab.runs.parameters import complete
from racelab.runs.records import FAILED, FILE, SUCCEEDED, RunRecord, read_records, records_text
from racelab.runs.scope import Scope, code_version, find_scope
from racelab.settings import get_settings
from racelab.store.open import open_store

_LOCK_S = 20.0


@dataclass(frozen=True, slots=True)
class Run:
    """What a run left: its record, the folder of its files, and whether an earlier run stands in for it."""

    record: RunRecord
    folder: Path
    cached: bool = False

    @property
    def html(self) -> Path:
        """The page."""
        return self.folder / self.record.files["html"]

    @property
    def summary(self) -> dict[str, Any]:
        """The record with the paths of its files."""
        return {
            **asdict(self.record),
            "files": {kind: str(self.folder / name) for kind, name in self.record.files.items()},
        }


def run_notebook(
    notebook: Notebook, given: Mapping[str, Any], *, force: bool = False, on_cell: OnCell | None = None
) -> Run:
    """Run a notebook and publish its files under the reports folder, a failed run's too.

    A run with the parameters, data and code of the one that stands there is not repeated unless forced.

    Raises:
        BadInput: a parameter is not allowed.
        NotFound: the store has no such session.
        StoreError: the reports folder cannot be written.
    """
    values = complete(notebook, given)
    with open_store() as store:
        scope = find_scope(store, notebook, values)
    folder, code = get_settings().reports / Path(scope.folder), code_version(notebook)
    earlier = next((one for one in read_records(folder) if one.notebook == notebook.name), None)
    if earlier and notebook.cached and not force and _stands(earlier, folder, values, scope, code):
        return Run(earlier, folder, cached=True)
    return _run(notebook, values, scope, code, folder, on_cell)


def _run(
    notebook: Notebook, values: dict[str, Any], scope: Scope, code: str, folder: Path, on_cell: OnCell | None
) -> Run:
    started, clock = wall.now(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="racelab-run-") as scratch:
        timeout_s = get_settings().run_timeout_s
        done = execute(notebook, values, Path(scratch) / notebook.path.name, timeout_s=timeout_s, on_cell=on_cell)
    record = RunRecord(
        notebook=notebook.name,
        title=notebook.title,
        session=scope.session,
        parameters=values,
        data_version=scope.data_version,
        code_version=code,
        started=started.isoformat(timespec="seconds"),
        ended=wall.now().isoformat(timespec="seconds"),
        duration_ms=round((time.monotonic() - clock) * 1000),
        outcome=FAILED if done.error else SUCCEEDED,
        error=done.error,
        files={"notebook": f"{notebook.path.stem}.ipynb", "html": f"{notebook.path.stem}.html"},
    )
    _publish(done, notebook, record, folder)
    return Run(record, folder)


def _stands(earlier: RunRecord, folder: Path, values: dict[str, Any], scope: Scope, code: str) -> bool:
    same = (earlier.parameters, earlier.data_version, earlier.code_version) == (values, scope.data_version, code)
    return same and earlier.outcome == SUCCEEDED and all((folder / name).is_file() for name in earlier.files.values())


def _publish(done: Executed, notebook: Notebook, record: RunRecord, folder: Path) -> None:
    """Put the files in their places; one run at a time does so, so that they belong together."""
    root = get_settings().reports
    page = report_page(done.notebook, notebook, record)
    with _alone(root):
        _write(folder / record.files["notebook"], nbformat.writes(done.notebook))
        _write(folder / record.files["html"], page)
        _write(folder / FILE, records_text(record, read_records(folder)))
        _write(root / "index.html", index_page(root))


def _write(path: Path, text: str) -> None:
    write_whole(path, lambda target: target.write_text(text, encoding="utf-8"))


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Hold the reports folder's lock file; one that is older than the time that publishing takes is left over."""
    lock = root / ".lock"
    try:
        root.mkdir(parents=True, exist_ok=True)
        while not _taken(lock):
            time.sleep(0.05)
    except OSError as error:
        raise StoreError(f"{root} cannot be written: {error.strerror or error}; set RACELAB_REPORTS") from error
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _taken(lock: Path) -> bool:
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        try:
            if wall.now().timestamp() - lock.stat().st_mtime > _LOCK_S:
                lock.unlink(missing_ok=True)
        except FileNotFoundError:
            pass
        return False
    return True
