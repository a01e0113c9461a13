"""The sign-in of a feed whose service tells more to those who have an account: which token to connect with, if any.

A token never stands in a log, a recording, an error or a store.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from racelab.live.clock import Clock
from racelab.live.feeds.health import (
    SIGN_IN_BLOCKED,
    SIGN_IN_EXPIRED,
    SIGN_IN_EXPIRING,
    SIGN_IN_NONE,
    SIGN_IN_VALID,
    FeedHealth,
)

log = logging.getLogger("racelab")
# A token that ends before the session may is renewed when the feed connects.
_EARLY = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Access:
    """A token, and until when it is good."""

    token: str = field(repr=False)
    until: datetime


class SignInFailed(Exception):
    """The service that gives out tokens gives none; the message names no secret."""


# Gives the account's access, newly signed in if asked to; None where there is no account. It may take its time.
Account = Callable[[bool], Access | None]


class SignIn:
    """Keeps ``health.sign_in`` and ``health.lacking`` up to date.

    ``topics`` are those that the service sends only to those who are signed in.
    """

    def __init__(self, account: Account | None, topics: tuple[str, ...], health: FeedHealth, clock: Clock) -> None:
        self._account, self._topics, self._health, self._clock = account, topics, health, clock
        self._until: datetime | None = None
        self._refused: str | None = None
        self._is_barred = False
        health.lacking = topics

    async def token(self) -> str | None:
        """The token to connect with now, renewed if it ends soon; None for none."""
        self._until, self._health.lacking = None, self._topics
        if self._account is None or self._is_barred:
            return None
        access = await self._asked(self._account)
        if access is None:
            return None
        if access.until - self._clock.now() < _EARLY or access.token == self._refused:
            access = await self._asked(self._account, renew=True) or access
        if access.until <= self._clock.now() or access.token == self._refused:
            self._become(SIGN_IN_EXPIRED)
            return None
        self._until, self._health.lacking = access.until, ()
        self.look()
        return access.token

    def refused(self, token: str, status: int) -> None:
        """The service did not take the token: 401 for one that is not good any more, 403 for an account or host."""
        self._refused, self._until, self._is_barred = token, None, status == 403
        self._become(SIGN_IN_BLOCKED if self._is_barred else SIGN_IN_EXPIRED)
        self._health.lacking = self._topics
        missing = ", ".join(self._topics)
        log.warning(
            "%s: the token was refused with status %d: without it %s are missing", self._health.name, status, missing
        )

    def came(self, topic: str) -> None:
        """A topic was sent: it is not lacking, whatever the sign-in."""
        if topic in self._health.lacking:
            self._health.lacking = tuple(name for name in self._health.lacking if name != topic)

    def look(self) -> None:
        """See whether the token that the connection was made with still is good."""
        if self._until is None:
            return
        left = self._until - self._clock.now()
        if left <= timedelta(0):
            self._become(SIGN_IN_EXPIRED)
        else:
            self._become(SIGN_IN_EXPIRING if left < _EARLY else SIGN_IN_VALID)

    async def _asked(self, account: Account, *, renew: bool = False) -> Access | None:
        """What the account gives; nothing, and the sign-in is blocked or none, where that fails."""
        try:
            access = await asyncio.to_thread(account, renew)
        except SignInFailed as error:
            log.warning("%s: %s", self._health.name, error)
            self._become(SIGN_IN_BLOCKED)
            return None
        if access is None and not renew:
            self._become(SIGN_IN_NONE)
        return access

    def _become(self, state: str) -> None:
        if state != self._health.sign_in:
            log.info("%s: the sign-in is now: %s", self._health.name, state)
            self._health.sign_in = state
