"""The schema's versions: Alembic migrations under `migrations/`, run from here."""

from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa

from racelab.errors import StoreError

_FOLDER = Path(__file__).parent / "migrations"


@lru_cache(maxsize=1)
def head() -> str:
    """The newest revision: the name of the last file in `migrations/versions`."""
    return max(path.stem.split("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*.py"))


def current(connection: sa.Connection) -> str | None:
    """The database's revision, or None where it has no schema yet."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def create_or_check(connection: sa.Connection) -> None:
    """Create the schema in an empty database; refuse one of another revision.

    Raises:
        StoreError: the schema is older or newer than this version of racelab.
    """
    with connection.begin():
        found = current(connection)
        if found is None:
            upgrade(connection)
        elif found < head():
            raise StoreError(f"the store has schema {found}, this racelab needs {head()}: run `racelab db upgrade`")
        elif found > head():
            raise StoreError(
                f"the store has schema {found}, newer than this racelab's {head()}: install a newer racelab"
            )


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Bring the schema to a revision, in the connection's transaction."""
    from alembic import command  # imported here: opening a current store does not need it
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
