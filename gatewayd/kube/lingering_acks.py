"""What proxies have ACKed counts for a while after the streams on which they did so have ended.

A proxy that loses its replica goes on with what it has, and connects to another one: when a replica ends, when its
Pod's ConfigMap has gone with it, when a stream breaks. Whether clients reach it, EndpointSlices tell meanwhile.

In: what replicas tell of a fleet, before and after. Out: shares of nobody who is connected, each for some seconds.
"""

import asyncio
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

import msgspec

from gatewayd.ir.fleet import FleetKey
from gatewayd.kube.edition import Edition
from gatewayd.kube.fleet_budget import Share

LINGER_SECONDS: Final = 15.0
"""Longer than Envoy waits before it connects again, a few seconds, and than what it is sent then takes."""


class Told(NamedTuple):
    """What a replica of an edition tells of a fleet."""

    edition: Edition
    share: Share


class _Source(NamedTuple):
    fleet: FleetKey
    replica: str


class _Last(NamedTuple):
    told: Told
    timer: asyncio.TimerHandle


class LingeringAcks:
    """What was told last; `on_over` hears of a fleet of which something counts no more. Use it from the event loop."""

    def __init__(self, on_over: Callable[[FleetKey], None]) -> None:
        self._on_over = on_over
        self._kept: dict[FleetKey, dict[str, _Last]] = {}

    def told(self, replica: str, fleet: FleetKey, before: Told, after: Share | None) -> None:
        """Take it that a replica tells something else of a fleet than before; None: nothing."""
        has = after.acked if after is not None else {}
        if before.share.acked.items() <= has.items():
            return
        if after is not None and after.connected >= before.share.connected:
            # Nobody has left: the proxies have dropped it, and would have to ACK it anew.
            self._drop(fleet, before.share.acked.keys() - has.keys())
            return
        source = _Source(fleet, replica)
        last = self._kept.setdefault(fleet, {}).get(replica)
        acked = before.share.acked
        if last is not None:
            last.timer.cancel()
            acked = {**last.told.share.acked, **acked}
        share = msgspec.structs.replace(
            before.share, connected=0, acked=acked, refused={}, standing={}, fresh=0, secrets={}
        )
        timer = asyncio.get_running_loop().call_later(LINGER_SECONDS, self._forget, source)
        self._kept[fleet][replica] = _Last(Told(before.edition, share), timer)

    def of(self, fleet: FleetKey) -> Iterator[Told]:
        """Yield what still counts of a fleet, in the order of the replicas' names."""
        kept = self._kept.get(fleet, {})
        return (kept[replica].told for replica in sorted(kept))

    def _drop(self, fleet: FleetKey, listeners: AbstractSet[str]) -> None:
        """Let these listeners count no more, whoever told of them."""
        kept = self._kept.get(fleet, {})
        for replica, (told, timer) in kept.items():
            acked = {name: version for name, version in told.share.acked.items() if name not in listeners}
            kept[replica] = _Last(Told(told.edition, msgspec.structs.replace(told.share, acked=acked)), timer)

    def _forget(self, source: _Source) -> None:
        kept = self._kept[source.fleet]
        del kept[source.replica]
        if not kept:
            del self._kept[source.fleet]
        self._on_over(source.fleet)
