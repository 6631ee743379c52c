"""What the translator must know of the place it runs in; a row of the store like any other."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gatewayd.ir.http import RouteDiscovery
from gatewayd.own_group import CONTROLLER


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """`controller`: the GatewayClass controllerName we answer to. `address`: where listeners bind.

    `loopback_backends`: endpoints on this machine itself may be named (only standalone: in a cluster they would reach
    the proxy's own admin port). `external_names`: Services of type ExternalName may be backends (CVE-2021-32783 is why
    not everywhere). `standalone`: there is no Service to take a Gateway's address from.
    `unprivileged_offset` is added to ports below 1024 to get the port that Envoy binds (0 when it may bind them).
    `namespace`: where gatewayd itself runs, and the parameters of GatewayClasses stand; "" where it runs in none.
    `route_discovery`: the only one to use; None for whichever suits a route table.
    `gateway_classes`: the only ones to serve of those that name our controller; none: all of them.
    `gateway_namespaces`: a label selector of the only namespaces to serve Gateways of; "": all of them.
    `region`: where its proxies are, as members say where they are; "" where nobody says it.
    `keeps_source`: proxies of nodes reach backends with the address of the pod that calls.
    """

    controller: str
    namespace: str
    address: str
    loopback_backends: bool
    external_names: bool
    standalone: bool
    unprivileged_offset: int
    route_discovery: RouteDiscovery | None
    gateway_classes: tuple[str, ...] = ()
    gateway_namespaces: str = ""
    region: str = ""
    keeps_source: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The time, as somebody outside said it last: an input like any other. Without it nothing is said of time."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Meshed:
    """A row that lets routes have Services as parents, whether an XMesh says so or not."""


ANY_IPV4: Final = "0.0.0.0"  # noqa: S104 - the address is the pod's own
"""All addresses of a pod, where a cluster's pods have IPv4."""
ANY_IPV6: Final = "::"
"""All addresses of a pod of either family: also in a cluster of IPv6 alone."""
NAMESPACE = "gatewayd-system"
"""Where gatewayd runs in a cluster unless it was installed elsewhere."""
HERE = ()
"""The key of the only Environment, of the only Now and of the only Meshed."""

DEFAULT_ENVIRONMENT = Environment(
    controller=CONTROLLER,
    namespace=NAMESPACE,
    address=ANY_IPV4,
    loopback_backends=False,
    external_names=False,
    standalone=False,
    unprivileged_offset=0,
    route_discovery=None,
)
