"""Of which routes the proxies of a Gateway refuse what is made of them, said on the route while they do.

In: what proxies told. A refusal names a resource; its name leads back to a part of a route table, and so to the routes
that have a say there, or to a backend, and so to the routes that lead to it. Out: a verdict for each parent of a route
through which it got there. Nothing is asked of a route but whether it is named: without refusals nothing is computed,
and a refusal wakes those that it names and no others.

Words of Envoy may quote what it refuses. So they are told to a route only where all that the resource is made of is of
the route's own namespace.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, Member, Source, View, query
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.host_groups import TablePart, read_part
from gatewayd.ir.http import RouteTableKey
from gatewayd.ir.limits import REFUSED_ROUTES_TOLD
from gatewayd.ir.outcome import FleetReport, StandingRefusal, Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.attachment import Attached, ParentAttachment
from gatewayd.translator.protocols import ROUTE_TABLES
from gatewayd.translator.proxies.upstreams import UPSTREAMS, upstreams_of_rules
from gatewayd.translator.proxies.virtualhosts import (
    HOSTS,
    HTTP_TABLES,
    HostKey,
    TableKey,
    chain_name,
    listener_of_host,
    routes_of_host,
)
from gatewayd.translator.rules.route_kinds import rules

_OF_ROUTES: Final = (".RouteConfiguration", ".ScopedRouteConfiguration")
_OF_BACKENDS: Final = (".Cluster", ".ClusterLoadAssignment")
"""How the types of what carries a route end, and of what it leads to."""
_ELSEWHERE: Final = "; an Event of the Gateway has the words"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRefusal:
    """A route of which proxies of a Gateway refuse something: `table` is whence it comes there, None: from anywhere.

    `field` leads there, `what` it is for people, `words` are Envoy's. `is_own`: all of it is of the route's namespace.
    """

    member: Member
    gateway: ObjectKey
    table: RouteTableKey | None
    field: str
    what: str
    words: str
    is_own: bool
    proxies: int
    of: int

    @property
    def message(self) -> str:
        """Say who refuses what, in words that stay the same while other proxies come and go."""
        ending = f": {self.words}" if self.is_own else _ELSEWHERE
        return f"{self.field}: {self._who}{ending}"

    @property
    def exact(self) -> str:
        """Say the same with numbers, and with Envoy's words, to those who may read everything."""
        return f"{self.field}: {self.proxies} of {self.of} connected proxies refuse {self.what}: {self.words}"

    @property
    def _who(self) -> str:
        if self.proxies == self.of:
            return f"all connected proxies refuse {self.what} and go on with what they had"
        if self.proxies > 1:
            return f"some of several proxies refuse {self.what} and go on with what they had"
        return f"one of several proxies refuses {self.what} and goes on with what it had"

    def is_through(self, parent: ParentAttachment) -> bool:
        """Return whether it is through this parent that the route got to what is refused."""
        if parent.gateway != self.gateway or not parent.attached:
            return False
        return self.table is None or any(_routes_by(self.table, each) for each in parent.attached)


def _routes_by(table: RouteTableKey, attached: Attached) -> bool:
    own = table.listener in ("", chain_name(attached.listener))
    return own and attached.port.port == table.port


@dataclass(frozen=True, slots=True, kw_only=True)
class _RefusedResource:
    """A refused resource: `what` it is for people, and the routes that are told, with the field that leads there."""

    what: str
    table: RouteTableKey | None
    fields: dict[Member, str]
    namespaces: frozenset[str]


@query
def proxy_refusals(view: View, member: Member) -> tuple[ProxyRefusal, ...]:
    """Return of which routes a fleet (a FleetReport as a Member) refuses something, as many as are told of."""
    report = view.get(FleetReport, member.key)
    if report is None or not report.standing or not isinstance(member.key, GatewayFleet):
        return ()
    gateway = ObjectKey(member.key.namespace, member.key.name)
    return tuple(islice(_all_refused(view, gateway, report), REFUSED_ROUTES_TOLD))


REFUSED_BY_PROXIES = Index(
    name="fleets_by_refused_route",
    sources=(Source(table=FleetReport, query=proxy_refusals, keys=lambda told: {each.member for each in told}),),
    group=lambda member: member.table,
)
"""By route: whose proxies refuse something of it."""


