"""The schema's versions: Alembic migrations under `migrations/`, run from here."""

from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from racelab.errors import StoreError

# The number of the lock that an upgrade of PostgreSQL holds; below any session's id.
_UPGRADING = 1
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
    """Bring the schema to a revision, in the connection's transaction; another process that does so waits.

    Raises:
        StoreError: the database has a schema that this racelab does not know.
    """
    from alembic import command  # imported here: opening a current store does not need it
    from alembic.util import CommandError

    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_UPGRADING)))
    try:
        command.upgrade(_config(connection=connection), revision)
    except CommandError as error:
        found = current(connection)
        raise StoreError(
            f"the store has schema {found}, which this racelab does not know: install a newer one"
        ) from error


def upgrade_sql(dialect: str, before: str | None = None) -> str:
    """The SQL that brings a database of a revision (None: an empty one) to the newest, for whoever runs it himself.

    ``dialect`` is sqlite or postgresql.

    Raises:
        StoreError: there is no such revision.
    """
    from alembic import command
    from alembic.util import CommandError

    config = _config(dialect=dialect)
    written = config.output_buffer = StringIO()
    try:
        command.upgrade(config, f"{before or 'base'}:head", sql=True)
    except CommandError as error:
        raise StoreError(f"there is no schema {before!r}: the newest is {head()}") from error
    return written.getvalue()


def _config(**attributes: object) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes.update(attributes)
    return config
