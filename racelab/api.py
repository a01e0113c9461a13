"""The REST interface: what runs, and the way to the dashboards. It loads nothing from other hosts."""

from typing import Any

from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse

from racelab import wall
from racelab.errors import StoreError
from racelab.runs.monitor.status import monitor_status
from racelab.settings import get_settings
from racelab.store.open import open_store

_DOCS = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>racelab REST interface</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#14181f}
td,th{text-align:left;padding:.3em 1em .3em 0;border-bottom:1px solid #dfe3e8}</style></head><body>
<h1>racelab REST interface</h1><p>The full description is at <a href="/openapi.json">/openapi.json</a>.</p>
<table><tr><th>Address</th><th>What it gives</th></tr>ROWS</table></body></html>"""


def create_app() -> FastAPI:
    """The application; its dashboards are where RACELAB_SERVE_HOST and RACELAB_VOILA_PORT say."""
    app = FastAPI(title="racelab", docs_url=None, redoc_url=None)

    @app.get("/health")
    def health() -> dict[str, str]:
        """Whether the server runs."""
        return {"status": "ok"}

    @app.get("/api/status/monitor")
    def monitor() -> dict[str, Any]:
        """What the race monitor follows, what comes next, and the health of its parts."""
        try:
            with open_store() as store:
                return monitor_status(store, wall.now())
        except StoreError as error:
            raise HTTPException(503, str(error)) from error

    @app.get("/dashboard", include_in_schema=True)
    def dashboard() -> RedirectResponse:
        """The live page."""
        return RedirectResponse(dashboard_url())

    @app.get("/", include_in_schema=False)
    def root() -> RedirectResponse:
        return RedirectResponse("/docs")

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(app))

    return app


def dashboard_url(page: str = "live_race") -> str:
    """The address of a dashboard."""
    settings = get_settings()
    return f"http://{settings.serve_host}:{settings.voila_port}/voila/render/{page}.ipynb"


def docs_page(app: FastAPI) -> str:
    """One page that lists the addresses; written here because the usual one needs scripts of other hosts."""
    paths: dict[str, dict[str, dict[str, str]]] = app.openapi()["paths"]
    rows = [
        f"<tr><td><code>{method.upper()} {path}</code></td><td>{said.get('description', '')}</td></tr>"
        for path, methods in paths.items()
        for method, said in methods.items()
    ]
    return _DOCS.replace("ROWS", "".join(rows))
