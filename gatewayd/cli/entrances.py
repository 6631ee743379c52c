"""Where the listeners of Gateways are reached, as a status tells of them."""

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from gatewayd.introspection.rows import Board

_LISTENER: Final = re.compile(r"\S+ :(?P<port>[0-9]+)(?: \((?:served on :(?P<bound>[0-9]+))?.*\))?")


class Entrance(NamedTuple):
    """A listener of a Gateway: `port` is that of the Gateway, `bound` the one that its proxies listen on."""

    gateway: str
    address: str
    port: int
    bound: int


def entrances(board: "Board", gateway: str = "") -> list[Entrance]:
    """Return the listeners of a Gateway ("namespace/name" or "name"), "" for all."""
    return [
        Entrance(
            row.name,
            row.address.partition(",")[0] or "127.0.0.1",
            int(match["port"]),
            int(match["bound"] or match["port"]),
        )
        for row in board.gateways
        if gateway in ("", row.name, row.name.partition("/")[2])
        for match in map(_LISTENER.fullmatch, row.listeners)
        if match is not None
    ]


def leading_to(port: int | None, known: list[Entrance]) -> list[Entrance]:
    """Return the listeners that a port leads to: by the port that is listened on first, then by the Gateway's."""
    return [
        *(each for each in known if each.bound == port),
        *(each for each in known if port == each.port != each.bound),
    ]
