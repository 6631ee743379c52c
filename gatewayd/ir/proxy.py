"""What all Envoys of one fleet must do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gatewayd.ir.access_log import AccessLog
from gatewayd.ir.backend import Cluster
from gatewayd.ir.carriers import Policies
from gatewayd.ir.client_settings import STANDARD_CLIENTS, STANDARD_SOCKET, ClientSettings, SocketSettings
from gatewayd.ir.edge import DEFAULT_ESCAPED_SLASHES, EscapedSlashes
from gatewayd.ir.environment import ANY_IPV6
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.http import RouteDiscovery, RouteTable, RouteTableKey
from gatewayd.ir.key_sets import SourceKeys
from gatewayd.ir.l4 import L4Action
from gatewayd.ir.policy import AddressRange
from gatewayd.ir.tls import DownstreamTLS, SharedSecret
from gatewayd.ir.tracing import Tracing

TCP: Final = "tcp"
TCP_OF_IPV6: Final = "tcp6"
"""Beside a listener of the same port that has IPv4 alone."""


def listener_name(transport: str, port: int) -> str:
    """Return the name of the Envoy listener that binds a port; the fleet's reports speak of it by this name."""
    return f"{transport}-{port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPTraffic:
    """Route requests by a table, which comes by `discovery`. `scheme` is "http" or "https".

    `http3_port`: where clients are told that there is HTTP/3, 0 for none.
    """

    table: RouteTableKey
    discovery: RouteDiscovery
    scheme: str
    escaped_slashes: EscapedSlashes = DEFAULT_ESCAPED_SLASHES
    http3_port: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectedTraffic:
    """Route requests by where they were sent to: by the table of `port` that has this as its destination.

    Without one they get a 404. `keeps_source`: routes may ask for backends to be reached with the client's address.
    """

    port: int
    keeps_source: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class L4Traffic:
    """Pass bytes on."""

    action: L4Action


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterChain:
    """The connections of a port that carry one of `server_names` (empty: any), and what is done with them.

    `tls` None leaves TLS alone. Names are exact or "*.suffix". Chains of a port are told apart by server name, and
    those of a name by `sources` (empty: any): of all ranges, the longest that has the client's address in it decides.
    `log` None writes nothing down, `tracing` None makes no traces. `clients`: how they may speak.
    """

    name: str
    server_names: tuple[str, ...]
    tls: DownstreamTLS | None
    traffic: HTTPTraffic | RedirectedTraffic | L4Traffic
    log: AccessLog | None = None
    tracing: Tracing | None = None
    sources: tuple[AddressRange, ...] = ()
    clients: ClientSettings = STANDARD_CLIENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamListener:
    """A TCP port. `inspect_tls`: read the server name before choosing a chain.

    `redirected`: connections were sent elsewhere, and the kernel knows where. `bind`: the one family that it binds, by
    its address for all; "" where the other listeners of the proxy do. `transparent`: only a proxy that may use
    addresses that are not its own has it.
    """

    port: int
    inspect_tls: bool
    chains: tuple[FilterChain, ...]
    socket: SocketSettings = STANDARD_SOCKET
    redirected: bool = False
    bind: str = ""
    transparent: bool = False

    @property
    def name(self) -> str:
        """The listener's name in Envoy."""
        return listener_name(TCP_OF_IPV6 if self.bind == ANY_IPV6 else TCP, self.port)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatagramListener:
    """A UDP port."""

    port: int
    action: L4Action

    @property
    def name(self) -> str:
        """The listener's name in Envoy."""
        return listener_name("udp", self.port)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuicListener:
    """A UDP port that speaks HTTP/3, for those chains of the TCP port of the same number that have it."""

    port: int
    chains: tuple[FilterChain, ...]

    @property
    def name(self) -> str:
        """The listener's name in Envoy."""
        return listener_name("quic", self.port)


Listener = StreamListener | DatagramListener | QuicListener


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """An object that declares listeners, as it was read: a generation of a Gateway or of a ListenerSet."""

    uid: str
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyConfig:
    """Everything for the Envoys of one fleet.

    `declared_by` tells what `listeners` are made of, and `policies` what all is made of, in words that replicas of any
    edition understand. `address` is where listeners bind. Every RouteTableKey, Upstream and secret that is referred to
    is here. Sequences are sorted by their keys, immutable, and equal to the tuples of their values.
    """

    fleet: FleetKey
    declared_by: Sequence[Declared]
    address: str
    listeners: tuple[Listener, ...]
    route_tables: Sequence[RouteTable]
    clusters: Sequence[Cluster]
    shared_secrets: Sequence[SharedSecret] = ()
    key_sets: tuple[SourceKeys, ...] = ()
    policies: Policies = ()
