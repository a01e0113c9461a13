"""A process beside the monitor that does its heavy work, so that a feed never waits for it.

Jobs come as JSON lines on standard input and are answered on standard output; where the monitor dies, its input ends
and so does the worker.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, TextIO

from racelab.errors import RacelabError, RunFailed
from racelab.runs.monitor.jobs import do
from racelab.runs.voila import child_environment

_END_S = 3.0
_LINE_BYTES = 1_000_000


class Worker(Protocol):
    """Whoever does jobs, one at a time."""

    async def run(self, job: str, **arguments: Any) -> str:
        """Do a job of `jobs`; RacelabError where it fails."""

    async def close(self) -> None:
        """End, also in the middle of a job."""


class ProcessWorker:
    """Jobs in a process of their own, started with the first one and again after it died."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._alone = asyncio.Lock()

    async def run(self, job: str, **arguments: Any) -> str:
        """Do a job.

        Raises:
            RunFailed: it failed, or its process died.
        """
        async with self._alone:
            process = await self._started()
            assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018
            process.stdin.write(json.dumps({"job": job, "arguments": arguments}).encode() + b"\n")
            with suppress(ConnectionError):
                await process.stdin.drain()
            line = await process.stdout.readline()
            if not line:
                status = await process.wait()
                self._process = None
                raise RunFailed(f"the process for {job} ended with status {status}; it is started again when needed")
            said = json.loads(line)
        if said["error"] is not None:
            raise RunFailed(said["error"])
        return str(said["done"])

    async def close(self) -> None:
        """End the process, also in the middle of a job."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _END_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            # Its own session: Ctrl-C is for the monitor, which ends it.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "racelab.runs.monitor.worker", stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, start_new_session=True,
                env=child_environment(os.environ), limit=_LINE_BYTES,
            )  # fmt: skip
        return self._process


def serve(source: TextIO, answer: Callable[[str], object]) -> None:
    """Do the jobs of the lines until there are no more."""
    for line in source:
        asked = json.loads(line)
        said: dict[str, str | None] = {"done": None, "error": None}
        try:
            said["done"] = do(asked["job"], asked["arguments"])
        except RacelabError as error:
            said["error"] = str(error)
        answer(json.dumps(said) + "\n")


def _answer(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    serve(sys.stdin, _answer)
