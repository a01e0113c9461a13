"""The page of a run: what it shows, and what it must not do."""

import base64
import gzip
import json
import re
from dataclasses import replace

import plotly.graph_objects as go
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from racelab.runs.index import index_page
from racelab.runs.notebooks import Notebook
from racelab.runs.outputs import PLOTLY, clean, first_heading, page_blocks
from racelab.runs.page import report_page
from racelab.runs.records import RunRecord, read_records, records_text

RECORD = RunRecord(
    "reports/race", "Race report", "wec/2024/4/R", {"session": "wec/2024/4/R", "flag": True, "cars": ["7", "007"]},
    "abcdef0123456789ff", "0.1.0+123456789abc", "2026-11-21T13:00:00+00:00", "2026-11-21T13:00:05+00:00", 5123,
    "succeeded", None, {"notebook": "race.ipynb", "html": "race.html"},
)  # fmt: skip


def shown(**data):
    return new_code_cell("secret_source()", outputs=[new_output("display_data", data=data)])


def figure(text="Gap to the leader by lap.", caption=None):
    made = go.Figure(go.Scatter(y=[1, 2, 3]), layout={"title": "Gaps", "meta": {"alt": text, "caption": caption}})
    return shown(**{PLOTLY: json.loads(made.to_json()), "text/plain": "Figure()"})


@pytest.fixture
def notebook(tmp_path):
    return Notebook(tmp_path / "race.ipynb", "reports/race", "Race report", "One race.")


def unpacked(page, name):
    packed = re.search(rf'<script id="{name}" type="application/gzip">([^<]*)</script>', page)[1]
    return gzip.decompress(base64.b64decode(packed)).decode()


def test_words_tables_and_figures_are_shown_and_code_is_not(notebook):
    cells = [
        new_markdown_cell("# Le *Mans*\n\nWords"),
        shown(**{"text/html": '<table><tr><td class="number">3:28.562</td></tr></table>', "text/plain": "x"}),
        shown(**{"text/markdown": "**bold** <b>not bold</b>"}),
        new_code_cell("1", outputs=[new_output("stream", name="stdout", text="said")]),
        new_code_cell("1", outputs=[new_output("stream", name="stderr", text="muttered")]),
    ]
    page = report_page(new_notebook(cells=cells), notebook, RECORD)
    assert "<title>Le Mans</title>" in page
    assert page.count("<h1") == 1
    assert '<td class="number">3:28.562</td>' in page
    assert "<strong>bold</strong> &lt;b&gt;not bold" in page
    assert "<pre>said</pre>" in page
    assert "muttered" not in page
    assert "secret_source" not in page


def test_a_page_without_a_heading_takes_the_sidecars(notebook):
    page = report_page(new_notebook(cells=[new_markdown_cell("words")]), notebook, RECORD)
    assert "<h1>Race report</h1>" in page
    assert "<script" not in page


def test_figures_share_one_plotly_and_carry_their_words(notebook):
    page = report_page(
        new_notebook(cells=[figure(), figure('Car "7" <leads>', "A sentence & more.")]), notebook, RECORD
    )
    assert page.count('<script id="plotly"') == 1
    assert 'aria-label="Gap to the leader by lap."' in page
    assert "<figcaption>Gap to the leader by lap.</figcaption>" in page
    assert 'aria-label="Car &#34;7&#34;' in page
    assert "<figcaption>A sentence &amp; more.</figcaption>" in page
    assert [drawn["data"][0]["y"] for drawn in json.loads(unpacked(page, "figures"))] == [[1, 2, 3], [1, 2, 3]]
    assert "Plotly" in unpacked(page, "plotly")[:4000] or "plotly.js" in unpacked(page, "plotly")[:4000]
    assert len(page) < 2_500_000


def test_the_page_asks_nobody_for_anything(notebook):
    page = report_page(new_notebook(cells=[figure()]), notebook, RECORD)
    for found in re.findall(r"""(?:src|href|action)\s*=\s*["']([^"']+)|url\(([^)]+)\)|@import""", page):
        assert found == ("race.ipynb", "")


def test_the_footer_says_what_was_run_on_what(notebook):
    page = report_page(new_notebook(cells=[]), notebook, RECORD)
    for words in ("race.ipynb", "wec/2024/4/R", "abcdef0123456789", "0.1.0+123456789abc", "5.1 s", "7, 007", "yes"):
        assert words in page


def test_a_failed_cell_is_marked_with_its_code(notebook):
    error = new_output(
        "error", ename="ValueError", evalue="<b>bad</b>", traceback=["\x1b[31mValueError\x1b[0m: <b>bad</b>"]
    )
    record = replace(RECORD, outcome="failed", error="cell 2: ValueError: <b>bad</b>")
    page = report_page(new_notebook(cells=[new_code_cell("1 / x", outputs=[error])]), notebook, record)
    assert 'id="failed-cell"' in page
    assert "<pre>1 / x</pre>" in page
    assert "This run failed" in page
    assert "<b>bad" not in page
    assert "\x1b" not in page


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a<script>alert(1)</script>b</p>", "<p>ab</p>"),
        ("<style>x{}</style><b onclick='x' class='number'>1</b>", '<b class="number">1</b>'),
        ('<a href="javascript:alert(1)">x</a>', "<a>x</a>"),
        ('<img src="http://far/away.png">', ""),
    ],
)
def test_html_keeps_words_and_tables_only(html, expected):
    assert clean(html) == expected


def test_cells_tagged_hide_are_left_out():
    hidden = new_markdown_cell("words")
    hidden.metadata["tags"] = ["hide"]
    assert page_blocks(new_notebook(cells=[hidden])) == []


def test_the_index_lists_every_run_newest_first_and_escapes(tmp_path):
    assert "Nothing has run yet" in index_page(tmp_path)
    first, second = tmp_path / "wec/2024/4/R", tmp_path / "pipeline"
    for folder in (first, second):
        folder.mkdir(parents=True)
    odd = replace(RECORD, notebook="explore/odd", title="<script>x</script>", ended="2026-11-21T15:00:00+00:00", error='cell 1: "x"',
                  outcome="failed", files={"notebook": "o d#.ipynb", "html": "o d#.html"})  # fmt: skip
    (first / "run.json").write_text(records_text(RECORD, [odd, RECORD]))
    (second / "run.json").write_text("not json")
    page = index_page(tmp_path)
    assert "2 runs" in page
    assert page.index("wec/2024/4/R/o%20d%23.html") < page.index("wec/2024/4/R/race.html")
    assert "&lt;script&gt;x" in page
    assert "<script>" not in page
    assert [one.notebook for one in read_records(first)] == ["reports/race", "explore/odd"]
    assert read_records(second) == []


def test_signs_in_a_heading_are_escaped_once_in_the_pages_title():
    found = page_blocks(new_notebook(cells=[new_markdown_cell("# Brabham & <b>Sons</b> 2024")]))
    assert first_heading(found) == "Brabham & <b>Sons</b> 2024"
