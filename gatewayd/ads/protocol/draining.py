"""What a draining listener still needs when the new one discovers its routes in another way.

In: the ledgers of one stream, the snapshot that its routes follow. Out: removals that wait until that listener is gone.
Envoy puts a changed listener beside the one before, and keeps the connections of that for the drain time. They go on to
route by the RouteConfigurations that they know, which Envoy keeps whatever is said of them, or by the scopes, which it
does not: without those each further request on such a connection gets a 404. So when the last scope goes and listeners
stay, the scopes and all that shall go with them stay for as long.
https://www.envoyproxy.io/docs/envoy/v1.40.0/operations/cli#cmdoption-drain-time-s
"""

from collections.abc import Mapping

from envoy.config.route.v3 import route_pb2

from gatewayd.ads.protocol.held import Held
from gatewayd.ads.protocol.ledger import Ledger
from gatewayd.ir.limits import DEFAULT_DRAIN_SECONDS
from gatewayd.xds.names import ANY
from gatewayd.xds.resource import CLUSTER, ENDPOINT, LISTENER, ROUTE, SCOPED_ROUTE, SECRET, Snapshot, TypeUrl

_ROUTED_BY = (SCOPED_ROUTE, ROUTE, CLUSTER, ENDPOINT, SECRET)


class Lingering:
    """The removals of one stream that are held back until the time `until`, which is None while there are none.

    `drain` is how long the client's listeners drain, in seconds.
    """

    __slots__ = ("_held", "_is_over", "_ledgers", "_stale", "drain", "until")

    def __init__(self, ledgers: Mapping[TypeUrl, Ledger]) -> None:
        self._ledgers = ledgers
        self._held: dict[TypeUrl, dict[str, Held]] = {}
        self._is_over = False
        self._stale: frozenset[str] = frozenset()
        self.drain = DEFAULT_DRAIN_SECONDS
        self.until: float | None = None

    def routing_moved(self, routing: Snapshot) -> None:
        """Let it begin anew when there are scopes again, and removals go that need not wait; the ledgers move after."""
        scopes = routing.of(SCOPED_ROUTE)
        if scopes:
            self._is_over = False
        if not self._held:
            return
        if not scopes:
            self._release_all_but(_served(routing))
            return
        self._stale |= {name for name in self._held.get(SCOPED_ROUTE, {}) if name not in scopes}
        # What is wanted again is sent again: nobody knows whether that listener, and what it had, is still there.
        for url, held in self._held.items():
            self._held[url] = {name: item for name, item in held.items() if name not in routing.of(url)}
        self._release()

    def stale_scopes(self) -> list[str]:
        """Return the scopes of before that are no more: a listener that comes finds them, so they go before it."""
        return [name for name in self._ledgers[SCOPED_ROUTE].removals() if name in self._stale] if self._stale else []

    def is_due(self, routing: Snapshot) -> bool:
        """Return whether the last scopes shall go, and not with the last listener."""
        scopes = self._ledgers[SCOPED_ROUTE]
        if self._is_over:
            return False
        return bool(scopes.behind and scopes.removals() and routing.of(LISTENER) and not routing.of(SCOPED_ROUTE))

    def start(self, now: float, routing: Snapshot) -> None:
        """Hold back all removals that have not been sent yet, except those of hosts that are gone."""
        served = _served(routing)
        for url in _ROUTED_BY:
            ledger = self._ledgers[url]
            removals = [name for name in ledger.removals() if url != SCOPED_ROUTE or _host(name) in served]
            held = {name: ledger.behind[name] for name in removals}
            ledger.drop(held)
            self._held.setdefault(url, {}).update(held)
        self.until = now + self.drain

    def end_in_time(self, now: float) -> None:
        """Release the removals when their time has come."""
        if self.until is None or now < self.until:
            return
        self._release()
        self._is_over = True

    def _release_all_but(self, served: frozenset[str]) -> None:
        """Release the scopes of hosts that are gone by now."""
        held = self._held.get(SCOPED_ROUTE, {})
        gone = {name: held.pop(name) for name in tuple(held) if _host(name) not in served}
        self._ledgers[SCOPED_ROUTE].expect_gone(gone)

    def _release(self) -> None:
        for url, held in self._held.items():
            self._ledgers[url].expect_gone(held)
        self._held, self.until = {}, None


def _served(routing: Snapshot) -> frozenset[str]:
    """Return the hosts that there are without scopes, and what stands for those without a scope of their own."""
    tables = [route_pb2.RouteConfiguration.FromString(item.body) for item in routing.of(ROUTE).values()]
    return frozenset({ANY, *(domain for table in tables for host in table.virtual_hosts for domain in host.domains)})


def _host(scope: str) -> str:
    return scope.rpartition(":")[2]
