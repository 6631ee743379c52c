"""Namespaces whose callers have routes of their own, and the port that the proxies have for each.

A port follows from a hash of the namespace: others that come and go move it only where two of them meet.
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from itertools import count
from types import MappingProxyType

from gatewayd.incremental.view import Index, Source, View, query, ungrouped
from gatewayd.ir.limits import CONSUMER_PORTS
from gatewayd.ir.mesh import FIRST_CONSUMER_PORT, PRODUCER_PORT
from gatewayd.translator.mesh.claims import ServiceParent, claims
from gatewayd.translator.mesh.frontends import EVERYBODY
from gatewayd.translator.mesh.meshes import MESHED
from gatewayd.translator.rules.route_kinds import SERVICE_ROUTE_KINDS


def _views(parents: tuple[ServiceParent, ...]) -> frozenset[str]:
    return frozenset(each.view for parent in parents for each in parent.frontends if each.view != EVERYBODY)


CONSUMERS = Index(
    name="consumers",
    sources=tuple(Source(table=table, query=claims, keys=_views) for table in SERVICE_ROUTE_KINDS),
    group=ungrouped,
    readers=MESHED,
)


def _views_of_ipv6(parents: tuple[ServiceParent, ...]) -> frozenset[str]:
    return frozenset(each.view for parent in parents for each in parent.frontends if ":" in each.address)


IPV6_VIEWS = Index(
    name="ipv6_views",
    sources=tuple(Source(table=table, query=claims, keys=_views_of_ipv6) for table in SERVICE_ROUTE_KINDS),
    group=ungrouped,
    readers=MESHED,
)


def assigned(namespaces: Iterable[str]) -> dict[str, int]:
    """Return the port of each namespace; those that come last have none when all are taken."""
    taken: set[int] = set()
    ports: dict[str, int] = {}
    for namespace in sorted(namespaces)[:CONSUMER_PORTS]:
        first = int.from_bytes(blake2b(namespace.encode(), digest_size=8).digest()) % CONSUMER_PORTS
        slot = next(each % CONSUMER_PORTS for each in count(first) if each % CONSUMER_PORTS not in taken)
        taken.add(slot)
        ports[namespace] = FIRST_CONSUMER_PORT + slot
    return ports


@query
def view_ports(view: View, _: tuple[()]) -> Mapping[str, int]:
    """Return the port of the proxies for each view."""
    return MappingProxyType({EVERYBODY: PRODUCER_PORT, **assigned(view.group(CONSUMERS, None))})


@query
def ipv6_views(view: View, _: tuple[()]) -> frozenset[str]:
    """Return the views whose callers have routes for an address of IPv6."""
    return frozenset(view.group(IPV6_VIEWS, None))


@query
def view_port(view: View, name: str) -> int | None:
    """Return the port of the proxies for a view; None where it has none."""
    return view_ports(view, ()).get(name)
