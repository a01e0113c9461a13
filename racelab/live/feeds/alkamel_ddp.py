"""Al Kamel's live timing: Meteor's DDP over SockJS, one WebSocket.

The feed of the series names its sessions, each session says what it is; what is published of the one that is still open
and fits the session that is followed is subscribed to.
"""

import logging
import random
import string
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import websockets.asyncio.client as ws
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Origin

from racelab.domain.frames import Frame
from racelab.domain.sessions import Session
from racelab.live.clock import Clock
from racelab.live.feeds.answers import SILENT, no_answer, refusal
from racelab.live.feeds.connection import FeedLost, Patience, reconnecting
from racelab.live.feeds.health import FeedHealth
from racelab.live.feeds.sockjs import address, messages, wrapped
from racelab.sources.alkamelddp import SOURCE
from racelab.sources.alkamelddp.session import is_elsewhen, is_wanted
from racelab.sources.alkamelddp.values import plain

log = logging.getLogger("racelab")
URL, FEED = "wss://livetiming.alkamelsystems.com", "imsa"
# Meteor says something every half minute, whatever happens on the track.
PATIENCE = Patience(silence_s=75.0)
PUBLICATIONS = (
    "entry", "sessionStatus", "sessionClasses", "trackInfo", "standings", "pitInfo", "raceControl", "weather", "bestResults",
)  # fmt: skip
_NEEDED = ("livetimingFeed", "sessionInfo", "entry", "sessionStatus", "standings")
_CONNECT = {"msg": "connect", "version": "1", "support": ["1", "pre2", "pre1"]}
_BYTES, _OPEN_S, _ID = 16 * 1024 * 1024, 20.0, string.ascii_letters + string.digits
_SESSIONS = 200


@dataclass(slots=True)
class _Talk:
    """What was asked of the server on one connection, and what it said of its sessions."""

    asked: dict[str, str] = field(default_factory=dict)
    oids: dict[str, Any] = field(default_factory=dict)
    infos: dict[str, dict[str, Any]] = field(default_factory=dict)
    taken: str | None = None
    elsewhen: set[str] = field(default_factory=set)


