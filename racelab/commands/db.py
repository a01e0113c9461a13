"""`racelab db ...`: the store itself."""

import typer

from racelab.commands.context import emit
from racelab.settings import get_settings
from racelab.store.engine import mask, upgrade_store
from racelab.store.migrate import head


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(no_args_is_help=True, help="Look after the store.")
    family.command("upgrade")(upgrade)
    # Typer would make a single command the whole family.
    family.callback()(_family)
    app.add_typer(family, name="db")


def _family() -> None:
    """Look after the store."""


def upgrade() -> None:
    """Bring the store's schema to this version of racelab; a current one is left alone."""
    settings = get_settings()
    before = upgrade_store(settings.store_url, settings.busy_timeout_s)
    payload = {"store": mask(settings.store_url), "before": before, "after": head()}
    changed = f"from {before or 'nothing'} to {head()}" if before != head() else f"is current ({head()})"
    emit(payload, lambda console: console.print(f"{payload['store']}: schema {changed}", markup=False))
