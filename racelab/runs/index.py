"""`reports/index.html`: every run, with links to its page and notebook."""

from pathlib import Path
from urllib.parse import quote

from racelab.runs.page import environment
from racelab.runs.records import FILE, RunRecord, read_records


def index_page(root: Path) -> str:
    """The page that lists all runs under a reports folder, newest first, from their run.json files."""
    listed = [(record, path.parent) for path in sorted(root.rglob(FILE)) for record in read_records(path.parent)]
    listed.sort(key=lambda pair: pair[0].ended, reverse=True)
    rows = [_row(record, folder.relative_to(root).as_posix()) for record, folder in listed]
    return environment().get_template("index.html.j2").render(rows=rows)


def _row(record: RunRecord, folder: str) -> dict[str, object]:
    links = {kind: quote(f"{folder}/{name}") for kind, name in record.files.items()}
    return {"record": record, "links": links, "about": record.session or folder}
