"""Where the proxies of the nodes listen, and what a node's packet filter leads there.

One port is for what everybody calls, one more for each namespace of consumers. Nothing but the redirect of a node leads
to these ports.
"""

import ipaddress
from dataclasses import dataclass
from typing import Final, NamedTuple

from gatewayd.ir.limits import CONSUMER_PORTS
from gatewayd.ir.proxy import TCP, TCP_OF_IPV6, listener_name

PRODUCER_PORT: Final = 15001
"""For whoever calls a Service."""
FIRST_CONSUMER_PORT: Final = 15100
"""The first of the ports for callers of one namespace, whose routes take the place of those of the Service's own."""
LAST_CONSUMER_PORT: Final = FIRST_CONSUMER_PORT + CONSUMER_PORTS - 1
NODE_PROBES_PORT: Final = 15002
"""GET /ready and GET /stats/prometheus of a node's proxy: a port of the node, so not that of a Gateway's pods."""
NODE_PORTS: Final = frozenset(
    {PRODUCER_PORT, NODE_PROBES_PORT, *range(FIRST_CONSUMER_PORT, FIRST_CONSUMER_PORT + CONSUMER_PORTS)}
)
"""All ports of a node that its proxy may bind. Another Envoy at one of them would get a part of what is sent there."""


class ListeningPort(NamedTuple):
    """A port of the proxy for connections of a family: 4 or 6."""

    version: int
    port: int


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class NodeRedirect:
    """What is sent to an address and a port is led to a port of the node's proxy.

    `callers`: the namespace whose pods it is for; "" for all others.
    """

    proxy_port: int
    callers: str
    address: str
    port: int

    @property
    def destination(self) -> tuple[str, int]:
        """The address and port of the Service."""
        return self.address, self.port

    @property
    def listening(self) -> ListeningPort:
        """Where the proxy listens for it: of each family it has a listener of its own."""
        return ListeningPort(6 if ":" in self.address else 4, self.proxy_port)

    @property
    def listener(self) -> str:
        """The name of that listener in Envoy."""
        return listener_name(_TRANSPORTS[self.listening.version], self.proxy_port)


_TRANSPORTS: Final = {4: TCP, 6: TCP_OF_IPV6}


def redirect_to(table: str) -> NodeRedirect | None:
    """Return the redirect that a route table is for, by the name of the table; None for any other name."""
    proxy_port, _, within = table.partition("/")
    *callers, destination = within.split("/")
    address, _, port = destination.rpartition(":")
    try:
        return NodeRedirect(
            proxy_port=int(proxy_port),
            callers="/".join(callers),
            address=str(ipaddress.ip_address(address.removeprefix("[").removesuffix("]"))),
            port=int(port),
        )
    except ValueError:
        return None
