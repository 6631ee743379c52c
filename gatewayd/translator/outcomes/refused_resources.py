"""Which routes are behind a resource that proxies refuse, by its name.

In: what proxies told of a resource. Out: the routes that are in it, or lead to it, with the field that does. The name
of a RouteConfiguration is that of a table and of a part of it, whose hosts know their routes; that of a cluster is one
of those that routes lead to. What is of no route has its own place: a listener and a Secret say so themselves.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.incremental.view import Index, Member, View, query
from gatewayd.ir.host_groups import parts_of, read_part
from gatewayd.ir.http import RouteTableKey
from gatewayd.ir.outcome import StandingRefusal
from gatewayd.translator.backends.backend_refs import GatewayUpstream
from gatewayd.translator.mesh.frontends import Frontend
from gatewayd.translator.mesh.meshes import MESH
from gatewayd.translator.mesh.parents import CLAIMS, routes_at, service_parents
from gatewayd.translator.mesh.proxy import MESH_UPSTREAMS
from gatewayd.translator.mesh.tables import table_key
from gatewayd.translator.policies.attach import UPSTREAM_KINDS
from gatewayd.translator.protocols import ROUTE_TABLES
from gatewayd.translator.proxies.upstreams import UPSTREAMS, upstreams_of_rules
from gatewayd.translator.proxies.virtualhosts import (
    HOSTS,
    HTTP_TABLES,
    HostKey,
    TableKey,
    listener_of_host,
    routes_of_host,
)
from gatewayd.translator.rules.route_kinds import rules, service_rules
from gatewayd.translator.rules.rule_set import RuleSet

_ALL_RULES: Final = "spec.rules"


class RefusedBackend(NamedTuple):
    """A backend, as policies for it name it."""

    kind: GroupKind
    key: ObjectKey


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedResource:
    """A refused resource: `what` it is for people, and the routes behind it, with the field that leads there.

    `table`: what it is of, None for a backend; `backend`: what policies name it by, None for a table. `namespaces`: of
    whose objects it is made.
    """

    what: str
    table: RouteTableKey | None
    backend: RefusedBackend | None
    fields: Mapping[Member, str]
    namespaces: frozenset[str]


def refused_resource(view: View, gateway: ObjectKey, refusal: StandingRefusal) -> RefusedResource | None:
    """Return the routes behind a resource of a Gateway's proxies, or of the nodes' (MESH); None where it has none."""
    find = _BY_TYPE.get(refusal.type_url.rpartition(".")[2])
    return None if find is None else find(view, gateway, refusal.name)


def _of_table(view: View, gateway: ObjectKey, name: str) -> RefusedResource | None:
    if gateway == MESH:
        return _of_frontend(view, name)
    part = read_part(name)
    if part is None:
        return None
    table = TableKey(gateway, part.table.port, part.table.listener)
    hosts = _hosts_by_part(view, table).get(part.part, ())
    members = dict.fromkeys(member for host in hosts for member in _routes_at_host(view, host))
    listener = f"listener {part.table.listener}, " if part.table.listener else ""
    of_host = f'host "{hosts[0].domain}", ' if part.part and len(hosts) == 1 else ""
    what = f"the routes of {of_host}{listener}port {part.table.port}"
    return _of_routes(what, part.table, [each for each in members if each.table in HTTP_TABLES])


@query
def _hosts_by_part(view: View, table: TableKey) -> Mapping[str, tuple[HostKey, ...]]:
    """Return the hosts of a table by what may be refused of it: made once, for of a broken proxy that is hundreds."""
    by_part: dict[str, list[HostKey]] = {}
    for host in view.group(HOSTS, table):
        for part in parts_of(host.domain):
            by_part.setdefault(part, []).append(host)
    return {part: tuple(hosts) for part, hosts in by_part.items()}


@query
def _upstreams_by_name(view: View, gateway: ObjectKey) -> Mapping[str, GatewayUpstream]:
    return {each.upstream.cluster_name: each for each in view.group(_upstreams(gateway), gateway)}


def _upstreams(gateway: ObjectKey) -> Index:
    return MESH_UPSTREAMS if gateway == MESH else UPSTREAMS


@query
def _frontends_by_name(view: View, _: tuple[()]) -> Mapping[str, Frontend]:
    return {str(table_key(view, each)): each for each in view.group(CLAIMS, None)}


def _of_routes(what: str, table: RouteTableKey, routes: Iterable[Member]) -> RefusedResource:
    fields = dict.fromkeys(routes, _ALL_RULES)
    namespaces = frozenset(map(namespace_of, fields))
    return RefusedResource(what=what, table=table, backend=None, fields=fields, namespaces=namespaces)


def _routes_at_host(view: View, host: HostKey) -> tuple[Member, ...]:
    listener = listener_of_host(view, host)
    return () if listener is None else routes_of_host(view, host, listener)


def _of_frontend(view: View, name: str) -> RefusedResource | None:
    frontend = _frontends_by_name(view, ()).get(name)
    routes = routes_at(view, frontend) if frontend is not None else ()
    if frontend is None or not routes:
        return None
    what = f"the routes of {_service(view, routes[0], frontend)}"
    return _of_routes(what, table_key(view, frontend), routes)


def _service(view: View, member: Member, frontend: Frontend) -> str:
    """Return how people call a frontend of a route."""
    parents = (parent for parent in service_parents(view, member) if str(frontend) in map(str, parent.frontends))
    parent = next(parents, None)
    return str(frontend) if parent is None else f"Service {parent.service}, port {frontend.port}"


def _of_backend(view: View, gateway: ObjectKey, name: str) -> RefusedResource | None:
    using = _upstreams_by_name(view, gateway).get(name)
    if using is None:
        return None
    upstream, ruled = using.upstream, service_rules if gateway == MESH else rules
    routes = [each for each in view.bucket(_upstreams(gateway), using) if each.table in ROUTE_TABLES]
    return RefusedResource(
        what=f"the backend {upstream.kind} {upstream.namespace}/{upstream.name}:{upstream.port}",
        table=None,
        backend=RefusedBackend(UPSTREAM_KINDS[upstream.kind], ObjectKey(upstream.namespace, upstream.name)),
        fields={member: _leading(ruled(view, member), name) for member in routes},
        namespaces=frozenset((upstream.namespace,)),
    )


def _leading(ruled: RuleSet, cluster: str) -> str:
    """Return the field of the first rule that leads to a cluster, that of all rules where a policy does."""
    for ranked in ruled.routes:
        alone = ruled._replace(routes=(ranked,), forward=None)
        if any(each.cluster_name == cluster for each in upstreams_of_rules(alone)):
            return ranked.route.source.rule_field
    return _ALL_RULES


_BY_TYPE: Final[Mapping[str, Callable[[View, ObjectKey, str], RefusedResource | None]]] = {
    "RouteConfiguration": _of_table,
    "ScopedRouteConfiguration": _of_table,
    "Cluster": _of_backend,
    "ClusterLoadAssignment": _of_backend,
}
"""By how the types end that have routes behind them."""


def namespace_of(member: Member) -> str:
    """Return the namespace of a route."""
    return member.key.namespace if isinstance(member.key, ObjectKey) else ""
