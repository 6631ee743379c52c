"""Which rule gets what a pod sends to a Service, and why the others do not. Pure: asks the queries that decided.

In: the namespace of the caller, the Service, a request. Out: for each of its ports what becomes of the request there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gatewayd.api.core import Service
from gatewayd.api.meta import ObjectKey
from gatewayd.explain.action import happening
from gatewayd.explain.matching import mismatches
from gatewayd.explain.policies import SectionInForce, service_sections
from gatewayd.explain.request import Request, Sent, canonical, without_port
from gatewayd.explain.rivals import Rival, route_of
from gatewayd.explain.trace import End, Taken, Trace, Translated, Untaken
from gatewayd.incremental.engine import Engine
from gatewayd.ir.backend import Cluster, Upstream
from gatewayd.ir.filters import Header
from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.ir.http import Route
from gatewayd.translator.hostnames import ANY
from gatewayd.translator.mesh.consumers import view_port
from gatewayd.translator.mesh.frontends import EVERYBODY, Frontend, addresses
from gatewayd.translator.mesh.governed_rules import RuleOf
from gatewayd.translator.mesh.meshes import mesh_is_on
from gatewayd.translator.mesh.parents import CLAIMS, called_at, routes_at
from gatewayd.translator.mesh.tables import frontend_table

_STEERING: Final = ("x-envoy-", "x-gatewayd-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Who calls what: a pod of `namespace` a Service, at a port, None for each of its ports."""

    namespace: str
    service: ObjectKey
    port: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotLed:
    """The connection goes where it would without a mesh."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTrace:
    """What becomes of a call at one port of its Service."""

    port: int
    frontend: Frontend
    end: Trace | NotLed


def callers(name: str) -> str:
    """Return whose requests a view is of."""
    return "callers of any namespace" if name == EVERYBODY else f"callers of namespace {name!r}"


def call_traces(of: Translated, sent: Sent, call: Call) -> tuple[CallTrace, ...] | NotLed:
    """Follow a call to each port that it can be for; all addresses of a Service have the same routes."""
    view = of.engine
    if not mesh_is_on(view, ()):
        return NotLed(why="there is no mesh of gatewayd: no XMesh names its controller")
    row = view.get(Service, call.service)
    if row is None:
        return NotLed(why=f'Service "{call.service}" does not exist')
    known = addresses(row)
    if not known:
        return NotLed(why=f'Service "{call.service}" has no cluster IP, and nothing else is led away')
    ports = [each.port for each in row.spec.ports if each.protocol == "TCP" and call.port in (None, each.port)]
    if not ports:
        return NotLed(why=f'Service "{call.service}" has no port {call.port} (TCP)')
    return tuple(_at_port(of, sent, call, Frontend(EVERYBODY, known[0], port)) for port in ports)


def _at_port(of: Translated, sent: Sent, call: Call, everybody: Frontend) -> CallTrace:
    own = everybody._replace(view=call.namespace)
    frontend = own if of.engine.count(CLAIMS, own) else everybody
    if not routes_at(of.engine, frontend):
        why = "no route is for it, and the connection goes to the Service as if there were no mesh"
        return CallTrace(port=everybody.port, frontend=frontend, end=NotLed(why=why))
    return CallTrace(port=everybody.port, frontend=frontend, end=_trace(of, sent, frontend))


def _trace(of: Translated, sent: Sent, frontend: Frontend) -> Trace:
    port = view_port(of.engine, frontend.view) or 0
    request = _between_services(sent)
    of_mesh = (config for config in of.configs if config.fleet == MESH_FLEET)
    clusters = {cluster.upstream: cluster for config in of_mesh for cluster in config.clusters}
    end, rivals = _decided(of.engine, frontend, request, clusters)
    return Trace(fleet=MESH_FLEET, port=port, remarks=(), asked=(), end=end, rivals=rivals)


def _between_services(sent: Sent) -> Request:
    """Return the request that the router sees: services believe each other, and nothing is refused for its spelling."""
    path, mark, query = sent.target.partition("?")
    headers = (each for each in sent.headers if not each.name.lower().startswith(_STEERING))
    return Request(
        scheme="http",
        method=sent.method,
        authority=sent.host,
        host=without_port(sent.host).lower(),
        path=canonical(path),
        query=query if mark else None,
        headers=tuple(Header(name=each.name.lower(), value=each.value) for each in headers),
        remarks=(),
        client="",
    )


def _decided(
    engine: Engine, frontend: Frontend, request: Request, clusters: Mapping[Upstream, Cluster]
) -> tuple[End, tuple[Rival, ...]]:
    [host] = frontend_table(engine, frontend).virtual_hosts
    winner = next((each for each in host.routes if not mismatches(each.match, request)), None)
    rivals = tuple(_rivals(host.routes, winner, request))
    if winner is None:
        return Untaken(status=host.fallback.status, why="no rule matches"), rivals
    taken = Taken(
        listener="mesh",
        domain=ANY,
        rule=winner.source,
        rule_name=winner.rule_name,
        policies=_policies(engine, frontend, winner),
        happening=happening(winner, ANY, request, clusters),
    )
    return taken, rivals


def _policies(engine: Engine, frontend: Frontend, winner: Route) -> tuple[SectionInForce, ...]:
    member = route_of(winner.source)
    at = RuleOf(member, winner.source.rule, called_at(engine, member, frontend), frontend.view)
    return service_sections(engine, at)


def _rivals(routes: tuple[Route, ...], winner: Route | None, request: Request) -> Iterator[Rival]:
    for route in routes:
        if route is winner:
            continue
        source, differs = route.source, mismatches(route.match, request)
        why = "; ".join(differs) if differs else "another rule goes before it"
        yield Rival(route=route_of(source), field=source.field, why=why, matches=not differs)
