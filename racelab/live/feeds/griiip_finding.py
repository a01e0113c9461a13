"""Which of the sessions that Griiip carries is the one to follow."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from racelab.live.clock import Clock
from racelab.live.feeds.connection import FeedLost
from racelab.live.feeds.griiip_answers import Answers, NotThere, Unchanged
from racelab.live.identity import LiveSession
from racelab.sources.griiip import service

# A start is moved by hours, not by days; sessions before ours may still be on the list. One that nobody calls a race may
# be the warm-up of the same day.
_FAR, _NEAR, _BACK = timedelta(hours=12), timedelta(hours=2), timedelta(hours=30)
_MOST = 40


async def find_sid(answers: Answers, clock: Clock, session: LiveSession | None) -> int:
    """The service's number of the session: of the series' live ones that whose start is nearest to the calendar's.

    Raises:
        FeedLost: the series has no such session now.
    """
    for look in (_scheduled, _live, _listed):
        found = [info for info in await look(answers, clock) if _is_ours(info, session)]
        if found:
            return int(min(found, key=lambda info: _distance(info, clock, session))[service.SID])
    raise FeedLost(f"the service has no live session of series {service.SERIES_ID} that starts as the calendar says")


async def _scheduled(answers: Answers, _: Clock) -> list[dict[str, Any]]:
    """What the live schedule lists; it mixes all series, so that each session is asked what it is."""
    infos = []
    for listed in _dicts(await _asked(answers, service.SCHEDULE))[:_MOST]:
        if isinstance(listed.get(service.SID), int):
            infos += _dicts([await _asked(answers, f"{service.INFOS}{listed[service.SID]}")])
    return infos


async def _live(answers: Answers, _: Clock) -> list[dict[str, Any]]:
    return _dicts(await _asked(answers, f"{service.INFOS}?includeViewers=false"))


async def _listed(answers: Answers, clock: Clock) -> list[dict[str, Any]]:
    """What the series' own list has from yesterday on; it names sessions otherwise than the others do."""
    since = quote((clock.now() - _BACK).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    path = f"{service.SESSIONS}?dateTime={since}&forward=true&seriesIds={service.SERIES_ID}"
    named = {service.SERIES_KEY: service.SERIES_ID, service.DOMAIN_KEY: service.DOMAIN}
    return [
        {**named, service.SID: one.get(service.ID), service.START: one.get(service.START), service.IS_RACE: _is_race(one)}
        for one in _dicts(await _asked(answers, path)) if one.get(service.HIDDEN) is not True
    ]  # fmt: skip


async def _asked(answers: Answers, path: str) -> Any:
    try:
        return await answers.get(path)
    except (NotThere, Unchanged):
        return None


def _dicts(content: Any) -> list[dict[str, Any]]:
    return [one for one in content if isinstance(one, dict)] if isinstance(content, list) else []


def _is_race(listed: dict[str, Any]) -> bool | None:
    """Whether the series' own list calls a session a race; None where it does not tell."""
    told = listed.get(service.KIND)
    words = told.casefold() if isinstance(told, str) else ""
    return False if any(word in words for word in service.NO_RACE) else True if "race" in words else None


def _is_ours(info: dict[str, Any], session: LiveSession | None) -> bool:
    """Whether it is of the series and of the right kind, and starts about when the calendar says."""
    sid, is_race = info.get(service.SID), info.get(service.IS_RACE)
    if isinstance(sid, bool) or not isinstance(sid, int) or info.get(service.SERIES_KEY) != service.SERIES_ID:
        return False
    if info.get(service.DOMAIN_KEY, service.DOMAIN) != service.DOMAIN:
        return False
    if session is None:
        return True
    if isinstance(is_race, bool) and is_race is not session.key.is_race:
        return False
    begun, start = _start(info), session.session.start_utc
    return begun is None or start is None or abs(begun - start) <= (_FAR if isinstance(is_race, bool) else _NEAR)


def _distance(info: dict[str, Any], clock: Clock, session: LiveSession | None) -> timedelta:
    begun = _start(info)
    start = session.session.start_utc if session is not None else None
    return timedelta.max if begun is None else abs(begun - (start or clock.now()))


def _start(info: dict[str, Any]) -> datetime | None:
    told = info.get(service.START)
    try:
        read = datetime.fromisoformat(told) if isinstance(told, str) and len(told) <= 40 else None
    except ValueError:
        return None
    return read if read is not None and read.tzinfo is not None else None
