"""Free ports on loopback that no outgoing connection of this machine will take meanwhile."""

import itertools
import os
import socket
from collections.abc import Iterator
from pathlib import Path

_LOWEST = 12_000
_taken: set[int] = set()


def _first_ephemeral() -> int:
    return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])


def _candidates() -> Iterator[int]:
    room = range(_LOWEST, min(_first_ephemeral(), 32_768))
    # Suites that run side by side begin at different places.
    start = os.getpid() * 97 % len(room)
    return itertools.cycle([*room[start:], *room[:start]])


_next = _candidates()


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                return False
    return True


def has_ipv6() -> bool:
    """Return whether this machine has a loopback of IPv6."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def free_port() -> int:
    """Return a port that is free for TCP and UDP, never the same one twice."""
    while True:
        port = next(_next)
        if port not in _taken and _is_free(port):
            _taken.add(port)
            return port
