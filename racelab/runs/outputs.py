"""From an executed notebook's cells to the blocks of its page."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

import bleach
import mistune
from nbformat import NotebookNode

PLOTLY = "application/vnd.plotly.v1+json"
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_TAGS = [
    "a", "b", "br", "caption", "code", "dd", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "hr",
    "i", "li", "ol", "p", "pre", "section", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "ul",
]  # fmt: skip
_ATTRIBUTES = {"*": ["class", "id", "title", "scope", "colspan", "rowspan", "aria-label", "role"], "a": ["href"]}
# Text between the marks is escaped, so that a team's name cannot become markup.
_MARKDOWN = mistune.create_markdown(escape=True, plugins=["table", "strikethrough"])


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a page: html, figure, image, text or error.

    ``alt`` says in words what a figure or image shows, ``caption`` is the sentence under it.
    """

    kind: str
    content: str
    alt: str = ""
    caption: str = ""
    height: int = 0
    source: str = ""


def page_blocks(notebook: NotebookNode) -> list[Block]:
    """What a reader sees of a notebook: its words, tables and figures, no code; a failed cell with its code."""
    return [block for cell in notebook.cells for block in _cell_blocks(cell)]


def _cell_blocks(cell: NotebookNode) -> Iterator[Block]:
    tags = cell.metadata.get("tags", [])
    if "hide" in tags or "papermill-error-cell-tag" in tags:
        return
    if cell.cell_type == "markdown":
        yield Block("html", markdown(cell.source))
    elif cell.cell_type == "code":
        for output in cell.outputs:
            yield from _output_blocks(output, cell.source)


def markdown(text: str) -> str:
    """HTML of Markdown; HTML in it is shown as text."""
    return str(_MARKDOWN(text))


def _output_blocks(output: NotebookNode, source: str) -> Iterator[Block]:
    if output.output_type == "error":
        trace = _ANSI.sub("", "\n".join(output.traceback)) or f"{output.ename}: {output.evalue}"
        yield Block("error", trace, alt=f"{output.ename}: {output.evalue}", source=source)
    elif output.output_type == "stream":
        if output.name == "stdout":
            yield Block("text", _ANSI.sub("", output.text))
    else:
        yield from _data_block(output.data)


def _data_block(data: dict[str, Any]) -> Iterator[Block]:
    if PLOTLY in data:
        yield figure_block(data[PLOTLY])
    elif "image/png" in data:
        yield Block(
            "image", f"data:image/png;base64,{''.join(data['image/png'].split())}", alt=data.get("text/plain", "")
        )
    elif "text/html" in data:
        html = clean(data["text/html"])
        if html.strip():
            yield Block("html", html)
    elif "text/markdown" in data:
        yield Block("html", markdown(data["text/markdown"]))
    elif "text/plain" in data:
        yield Block("text", data["text/plain"])


def clean(html: str) -> str:
    """HTML with the tags of text and tables only: no script, no style, no address but a link's."""
    without = re.sub(r"<(script|style)\b.*?</\1\s*>", "", html, flags=re.DOTALL | re.IGNORECASE)
    return str(bleach.clean(without, tags=_TAGS, attributes=_ATTRIBUTES, protocols=["http", "https"], strip=True))


def figure_block(figure: dict[str, Any]) -> Block:
    """A plotly figure as JSON, without a width: a page gives it its own."""
    layout = figure.get("layout", {})
    kept = {"data": figure.get("data", []), "layout": {k: v for k, v in layout.items() if k != "width"}}
    text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    alt, caption = figure_words(layout)
    return Block("figure", text, alt, caption, height=int(layout.get("height") or 420))


def figure_words(layout: dict[str, Any]) -> tuple[str, str]:
    """What a figure shows, for those who cannot see it, and the sentence under it: from its meta, or its title."""
    meta, title = layout.get("meta"), layout.get("title")
    meta = meta if isinstance(meta, dict) else {}
    title = title.get("text") if isinstance(title, dict) else title
    alt = str(meta.get("alt") or title or "Figure")
    return _no_tags(alt), _no_tags(str(meta.get("caption") or alt))


def _no_tags(words: str) -> str:
    return re.sub(r"<[^>]*>", " ", words).strip()


def first_heading(blocks: list[Block]) -> str | None:
    """The text of the first heading of the first rank, as plain text that is yet to be escaped."""
    for block in blocks:
        found = re.search(r"<h1[^>]*>(.*?)</h1>", block.content, re.DOTALL) if block.kind == "html" else None
        if found:
            return unescape(re.sub(r"<[^>]*>", "", found[1])).strip()
    return None
