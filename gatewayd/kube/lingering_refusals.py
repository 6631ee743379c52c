"""What proxies refuse stands for a while after the streams on which they did so have ended.

A proxy that loses its replica connects to another one and refuses there what it refused before, a few seconds later.

In: what replicas tell of a fleet, before and after. Out: what none of them tells any more, each for some seconds. The
wait is not made longer by others that leave, so that what is refused no more is told of no longer than that.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import NamedTuple

from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.outcome import StandingRefusal
from gatewayd.kube.fleet_budget import Share
from gatewayd.kube.lingering_acks import LINGER_SECONDS


class _Resource(NamedTuple):
    type_url: str
    name: str


class LingeringRefusals:
    """What was told last; `on_over` hears of a fleet of which something counts no more. Use it from the event loop."""

    def __init__(self, on_over: Callable[[FleetKey], None]) -> None:
        self._on_over = on_over
        self._kept: dict[FleetKey, dict[_Resource, StandingRefusal]] = {}

    def told(self, fleet: FleetKey, before: Share, after: Share | None) -> None:
        """Take it that a replica tells something else of a fleet than before; None: nothing.

        Who has lost no stream has heard from its proxies that they refuse it no more.
        """
        if not before.standing or (after is not None and after.connected >= before.connected):
            return
        still = _by_resource(after) if after is not None else {}
        for resource, refusal in _by_resource(before).items():
            if resource not in still and resource not in self._kept.get(fleet, {}):
                self._kept.setdefault(fleet, {})[resource] = refusal
                asyncio.get_running_loop().call_later(LINGER_SECONDS, self._forget, fleet, resource)

    def of(self, fleet: FleetKey) -> Iterator[StandingRefusal]:
        """Yield what still counts of a fleet."""
        return iter(self._kept.get(fleet, {}).values())

    def _forget(self, fleet: FleetKey, resource: _Resource) -> None:
        kept = self._kept[fleet]
        del kept[resource]
        if not kept:
            del self._kept[fleet]
        self._on_over(fleet)


def _by_resource(share: Share) -> dict[_Resource, StandingRefusal]:
    return {
        _Resource(type_url, name): StandingRefusal(
            type_url=type_url, name=name, message=message, proxies=count, of=count
        )
        for message, resources in share.standing.items()
        for type_url, name, count in resources
    }
