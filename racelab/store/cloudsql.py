"""Connections to PostgreSQL in Google's Cloud SQL, by Google's own connector (the extra ``racelab[cloudsql]``).

The URL of such a store names the instance (``?cloudsql=PROJECT:REGION:INSTANCE``) and never holds the password: it
is read from the settings at the moment of connecting.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL

from racelab.errors import MissingExtra, StoreError
from racelab.settings import get_settings

INSTANCE = "cloudsql"


def cloud_engine(url: URL, **pool: Any) -> sa.Engine:
    """An engine whose connections Google's connector makes; the connector is closed with the engine's pool.

    Raises:
        MissingExtra: the connector is not installed.
    """
    connector = _Connector(url)
    engine = sa.create_engine("postgresql+psycopg://", creator=connector.connect, **pool)
    sa.event.listen(engine, "engine_disposed", connector.close)
    return engine


class _Connector:
    """Google's connector, made at the first connection, and again if the engine is used after it was disposed of."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._make, self._errors = _google()
        self._made: Any = None

    def connect(self) -> Any:
        """A connection of psycopg's.

        Raises:
            StoreError: Google refuses the instance or the account, or cannot be reached.
            psycopg.Error: the database refuses the user.
        """
        settings = get_settings()
        secret = settings.db_pass.get_secret_value() if settings.db_pass else ""
        instance = str(self._url.query[INSTANCE])
        address = "private" if settings.private_ip else "public"
        try:
            self._made = self._made or self._make(ip_type=address, refresh_strategy="lazy")
            return self._made.connect(
                instance, "psycopg", user=self._url.username, password=secret, db=self._url.database
            )
        except self._errors as error:
            said = (str(error).splitlines() or [type(error).__name__])[0]
            shown = said.replace(secret, "***") if secret else said
            raise StoreError(f"Cloud SQL instance {instance} cannot be reached: {shown}") from None

    def close(self, _engine: sa.Engine) -> None:
        """End the connector's own thread."""
        if self._made is not None:
            self._made.close()
            self._made = None


def _google() -> tuple[Callable[..., Any], tuple[type[Exception], ...]]:
    """Google's connector and the errors that it raises, which have no kind in common."""
    try:
        # Imported here: an optional extra.
        from aiohttp import ClientError
        from google.auth.exceptions import GoogleAuthError
        from google.cloud.sql.connector import Connector, exceptions
    except ImportError as error:
        raise MissingExtra("a store in Cloud SQL needs Google's connector: pip install 'racelab[cloudsql]'") from error
    own = [kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    return Connector, (ClientError, GoogleAuthError, OSError, ValueError, RuntimeError, *own)
