"""The parsers of the protocols that are followed live, by the name that stands in a recording's first line."""

from collections.abc import Callable
from typing import Any

from racelab.domain.frames import Parser
from racelab.errors import BadInput
from racelab.live.identity import LiveSession
from racelab.live.link import LinkedParser
from racelab.sources import alkamelddp, f1live, griiip, imsascoring, timing71

# A parser is made from the manifest of its feed and the session as the calendar knows it.
Make = Callable[[dict[str, Any], LiveSession], Parser]


def _f1(_: dict[str, Any], session: LiveSession) -> Parser:
    return f1live.Parser(samples=f1live.Samples(), is_race=session.key.is_race, is_live=True, session=session.session)


def _timing71(manifest: dict[str, Any], session: LiveSession) -> Parser:
    return timing71.Parser(manifest, session.session.start_utc)


def _imsa_scoring(_: dict[str, Any], session: LiveSession) -> Parser:
    return imsascoring.Parser(session.session)


def _alkamel_ddp(_: dict[str, Any], session: LiveSession) -> Parser:
    return alkamelddp.Parser(session.session)


def _griiip(_: dict[str, Any], session: LiveSession) -> Parser:
    return griiip.Parser(session.session.start_utc, is_race=session.key.is_race)


PROTOCOLS: dict[str, Make] = {
    f1live.SOURCE: _f1,
    griiip.SOURCE: _griiip,
    timing71.SOURCE: _timing71,
    imsascoring.SOURCE: _imsa_scoring,
    alkamelddp.SOURCE: _alkamel_ddp,
}


def make_parser(protocol: str, manifest: dict[str, Any], session: LiveSession) -> LinkedParser:
    """The parser of a protocol's frames, link frames included.

    Raises:
        BadInput: nobody here reads the protocol.
    """
    if protocol not in PROTOCOLS:
        raise BadInput(f"no parser for the protocol {protocol!r}: a newer racelab may have one")
    return LinkedParser(PROTOCOLS[protocol](manifest, session))
