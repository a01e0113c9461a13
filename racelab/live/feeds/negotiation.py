"""The first step of a SignalR Core connection: over HTTP the server tells where, and with which token, to connect.

Whatever goes wrong is FeedLost, or FeedRefused where the server does not let us in; no token or header stands in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx

from racelab import wall
from racelab.live.feeds.answers import no_answer, refusal
from racelab.live.feeds.connection import FeedLost

_LONGEST_ANSWER = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Negotiated:
    """Where to open the websocket, and the headers to open it with, which hold secrets."""

    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)


async def negotiate(
    url: str, headers: Mapping[str, str], token: str | None, *, is_sticky: bool, timeout_s: float
) -> Negotiated:
    """Negotiate a connection with a hub.

    Args:
        url: the hub's, http or https.
        headers: sent with every request.
        token: the account's, sent as bearer; None for none.
        is_sticky: first fetch the load balancer's cookies, by which all requests reach the same server.
        timeout_s: how long each answer may take, in seconds of the machine.

    Raises:
        FeedRefused: 401 or 403.
        FeedLost: no answer, or none that can be used.
    """
    sent = dict(headers) | ({"Authorization": f"Bearer {token}"} if token else {})
    parts = urlsplit(url)
    address = urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/negotiate"))
    try:
        async with httpx.AsyncClient(headers=sent, timeout=timeout_s) as client:
            if is_sticky:
                _checked(await client.options(address))
            told = _told(_checked(await client.post(address, params={"negotiateVersion": "1"})))
            cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise no_answer("negotiating", url, error) from None
    return _target(url, told, sent | ({"Cookie": cookies} if cookies else {}))


def _checked(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise refusal(answer.status_code, "negotiating", answer.headers, wall.now())
    return answer


def _told(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.json() if len(answer.content) <= _LONGEST_ANSWER else None
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise FeedLost("the answer to negotiating cannot be read")
    if "error" in told:
        raise FeedLost(f"negotiating failed: {str(told['error'])[:200]}")
    return told


def _target(url: str, told: dict[str, Any], sent: dict[str, str]) -> Negotiated:
    """The websocket's address: the hub's own, or the one to which a service sends us with a token of its own."""
    elsewhere, access = told.get("url"), told.get("accessToken")
    if isinstance(elsewhere, str) and isinstance(access, str):
        # The token is only for the service that is named, and ours is only for the hub.
        kept = {name: value for name, value in sent.items() if name not in ("Authorization", "Cookie")}
        return Negotiated(_websocket(elsewhere, {"access_token": access}), kept)
    connection = told.get("connectionToken") or told.get("connectionId")
    if not isinstance(connection, str):
        raise FeedLost("the answer to negotiating names no connection")
    return Negotiated(_websocket(url, {"id": connection}), sent)


def _websocket(url: str, query: dict[str, str]) -> str:
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    return urlunsplit(parts._replace(scheme=scheme, query="&".join(filter(None, (parts.query, urlencode(query))))))
