"""The feed of a race by its series. A feed's module is imported when it is needed: a series without its library costs
the others nothing."""

import random
from collections.abc import Callable

from racelab.domain.series import Series
from racelab.errors import NotFound
from racelab.live.clock import Clock
from racelab.live.feed import LiveFeed
from racelab.live.identity import LiveSession
from racelab.settings import Settings

MakeFeed = Callable[[LiveSession, Settings, Clock], LiveFeed]


def make_feed(live: LiveSession, settings: Settings, clock: Clock) -> LiveFeed:
    """The feed that follows a session.

    Raises:
        NotFound: no service tells this series live.
    """
    makers: dict[Series, MakeFeed] = {Series.F1: _f1, Series.WEC: _wec, Series.IMSA: _imsa}
    if live.key.series not in makers:
        raise NotFound(f"no live timing is known for {live.key.series.label}: its races cannot be followed")
    return makers[live.key.series](live, settings, clock)


def _f1(_: LiveSession, settings: Settings, clock: Clock) -> LiveFeed:
    from racelab.live.feeds.f1 import F1Feed
    from racelab.live.feeds.f1_account import f1tv_account

    return F1Feed(settings, clock, f1tv_account(settings), random.Random())


def _wec(live: LiveSession, settings: Settings, clock: Clock) -> LiveFeed:
    from racelab.live.feeds.griiip import GriiipFeed

    return GriiipFeed(settings, clock, live)


def _imsa(live: LiveSession, settings: Settings, clock: Clock) -> LiveFeed:
    headers = {name: value.get_secret_value() for name, value in settings.imsa_headers.items()}
    if settings.imsa_feed == "ddp":
        from racelab.live.feeds.alkamel_ddp import AlkamelDdpFeed

        return AlkamelDdpFeed(clock, live.session, settings.alkamel_ddp_url, settings.alkamel_ddp_feed, headers=headers)
    from racelab.live.feeds.imsa_jsonp import ImsaJsonpFeed

    return ImsaJsonpFeed(clock, settings.imsa_url, settings.imsa_poll_s, headers=headers)