def refused_at(view: View, member: Member, parent: ParentAttachment) -> Verdict | None:
    """Return what is said of a route for a parent through which proxies refuse something of it; None for nothing."""
    fleets = view.bucket(REFUSED_BY_PROXIES, member)
    if not fleets:
        return None
    told = (each for fleet in fleets for each in proxy_refusals(view, fleet))
    messages = dict.fromkeys(each.message for each in told if each.member == member and each.is_through(parent))
    return verdicts.refused_by_proxy("; ".join(messages)) if messages else None


def every_refusal(
    view: View, member: Member, parent: ParentAttachment, report: FleetReport | None
) -> Iterator[ProxyRefusal]:
    """Yield what proxies that told this refuse of a route through a parent, however many others it is told to."""
    for each in _all_refused(view, parent.gateway, report) if report is not None else ():
        if each.member == member and each.is_through(parent):
            yield each


def _all_refused(view: View, gateway: ObjectKey, report: FleetReport) -> Iterator[ProxyRefusal]:
    """Yield the routes; those of resources with few of them go first: what stands alone is to blame."""
    both = ((each, _resource(view, gateway, each)) for each in report.standing)
    by_size = sorted(((each, of) for each, of in both if of is not None), key=lambda pair: len(pair[1].fields))
    for refusal, of in by_size:
        for member, field in sorted(of.fields.items(), key=lambda each: each[0].order):
            yield ProxyRefusal(
                member=member,
                gateway=gateway,
                table=of.table,
                field=field,
                what=of.what,
                words=" ".join(refusal.message.split()),
                is_own=of.namespaces == {_namespace(member)},
                proxies=refusal.proxies,
                of=max(report.connected, refusal.proxies),
            )


def _resource(view: View, gateway: ObjectKey, refusal: StandingRefusal) -> _RefusedResource | None:
    """Return the routes behind a resource, None where it is made of none: a listener or a Secret says so itself."""
    if refusal.type_url.endswith(_OF_ROUTES):
        part = read_part(refusal.name)
        return None if part is None else _of_table(view, gateway, part)
    return _of_backend(view, gateway, refusal.name) if refusal.type_url.endswith(_OF_BACKENDS) else None


def _of_table(view: View, gateway: ObjectKey, part: TablePart) -> _RefusedResource | None:
    table = TableKey(gateway, part.table.port, part.table.listener)
    hosts = [each for each in view.group(HOSTS, table) if part.holds(each.domain)]
    members = dict.fromkeys(member for host in hosts for member in _routes_at(view, host))
    routes = [each for each in members if each.table in HTTP_TABLES]
    listener = f"listener {part.table.listener}, " if part.table.listener else ""
    of_host = f'host "{hosts[0].domain}", ' if part.part and len(hosts) == 1 else ""
    return _RefusedResource(
        what=f"the routes of {of_host}{listener}port {part.table.port}",
        table=part.table,
        fields=dict.fromkeys(routes, "spec.rules"),
        namespaces=frozenset(map(_namespace, routes)),
    )


def _routes_at(view: View, host: HostKey) -> tuple[Member, ...]:
    listener = listener_of_host(view, host)
    return () if listener is None else routes_of_host(view, host, listener)


def _of_backend(view: View, gateway: ObjectKey, cluster: str) -> _RefusedResource | None:
    using = next((each for each in view.group(UPSTREAMS, gateway) if each.upstream.cluster_name == cluster), None)
    if using is None:
        return None
    upstream = using.upstream
    routes = [each for each in view.bucket(UPSTREAMS, using) if each.table in ROUTE_TABLES]
    return _RefusedResource(
        what=f"the backend {upstream.kind} {upstream.namespace}/{upstream.name}:{upstream.port}",
        table=None,
        fields={member: _leading(view, member, cluster) for member in routes},
        namespaces=frozenset((upstream.namespace,)),
    )


def _leading(view: View, member: Member, cluster: str) -> str:
    """Return the field of the first rule of a route that leads to a cluster, that of all rules where a policy does."""
    ruled = rules(view, member)
    for ranked in ruled.routes:
        alone = ruled._replace(routes=(ranked,), forward=None)
        if any(each.cluster_name == cluster for each in upstreams_of_rules(alone)):
            return ranked.route.source.rule_field
    return "spec.rules"


def _namespace(member: Member) -> str:
    return member.key.namespace if isinstance(member.key, ObjectKey) else ""
