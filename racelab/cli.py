"""The `racelab` command: options that all commands share, and errors in one line."""

import logging
import os
import sys
from importlib import import_module
from pathlib import Path

import typer

from racelab.commands.context import configure, log, printable
from racelab.errors import RacelabError

HELP = "An analytics workbench for motorsport: Formula 1, WEC, IMSA and GR Cup in one schema."
# Command -> the module whose `register(app)` adds it; the order is the order of the help page.
COMMANDS = {
    "demo": "demo", "ingest": "ingest", "sessions": "sessions", "show": "sessions", "train": "train",
    "backtest": "backtest", "simulate": "simulate", "export": "export", "run": "run",
    "monitor": "monitor", "live": "live", "replay": "replay", "serve": "serve", "lab": "serve", "db": "db", "bench": "bench",
}  # fmt: skip
_WITH_VALUE = ("--db", "--data")


def options(
    db: str | None = typer.Option(None, help="The store's URL; also RACELAB_DB"),
    data: Path | None = typer.Option(None, help="The data folder; also RACELAB_DATA"),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document"),
) -> None:
    """Take the options that all commands share."""
    configure(db, data, as_json)


def main(argv: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 with one line on standard error, 2 for usage."""
    arguments = sys.argv[1:] if argv is None else argv
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stderr)
    log.setLevel(logging.INFO)
    try:
        assemble(arguments)(args=_json_first(arguments), prog_name="racelab")
    except RacelabError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        _fail("interrupted; what was complete is stored, run the same command again to go on")
    except OSError as error:
        if os.environ.get("RACELAB_DEBUG"):
            log.exception("unexpected")
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{where}{error.strerror or error}: check the path, its rights and the space on its disk")
    except Exception as error:
        if os.environ.get("RACELAB_DEBUG"):
            log.exception("unexpected")
        _fail(f"unexpected {type(error).__name__}: {error} (set RACELAB_DEBUG=1 to see where)")


def assemble(arguments: list[str]) -> typer.Typer:
    """The command line with the command that the arguments name, or with all where they name none.

    A command imports much that another does not need, so that importing all would cost each a second.
    """
    app = typer.Typer(
        name="racelab", help=HELP, no_args_is_help=True, add_completion=False, rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )  # fmt: skip
    app.callback(help=HELP)(options)
    named = _command(arguments)
    for module in dict.fromkeys([COMMANDS[named]] if named else COMMANDS.values()):
        import_module(f"racelab.commands.{module}").register(app)
    return app


def _command(arguments: list[str]) -> str | None:
    """The command that the arguments name; what stands behind an option is its value, whatever it is called."""
    values = {place + 1 for place, argument in enumerate(arguments) if argument in _WITH_VALUE}
    words = (argument for place, argument in enumerate(arguments) if place not in values)
    return next((word for word in words if word in COMMANDS), None)


def _json_first(arguments: list[str]) -> list[str]:
    """`--json` is understood behind the command too."""
    rest = [argument for argument in arguments if argument != "--json"]
    return ["--json", *rest] if len(rest) < len(arguments) else rest


def _fail(message: str) -> None:
    sys.stderr.write("racelab: " + printable(" ".join(message.split())) + "\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
