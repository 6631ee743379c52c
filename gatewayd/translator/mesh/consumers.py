"""Namespaces whose callers are told from others, and the port that the proxies have for each.

They have routes of their own, or an AccessPolicy names them. Those of the first kind come first, so that nobody takes a
port from them by naming others; of the second those that each namespace has named take turns.
A port follows from a hash of the namespace: others that come and go move it only where two of them meet.
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from itertools import chain, count, zip_longest
from types import MappingProxyType
from typing import Final, NamedTuple

from gatewayd.incremental.view import Index, Member, Source, View, query, ungrouped
from gatewayd.ir.limits import CONSUMER_PORTS, NAMED_CALLERS
from gatewayd.ir.mesh import FIRST_CONSUMER_PORT, PRODUCER_PORT
from gatewayd.translator.mesh.callers import named_callers
from gatewayd.translator.mesh.claims import claims
from gatewayd.translator.mesh.frontends import EVERYBODY
from gatewayd.translator.mesh.meshes import MESHED
from gatewayd.translator.rules.route_kinds import SERVICE_ROUTE_KINDS

_ITSELF: Final = ""


class ToldApart(NamedTuple):
    """A namespace whose callers are told from others: it has routes of its own (""), or policies of another name it."""

    named_by: str
    namespace: str


@query
def told_apart(view: View, member: Member) -> frozenset[ToldApart]:
    """Return whose callers are told from others because of a route."""
    frontends = (each for parent in claims(view, member) for each in parent.frontends)
    own = (ToldApart(_ITSELF, each.view) for each in frontends if each.view != EVERYBODY)
    named = named_callers(view, member)
    row = view.get(member.table, member.key) if named else None
    return frozenset((*own, *(ToldApart(row.metadata.namespace, each) for each in named if row is not None)))


CONSUMERS = Index(
    name="consumers",
    sources=tuple(Source(table=table, query=told_apart) for table in SERVICE_ROUTE_KINDS),
    group=ungrouped,
    readers=MESHED,
)


@query
def views_of_ipv6(view: View, member: Member) -> frozenset[str]:
    """Return the views in which a route is for an address of IPv6."""
    frontends = (each for parent in claims(view, member) for each in parent.frontends if ":" in each.address)
    own = frozenset(each.view for each in frontends)
    return own | named_callers(view, member) if EVERYBODY in own else own


IPV6_VIEWS = Index(
    name="ipv6_views",
    sources=tuple(Source(table=table, query=views_of_ipv6) for table in SERVICE_ROUTE_KINDS),
    group=ungrouped,
    readers=MESHED,
)


def in_turn(told: Iterable[ToldApart]) -> tuple[str, ...]:
    """Return the namespaces in the order in which they get a port, without those for which there is none."""
    by_naming: dict[str, list[str]] = {}
    for each in sorted(told):
        by_naming.setdefault(each.named_by, []).append(each.namespace)
    own = by_naming.pop(_ITSELF, [])
    turns = zip_longest(*(each[:NAMED_CALLERS] for each in by_naming.values()))
    named = (each for each in chain.from_iterable(turns) if each is not None)
    return tuple(dict.fromkeys((*own, *named)))[:CONSUMER_PORTS]


def assigned(namespaces: Iterable[str]) -> dict[str, int]:
    """Return the port of each namespace: whoever comes first has the first choice."""
    taken: set[int] = set()
    ports: dict[str, int] = {}
    for namespace in namespaces:
        first = int.from_bytes(blake2b(namespace.encode(), digest_size=8).digest()) % CONSUMER_PORTS
        slot = next(each % CONSUMER_PORTS for each in count(first) if each % CONSUMER_PORTS not in taken)
        taken.add(slot)
        ports[namespace] = FIRST_CONSUMER_PORT + slot
    return ports


@query
def view_ports(view: View, _: tuple[()]) -> Mapping[str, int]:
    """Return the port of the proxies for each view."""
    return MappingProxyType({EVERYBODY: PRODUCER_PORT, **assigned(in_turn(view.group(CONSUMERS, None)))})


@query
def ipv6_views(view: View, _: tuple[()]) -> frozenset[str]:
    """Return the views whose callers have routes for an address of IPv6."""
    return frozenset(view.group(IPV6_VIEWS, None))


@query
def view_port(view: View, name: str) -> int | None:
    """Return the port of the proxies for a view; None where it has none."""
    return view_ports(view, ()).get(name)
