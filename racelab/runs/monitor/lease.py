"""Who may monitor a store: one process at a time, as long as it renews what it holds.

Taking is one transaction in which the store lets nobody else take, so that two that ask at once cannot both be given it.
"""

import os
import secrets
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import StoreError
from racelab.store.protocol import Store

MONITOR = "monitor"
# Stands for the lease where a store locks by session; no session has this name.
_LOCK = SessionKey(Series.LOCAL, 2999, 999_999, "T")
# A server that finds two writers at work refuses one of them, who then sees what the other wrote.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Held:
    """A lease as the store has it."""

    holder: str
    since: datetime
    expires: datetime


def own_name() -> str:
    """A name for this process as a holder: machine, process and a random part."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def take(store: Store, holder: str, now: datetime, length: timedelta, name: str = MONITOR) -> bool:
    """Take or renew a lease until ``now + length``; False where somebody else holds it.

    Args:
        store: where it is kept.
        holder: who asks.
        now: the instant.
        length: how long it lasts unless it is renewed.
        name: what is leased.

    Raises:
        StoreError: the store cannot be written.
    """
    for left in reversed(range(_TRIES)):
        try:
            return _try_to_take(store, holder, now, length, name)
        except StoreError:
            if not left:
                raise
    raise AssertionError


def _try_to_take(store: Store, holder: str, now: datetime, length: timedelta, name: str) -> bool:
    with store.holding(_LOCK) as held:
        before = read(held, name)
        if before is not None and before.holder != holder and before.expires > now:
            return False
        since = before.since if before is not None and before.holder == holder else now
        row = {"name": name, "holder": holder, "since_utc": since, "expires_utc": now + length}
        held.upsert("leases", [row])
    return True


def give_back(store: Store, holder: str, name: str = MONITOR) -> None:
    """Let another take the lease at once.

    Raises:
        StoreError: the store cannot be written.
    """
    store.delete("leases", name=name, holder=holder)


def read(store: Store, name: str = MONITOR) -> Held | None:
    """The lease as it stands, expired or not; None where nobody ever took it or it was given back.

    Raises:
        StoreError: the store cannot be read.
    """
    rows = store.read("leases", name=name)
    if rows.empty:
        return None
    row = rows.iloc[0]
    return Held(str(row["holder"]), row["since_utc"].to_pydatetime(), row["expires_utc"].to_pydatetime())
