"""FastF1, pointed at its sources or a mirror, with its own cache folder, bounded requests and no talk.

FastF1 keeps its addresses and its cache in module attributes; they are set while a session is read and put back
afterwards, so that an analyst's own use of FastF1 in the same process is not changed.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from racelab.errors import BadInput, SourceUnavailable
from racelab.settings import Settings
from racelab.sources.f1.cache import PendingCache

if TYPE_CHECKING:
    from racelab.sources.f1.limits import Answers

OFFICIAL = "https://livetiming.formula1.com"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_LOGGERS = ("fastf1", "requests_cache", "urllib3")


@dataclass(slots=True)
class Connection:
    """An open way to FastF1: the address without secrets, what came of its requests and its warnings so far."""

    location: str
    answers: "Answers"
    warnings: list[str] = field(default_factory=list)

    @property
    def troubles(self) -> list[str]:
        """What the sources did not answer, or not well."""
        return self.answers.troubles

    @property
    def absent(self) -> list[str]:
        """The addresses that the source says it does not have (404)."""
        return self.answers.absent


@contextmanager
def connected(settings: Settings) -> Iterator[Connection]:
    """FastF1 as the settings want it, for as long as the context lasts.

    Raises:
        BadInput: RACELAB_F1_MIRROR is no http address, or the cache folder cannot be made.
        SourceUnavailable: FastF1 failed as a whole; its own errors are never seen outside.
    """
    mirror = _base_url(settings.f1_mirror)
    from racelab.sources.f1.limits import Answers

    connection = Connection(_without_secrets(mirror or OFFICIAL), Answers())
    with ExitStack() as stack:
        stack.enter_context(_quiet(connection.warnings))
        stack.enter_context(_reported(connection))
        pending = _configure(stack, settings, mirror, connection)
        yield connection
        if not connection.troubles:
            pending.commit()


def _base_url(text: str | None) -> str | None:
    if not text:
        return None
    base = text.rstrip("/")
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"RACELAB_F1_MIRROR {_without_secrets(text)!r} is no address: write it as http://host:port")
    return base


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _configure(stack: ExitStack, settings: Settings, mirror: str | None, connection: Connection) -> PendingCache:
    import fastf1.logger
    import fastf1.req

    from racelab.sources.f1.limits import bound_sessions

    _swap(stack, fastf1.logger.LoggingManager, "debug", False)
    if mirror is not None:
        _point_at(stack, mirror)
        if urlsplit(mirror).hostname in _LOOPBACK:
            # FastF1's limits protect the public services; a mirror on this machine needs none.
            _swap(stack, fastf1.req._SessionWithRateLimiting, "_RATE_LIMITS", {})
    cache = fastf1.req.Cache
    for name in ("_CACHE_DIR", "_IGNORE_VERSION", "_FORCE_RENEW", "_requests_session_cached", "_requests_session"):
        _swap(stack, cache, name, getattr(cache, name))
    folder = settings.cache_folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        cache.configure(cache_dir=str(folder))
    except OSError as error:
        raise BadInput(f"FastF1's cache folder {folder} cannot be used ({error}): set RACELAB_F1_CACHE") from error
    cache._requests_session = fastf1.req._SessionWithRateLimiting()
    for session in (cache._requests_session, cache._requests_session_cached):
        stack.callback(session.close)
    sessions = (cache._requests_session, cache._requests_session_cached)
    bound_sessions(sessions, settings, mirror, connection.answers)
    pending = PendingCache(cache._API_CORE_VERSION)
    stack.callback(setattr, cache, "_write_cache", cache.__dict__["_write_cache"])
    cache._write_cache = pending.write
    return pending


def _point_at(stack: ExitStack, mirror: str) -> None:
    """FastF1 3.9's addresses: live timing and its mirror, the schedule, Ergast, MultiViewer."""
    import fastf1._api
    import fastf1.ergast.interface
    import fastf1.events
    import fastf1.mvapi.api

    parts = urlsplit(mirror)
    _swap(stack, fastf1._api, "base_url", mirror)
    _swap(stack, fastf1._api, "base_url_mirror", mirror)
    _swap(stack, fastf1.events, "_SCHEDULE_BASE_URL", mirror + "/f1schedule/")
    _swap(stack, fastf1.ergast.interface, "BASE_URL", mirror + "/ergast/f1")
    _swap(stack, fastf1.mvapi.api, "PROTO", parts.scheme)
    _swap(stack, fastf1.mvapi.api, "HOST", parts.netloc + parts.path)


def _swap(stack: ExitStack, target: Any, name: str, value: Any) -> None:
    stack.callback(setattr, target, name, getattr(target, name))
    setattr(target, name, value)


@contextmanager
def _quiet(collected: list[str]) -> Iterator[None]:
    """FastF1's log lines go nowhere but into the list (warnings and worse); Python's warnings are off."""
    import fastf1  # noqa: F401  # its import sets up the logging that is changed here

    handler = _Collector(collected)
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [(logger, logger.handlers[:], logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers, logger.propagate = [handler], False
    try:
        # FastF1 takes an exception for missing data: a warning that is made an error would lose some.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, handlers, propagate in before:
            logger.handlers, logger.propagate = handlers, propagate


class _Collector(logging.Handler):
    def __init__(self, collected: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._collected = collected

    def emit(self, record: logging.LogRecord) -> None:
        self._collected.append(" ".join(record.getMessage().split()))


@contextmanager
def _reported(connection: Connection) -> Iterator[None]:
    """FastF1's failures as one SourceUnavailable; it ends the process where a cached part cannot be renewed."""
    import requests
    from fastf1.exceptions import DataNotLoadedError, ErgastError, RateLimitExceededError

    try:
        yield
    except RateLimitExceededError as error:
        raise SourceUnavailable(
            f"FastF1 has asked its sources too often ({error}): wait an hour and run the same command again;"
            " what was read is kept"
        ) from error
    except SystemExit as error:
        why = explain(connection, "try again later")
        raise SourceUnavailable(f"FastF1 gave up at {connection.location}: {why}") from error
    except (requests.RequestException, ErgastError, DataNotLoadedError) as error:
        raise SourceUnavailable(
            f"FastF1 cannot read {connection.location} ({type(error).__name__}): try again"
        ) from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, OSError) as error:
        raise SourceUnavailable(
            f"FastF1 stumbles over what {connection.location} gave it ({type(error).__name__}: {error}):"
            " try again later, or with another FastF1"
        ) from error


def explain(connection: Connection, otherwise: str) -> str:
    """Why nothing came and what to do about it; `otherwise` where every answer came and had nothing."""
    if connection.troubles:
        return f"{connection.troubles[0]}; check the network, or set RACELAB_F1_MIRROR to a mirror that is up"
    return otherwise
