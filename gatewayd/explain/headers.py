"""Which headers of a request routes and backends see, and what is said of those that they do not.

In: headers as a client sends them. Out: headers as the connection manager (see xds/hcm.py) leaves them.
"""

from collections.abc import Iterator

import re2

from gatewayd.ir.edge import IGNORED_UPGRADES, UPGRADE, is_hidden
from gatewayd.ir.filters import Header

_OF_THE_CONNECTION = frozenset({"connection", "keep-alive", "proxy-connection", "upgrade"})
_HOW = "x-forwarded-proto"


def routed_headers(headers: tuple[Header, ...], scheme: str) -> Iterator[Header]:
    """Yield the headers that routes are asked about, names in lower case.

    Of those that Envoy sets by itself only x-forwarded-proto is there: the values of x-request-id and x-forwarded-for
    are not known beforehand.
    """
    named = tuple(Header(name=each.name.lower(), value=each.value.strip(" \t")) for each in headers)
    ended = _OF_THE_CONNECTION | _tokens(named, "connection")
    yield from (each for each in named if each.name not in ended and not is_hidden(each.name))
    if becomes_websocket(headers):
        yield from (Header(name="connection", value="upgrade"), Header(name="upgrade", value=UPGRADE))
    # Envoy says how the client came, whatever the client says.
    yield Header(name=_HOW, value=scheme)


def becomes_websocket(headers: tuple[Header, ...]) -> bool:
    """Tell whether the client asks to turn the connection to the one protocol that it may be turned to."""
    return any(re2.fullmatch(IGNORED_UPGRADES, each) is None for each in _wishes(headers))


def ignored_upgrades(headers: tuple[Header, ...]) -> tuple[str, ...]:
    """Return the protocols that the client wishes for in vain."""
    return tuple(each for each in _wishes(headers) if re2.fullmatch(IGNORED_UPGRADES, each) is not None)


def _wishes(headers: tuple[Header, ...]) -> tuple[str, ...]:
    named = tuple(Header(name=each.name.lower(), value=each.value) for each in headers)
    if "upgrade" not in _tokens(named, "connection"):
        return ()
    values = (each.value for each in named if each.name == "upgrade")
    return tuple(token.strip(" \t") for value in values for token in value.split(","))


def _tokens(named: tuple[Header, ...], name: str) -> frozenset[str]:
    values = (each.value for each in named if each.name == name)
    return frozenset(token.strip(" \t").lower() for value in values for token in value.split(","))
