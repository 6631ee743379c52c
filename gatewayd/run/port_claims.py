"""Which Gateway may listen on which port of this machine, without a cluster.

In: snapshots with the ports that they ask for. Out: the same snapshots without the listeners whose port cannot be had,
and what stands in the way. A port belongs to the Gateway that had it first; who else holds it is asked before Envoy is
told to listen, because Envoy shares a port with another Envoy without a word (SO_REUSEPORT).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.proxy import ProxyConfig, StreamListener
from gatewayd.supervisor.ports import Free, NotAllowed, PortTaken, PortWish
from gatewayd.xds.resource import LISTENER, Snapshot, content_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Another Gateway of these files has the port."""

    wish: PortWish
    fleet: FleetKey

    def __str__(self) -> str:
        return (
            f"port {self.wish.port} of {self.wish.owner}: Gateway {self.fleet} listens there; "
            "one Gateway for each port is allowed, a ListenerSet may add listeners to it"
        )


Refusal = NotAllowed | PortTaken | Elsewhere
Ask = Callable[[PortWish], Free | NotAllowed | PortTaken]
_Protocol = Literal["TCP", "UDP"]
_Port = tuple[_Protocol, int]


class Claims:
    """Who has which port. `refusals` is what stands in the way now, by Gateway and listener name."""

    def __init__(self, ask: Ask) -> None:
        """`ask` says whether a port that none of our Envoys has can be listened on."""
        self._ask = ask
        self._owners: dict[_Port, FleetKey] = {}
        self._wanted: dict[FleetKey, tuple[Snapshot, ProxyConfig]] = {}
        self.refusals: dict[FleetKey, Mapping[str, Refusal]] = {}

    def grant(self, snapshot: Snapshot, config: ProxyConfig) -> Snapshot:
        """Take the claims of a Gateway in place of its earlier ones; return what of the snapshot may be served."""
        fleet = snapshot.fleet
        self._wanted[fleet] = (snapshot, config)
        wishes = dict(_wishes(config))
        keep = {(wish.protocol, wish.port) for wish in wishes.values()}
        self._drop(fleet, keep)
        refused: dict[str, Refusal] = {}
        for name, wish in wishes.items():
            verdict = self._judge(fleet, wish)
            if isinstance(verdict, Free):
                self._owners[(wish.protocol, wish.port)] = fleet
            else:
                refused[name] = verdict
        self.refusals.pop(fleet, None)
        if refused:
            self.refusals[fleet] = MappingProxyType(refused)
        return without(snapshot, refused)

    def release(self, fleet: FleetKey) -> None:
        """Give back all that a Gateway had."""
        self._drop(fleet, set())
        self._wanted.pop(fleet, None)
        self.refusals.pop(fleet, None)

    def retry(self) -> Iterator[Snapshot]:
        """Judge again what was refused; yield the snapshots of the Gateways that may serve other listeners now."""
        for fleet in tuple(self.refusals):
            before = self.refusals[fleet]
            snapshot = self.grant(*self._wanted[fleet])
            if self.refusals.get(fleet, {}).keys() != before.keys():
                yield snapshot

    def _drop(self, fleet: FleetKey, keep: set[_Port]) -> None:
        gone = [port for port, owner in self._owners.items() if owner == fleet and port not in keep]
        for port in gone:
            del self._owners[port]

    def _judge(self, fleet: FleetKey, wish: PortWish) -> Free | Refusal:
        owner = self._owners.get((wish.protocol, wish.port))
        if owner == fleet:
            return Free()
        return self._ask(wish) if owner is None else Elsewhere(wish=wish, fleet=owner)


def without(snapshot: Snapshot, listeners: Iterable[str]) -> Snapshot:
    """Return a snapshot less some listeners: itself when there are none to leave out."""
    left_out = sorted(set(listeners) & snapshot.of(LISTENER).keys())
    if not left_out:
        return snapshot
    rest = {name: item for name, item in snapshot.of(LISTENER).items() if name not in left_out}
    version = content_version("\n".join((snapshot.version, *left_out)).encode())
    resources = {**snapshot.resources, LISTENER: MappingProxyType(rest)}
    return replace(snapshot, version=version, resources=MappingProxyType(resources))


def _wishes(config: ProxyConfig) -> Iterator[tuple[str, PortWish]]:
    for listener in config.listeners:
        protocol: _Protocol = "TCP" if isinstance(listener, StreamListener) else "UDP"
        owner = f"Gateway {config.fleet}"
        yield listener.name, PortWish(port=listener.port, protocol=protocol, owner=owner)
