"""How many streams one Gateway's certificate may have open.

In: streams that come and go, by Gateway, and how many proxies a Gateway asks for. Out: whether there is room.
A client that holds a certificate could open streams without end, and send each of them 16 MiB that wait to be read.
"""

from collections import Counter
from collections.abc import Callable

from gatewayd.ads.protocol.subscription import ExhaustedError
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.limits import SPARE_STREAMS, STREAMS_A_REPLICA, UNCOUNTED_STREAMS

Replicas = Callable[[FleetKey], int | None]
"""How many proxies a Gateway asks for; None when nobody knows."""


def uncounted(_gateway: FleetKey) -> int | None:
    """Know of no Gateway how many proxies it asks for."""
    return None


def most(replicas: int | None) -> int:
    """Return how many streams may be open for so many proxies."""
    return UNCOUNTED_STREAMS if replicas is None else STREAMS_A_REPLICA * replicas + SPARE_STREAMS


class Streams:
    """The open streams by Gateway."""

    def __init__(self, replicas: Replicas) -> None:
        self._replicas = replicas
        self._open: Counter[FleetKey] = Counter()

    def __len__(self) -> int:
        """Return of how many Gateways streams are open."""
        return len(self._open)

    def enter(self, gateway: FleetKey) -> FleetKey | ExhaustedError:
        """Count a stream and return its Gateway, or why there is no room for it."""
        allowed = most(self._replicas(gateway))
        if self._open[gateway] >= allowed:
            words = f"client certificate: {allowed} streams of this Gateway are open; no more are allowed"
            return ExhaustedError(words)
        self._open[gateway] += 1
        return gateway

    def leave(self, gateway: FleetKey) -> None:
        """Count a stream no more."""
        self._open[gateway] -= 1
        if not self._open[gateway]:
            del self._open[gateway]
