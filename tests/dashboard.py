"""The live dashboard for tests: served as people serve it, opened in a browser that notes all it should not do."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
_ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
_ROWS = """rows => rows.map(row => Object.fromEntries(
  [...row.querySelectorAll('[data-column]')].map(cell => [cell.dataset.column, cell.innerText.trim()])))"""


@contextmanager
def served(environment: Mapping[str, str]) -> Iterator[str]:
    """The address of the live page of a server of its own, which is ended afterwards."""
    command = [sys.executable, "-m", "racelab", "serve", "--port", "0", "--voila-port", "0"]
    with subprocess.Popen(command, env=dict(environment), stderr=subprocess.PIPE, text=True) as server:
        try:
            lines = iter(server.stderr.readline, "")
            yield next(line.split()[-1] for line in lines if "Live dashboard" in line)
        finally:
            server.terminate()
            server.wait(20)


@dataclass
class Browser:
    """A page of the browser, what it asked of other hosts and the errors of its console."""

    page: Any
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note requests to other hosts, errors of the console and of scripts, and answers that are errors."""
        self.page.on("request", lambda request: self._ask(request.url))
        self.page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "response", lambda got: self.errors.append(f"{got.status} {got.url}") if got.status >= 400 else None
        )

    def _ask(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            self.outside.append(url)

    def open(self, address: str) -> None:
        """Open the page and wait until its tower stands."""
        self.page.goto(address, timeout=60_000)
        self.page.wait_for_selector(".rl-tower .rl-head", timeout=60_000)

    def rows(self) -> list[dict[str, str]]:
        """The tower as it is seen: the words of each row by column, in the order of the rows."""
        return self.page.eval_on_selector_all(".rl-body .rl-row", _ROWS)

    def wait(self, condition: str, seconds: float = 30) -> None:
        """Wait until a JavaScript condition holds."""
        self.page.wait_for_function(condition, timeout=seconds * 1000)

    def text(self, selector: str) -> str:
        """The words of an element."""
        return self.page.inner_text(selector)


@contextmanager
def browser(width: int = 1920, height: int = 1080, **context: Any) -> Iterator[Browser]:
    """A Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        page = chromium.new_page(viewport={"width": width, "height": height}, **context)
        shown = Browser(page)
        shown.watch()
        yield shown
        chromium.close()
