"""The log file of the data folder: rotating, shared by processes, without secrets."""

import logging
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from racelab.settings import Settings

# Lines for the log file alone; what a person should see at once is said on the logger "racelab".
record = logging.getLogger("racelab.record")
record.propagate = False
record.setLevel(logging.INFO)
record.addHandler(logging.NullHandler())

_FORMAT = "%(asctime)sZ %(levelname)s [%(process)d] %(message)s"
_LOCK_S = 5.0
_HIDDEN = "***"
_IN_URL = re.compile(r"(://[^\s:/@]*):\S+@")
_NAMED = re.compile(r"(?i)(?<![a-z])(pass(?:word|wd|phrase)?|pwd|token|secret)(\s*[=:]\s*)[^\s&;,]+")
# A shorter secret would be hidden in half of all words.
_SHORTEST = 4


def log_path(settings: Settings) -> Path:
    """The current log file; older ones have .1, .2 ... behind their name."""
    return settings.data / "logs" / "racelab.log"


@contextmanager
def log_to_file(settings: Settings) -> Iterator[None]:
    """What is logged within the context also goes to the log file; where that cannot be written, one warning says so."""
    log = logging.getLogger("racelab")
    try:
        handler = _SharedFile(settings)
    except OSError as error:
        log.warning("no log is written to %s (%s)", log_path(settings), error.strerror or error)
        yield
        return
    for logger in (log, record):
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in (log, record):
            logger.removeHandler(handler)
        handler.close()


def mask_secrets(text: str, secrets: tuple[str, ...] = ()) -> str:
    """The text without passwords: those in URLs, those behind their name, and the given ones wherever they stand."""
    for secret in secrets:
        text = text.replace(secret, _HIDDEN)
    return _NAMED.sub(rf"\1\2{_HIDDEN}", _IN_URL.sub(rf"\1:{_HIDDEN}@", text))


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Every secret that the settings hold, the longest first; the store's password as it is and as its URL writes it."""
    held = [getattr(settings, name) for name in type(settings).model_fields]
    found = {value.get_secret_value() for value in held if isinstance(value, SecretStr)}
    for url in (settings.db, settings.f1_mirror):
        found |= _passwords(url) if url else set()
    return tuple(sorted((secret for secret in found if len(secret) >= _SHORTEST), key=len, reverse=True))


def _passwords(url: str) -> set[str]:
    written = re.search(r"://[^\s:/@]*:(\S+)@", url)
    try:
        plain = make_url(url).password
    except (ArgumentError, ValueError):
        plain = None
    return {text for text in (written and written[1], plain) if text}


class _Masked(logging.Formatter):
    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__(_FORMAT, "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        return mask_secrets(" ".join(super().format(record).splitlines()), self._secrets)


class _SharedFile(RotatingFileHandler):
    """One file for several processes: each line is written, and each file begun, by one process at a time."""

    def __init__(self, settings: Settings) -> None:
        path = log_path(settings)
        path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(path, "a", settings.log_bytes, settings.log_files - 1, "utf-8")
        self._lock_file = FileLock(path.with_suffix(".lock"), timeout=_LOCK_S)
        self._failed = False
        self.setFormatter(_Masked(secrets_of(settings)))

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line to the file that now has the name: another process may have begun a new one."""
        try:
            with self._lock_file:
                self._follow()
                super().emit(record)
        except (OSError, Timeout):
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's own name
        """Say once that the log cannot be written; the work goes on without it."""
        if not self._failed:
            self._failed = True
            text = f"the log {self.baseFilename} cannot be written: check its rights and the space on its disk"
            logging.getLogger().warning(text)

    def _follow(self) -> None:
        try:
            named = os.stat(self.baseFilename)
        except FileNotFoundError:
            named = None
        held = os.fstat(self.stream.fileno()) if self.stream else None
        if held is None or named is None or (named.st_ino, named.st_dev) != (held.st_ino, held.st_dev):
            stream, self.stream = self.stream, None
            if stream:
                stream.close()
            self.stream = self._open()