class AlkamelDdpFeed:
    """What Al Kamel pushes of one session."""

    protocol = SOURCE

    def __init__(
        self, clock: Clock, session: Session, url: str = URL, feed: str = FEED, patience: Patience = PATIENCE,
        rng: random.Random | None = None, headers: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Nothing is connected yet.

        Args:
            clock: counts the waits and stamps the frames.
            session: the session to follow, as the calendar knows it.
            url: the server.
            feed: the name under which the server keeps the series.
            patience: how trouble is borne.
            rng: spreads the waits between tries, and names the connections.
            headers: sent when connecting.
        """
        self._clock, self._session, self._url, self._feed = clock, session, url.rstrip("/"), feed
        self._patience, self._rng, self._headers = patience, rng or random.Random(), dict(headers or {})
        self.health = FeedHealth("Al Kamel live timing")
        self.manifest: dict[str, Any] = {"feed": feed}

    def frames(self) -> AsyncIterator[Frame]:
        """Messages as they were received, without end."""
        return reconnecting(self._connect, self.health, self._patience, self._clock, self._rng)

    async def _connect(self) -> AsyncGenerator[Frame, None]:
        origin = Origin(self._url.replace("wss://", "https://", 1).replace("ws://", "http://", 1))
        wait_s = max(self._clock.wall_seconds(_OPEN_S), 1.0)
        try:
            async with ws.connect(
                address(self._url, self._rng), origin=origin, max_size=_BYTES, open_timeout=wait_s,
                ping_interval=None, close_timeout=1.0, additional_headers=self._headers, logger=SILENT,
            ) as wire:  # fmt: skip
                talk = _Talk()
                async for frame in wire:
                    if frame in ("o", b"o"):
                        await wire.send(wrapped(_CONNECT))
                    for message in messages(frame):
                        yield Frame(self._clock.now(), message)
                        for answer in self._answers(message, talk):
                            await wire.send(wrapped(answer))
        except InvalidStatus as error:
            told = error.response
            raise refusal(told.status_code, "connecting", told.headers, self._clock.now()) from error
        except ConnectionClosed as error:
            raise FeedLost("the connection broke") from error
        except (InvalidHandshake, InvalidURI, OSError, TimeoutError) as error:
            raise no_answer("the connection", self._url, error) from error

    def _answers(self, message: Any, talk: _Talk) -> list[dict[str, Any]]:
        """What is to be sent after a message.

        Raises:
            FeedLost: the server speaks another version, or does not have what is needed.
        """
        if not isinstance(message, dict):
            return []
        kind = message.get("msg")
        if kind == "ping":
            return [{"msg": "pong", "id": message["id"]} if "id" in message else {"msg": "pong"}]
        if kind == "connected":
            return [self._sub("livetimingFeed", [self._feed], talk)]
        if kind == "failed":
            raise FeedLost(f"the server speaks another version of DDP: {str(message.get('version'))[:20]}")
        if kind == "nosub":
            self._judge(message, talk)
        return self._follow(message, talk) if kind in ("added", "changed") else []

    def _judge(self, message: dict[str, Any], talk: _Talk) -> None:
        name = talk.asked.pop(str(message.get("id")), None)
        if name is None:
            return
        if name in _NEEDED:
            raise FeedLost(f"the server does not give {name} ({str(message.get('error'))[:80]})")
        log.warning("%s: the server does not give %s; it goes on without", self.health.name, name)
        self.health.lacking = tuple(sorted({*self.health.lacking, name}))

    def _follow(self, message: dict[str, Any], talk: _Talk) -> list[dict[str, Any]]:
        """Subscriptions that follow from the feed's sessions, and from what a session says that it is."""
        fields, collection = message.get("fields"), message.get("collection")
        if not isinstance(fields, dict):
            return []
        if collection == "feeds":
            listed = fields.get("sessions")
            new = {str(plain(oid)): oid for oid in listed if plain(oid)} if isinstance(listed, list) else {}
            fresh = {key: oid for key, oid in list(new.items())[:_SESSIONS] if key not in talk.oids}
            talk.oids |= fresh
            return (
                [self._sub(name, [list(fresh.values())], talk) for name in ("sessions", "sessionInfo")] if fresh else []
            )
        if collection == "session_info":
            self._inform(str(message.get("id")), fields, talk)
            return self._choose(talk)
        if collection == "session_status" and is_elsewhen(fields.get("status"), self._session):
            # It is still open, and began on another day.
            talk.elsewhen.add(str(plain(fields.get("session"))))
            return self._choose(talk)
        return []

    def _inform(self, key: str, fields: dict[str, Any], talk: _Talk) -> None:
        """What a session says that it is."""
        held = talk.infos.get(key, {})
        if key in talk.infos or len(talk.infos) < _SESSIONS:
            nested = held.get("info"), fields.get("info")
            merged = {**nested[0], **nested[1]} if isinstance(nested[0], dict) and isinstance(nested[1], dict) else None
            talk.infos[key] = {**held, **fields} | ({"info": merged} if merged is not None else {})

    def _choose(self, talk: _Talk) -> list[dict[str, Any]]:
        """Subscriptions to the first open session that fits, once; to another where the one taken is of another day."""
        if talk.taken is not None and talk.taken not in talk.elsewhen:
            return []
        for told in talk.infos.values():
            info, own = told.get("info"), str(plain(told.get("session")))
            is_open = isinstance(info, dict) and not info.get("closed")
            if own in talk.oids and own not in talk.elsewhen and is_open and is_wanted(info, self._session):
                talk.taken = own
                log.info("%s: follows %s", self.health.name, str((info or {}).get("name"))[:80])
                return [self._sub(name, [talk.oids[own]], talk) for name in PUBLICATIONS]
        return []

    def _sub(self, name: str, params: list[Any], talk: _Talk) -> dict[str, Any]:
        key = "".join(self._rng.choices(_ID, k=17))
        talk.asked[key] = name
        return {"msg": "sub", "id": key, "name": name, "params": params}
