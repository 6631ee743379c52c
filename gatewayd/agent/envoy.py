"""The Envoy of this node: whether it serves, and at which ports it can be connected to.

The probes' listener answers GET /ready with 200 from the moment on when all that Envoy was told first is in place.
https://www.envoyproxy.io/docs/envoy/v1.40.0/operations/admin#get--ready
"""

import asyncio
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Final

from gatewayd.ir.mesh import ListeningPort

PATIENCE: Final = 2.0
"""Seconds for an answer."""
_ASKED: Final = b"GET /ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
_TABLES: Final = {4: Path("/proc/self/net/tcp"), 6: Path("/proc/self/net/tcp6")}
_LISTENING: Final = "0A"


class Health(Enum):
    """What is known of an Envoy."""

    SERVES = "serves"
    AWAY = "away"
    """It is not there, or says itself that it does not serve."""
    SILENT = "silent"
    """It has not answered in time: it may be busy, and may hang."""


async def health(port: int) -> Health:
    """Ask the Envoy that has its probes at a port of this node."""
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(_ASKED)
                status = await reader.readline()
            finally:
                writer.close()
    except TimeoutError:
        return Health.SILENT
    except OSError:
        return Health.AWAY
    return Health.SERVES if status.split(b" ")[1:2] == [b"200"] else Health.AWAY


async def is_there(port: int) -> bool:
    """Return whether an Envoy has its probes at a port of this node, whatever it says there."""
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
    except TimeoutError:
        return True
    except OSError:
        return False
    writer.close()
    return True


def bound(ports: Iterable[ListeningPort], tables: Mapping[int, Path] = _TABLES) -> frozenset[ListeningPort]:
    """Return those of the ports that somebody of this network namespace listens on, by a socket of their family.

    https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
    """
    wanted = frozenset(ports)
    versions = {each.version for each in wanted}
    return wanted.intersection(
        ListeningPort(version, port) for version in versions for port in _listening(tables[version])
    )


def _listening(table: Path) -> Iterable[int]:
    try:
        lines = table.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return  # without IPv6 there is no such table
    for line in lines:
        _, local, _, state, *_ = line.split()
        if state == _LISTENING:
            yield int(local.rpartition(":")[2], 16)
