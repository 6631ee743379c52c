"""IR values with everything that a test does not speak of left at nothing."""

from gatewayd.ir.backend import (
    DEFAULT_RETRY_BUDGET,
    Cluster,
    Discovered,
    Endpoint,
    InvalidBackend,
    Protocol,
    RetryBudget,
    ServiceBackend,
    Upstream,
)
from gatewayd.ir.filters import ExternalAuth, Header, HeaderChanges, HTTPFilter
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.http import (
    NO_REWRITE,
    NO_TIMEOUTS,
    Action,
    DirectResponse,
    Forward,
    Mirror,
    NamedMatch,
    PathMatch,
    PathModifier,
    PrefixPath,
    Redirect,
    RequestMatch,
    Retry,
    Route,
    RouteDiscovery,
    RouteTable,
    RouteTableKey,
    RuleRef,
    StatefulSession,
    Timeouts,
    URLRewrite,
    VirtualHost,
    WeightedBackend,
)
from gatewayd.ir.l4 import L4Backend, L4Forward
from gatewayd.ir.proxy import FilterChain, HTTPTraffic, Listener, ProxyConfig, StreamListener
from gatewayd.ir.tls import UpstreamTLS

NOT_FOUND = DirectResponse(status=404)
TABLE = RouteTableKey(port=80, listener="")
ROOT = PrefixPath(value="/")
NOWHERE = InvalidBackend(reason="BackendNotFound", message="spec.rules[0]: no such Service")


def upstream(name: str, *, protocol: Protocol = Protocol.HTTP1, port: int = 80, kind: str = "Service") -> Upstream:
    return Upstream(kind=kind, namespace="shop", name=name, port=port, protocol=protocol)


def service(name: str, *, protocol: Protocol = Protocol.HTTP1) -> ServiceBackend:
    return ServiceBackend(upstream=upstream(name, protocol=protocol))


def share(
    backend: ServiceBackend | InvalidBackend | str,
    *,
    weight: int = 1,
    filters: tuple[HTTPFilter, ...] = (),
    mirrors: tuple[Mirror, ...] = (),
    rewrite: URLRewrite = NO_REWRITE,
    persistence: StatefulSession | None = None,
) -> WeightedBackend:
    target = service(backend) if isinstance(backend, str) else backend
    return WeightedBackend(
        backend=target, weight=weight, filters=filters, mirrors=mirrors, rewrite=rewrite, persistence=persistence
    )


def forward(
    *backends: WeightedBackend | str,
    mirrors: tuple[Mirror, ...] = (),
    rewrite: URLRewrite = NO_REWRITE,
    timeouts: Timeouts = NO_TIMEOUTS,
    retry: Retry | None = None,
    persistence: StatefulSession | None = None,
) -> Forward:
    return Forward(
        backends=tuple(share(each) if isinstance(each, str) else each for each in backends),
        mirrors=mirrors,
        rewrite=rewrite,
        timeouts=timeouts,
        retry=retry,
        persistence=persistence,
    )


def redirect(
    *,
    scheme: str | None = None,
    host: str | None = None,
    port: int | None = None,
    path: PathModifier | None = None,
    status: int = 302,
) -> Redirect:
    return Redirect(scheme=scheme, host=host, port=port, path=path, status=status)


def rewritten(*, host: str | None = None, path: PathModifier | None = None) -> URLRewrite:
    return URLRewrite(host=host, path=path)


def matching(
    path: PathMatch = ROOT,
    *,
    methods: tuple[str, ...] = (),
    headers: tuple[NamedMatch, ...] = (),
    queries: tuple[NamedMatch, ...] = (),
    grpc: bool = False,
) -> RequestMatch:
    return RequestMatch(path=path, methods=methods, headers=headers, queries=queries, grpc=grpc)


def route(
    action: Action,
    *,
    name: str = "route",
    match: RequestMatch | None = None,
    filters: tuple[HTTPFilter, ...] = (),
    rule_name: str = "",
) -> Route:
    source = RuleRef(kind="HTTPRoute", namespace="shop", name=name, rule=0, match=0)
    return Route(source=source, rule_name=rule_name, match=match or matching(), action=action, filters=filters)


def host(
    domain: str, *routes: Route, fallback: DirectResponse = NOT_FOUND, guards: tuple[ExternalAuth, ...] = ()
) -> VirtualHost:
    return VirtualHost(domain=domain, guards=guards, routes=routes, fallback=fallback)


def table(
    *hosts: VirtualHost,
    key: RouteTableKey = TABLE,
    discovery: RouteDiscovery = RouteDiscovery.PER_LISTENER,
    apart: frozenset[int] = frozenset(),
) -> RouteTable:
    return RouteTable(key=key, discovery=discovery, apart=apart, virtual_hosts=hosts)


def changes(
    *,
    put: tuple[tuple[str, str], ...] = (),
    add: tuple[tuple[str, str], ...] = (),
    remove: tuple[str, ...] = (),
) -> HeaderChanges:
    return HeaderChanges(
        set=tuple(Header(name=name, value=value) for name, value in put),
        add=tuple(Header(name=name, value=value) for name, value in add),
        remove=remove,
    )


def endpoint(port: int, *, address: str = "127.0.0.1", draining: bool = False) -> Endpoint:
    return Endpoint(address=address, port=port, draining=draining)


def cluster(
    name: str,
    *endpoints: Endpoint,
    protocol: Protocol = Protocol.HTTP1,
    tls: UpstreamTLS | None = None,
    budget: RetryBudget = DEFAULT_RETRY_BUDGET,
) -> Cluster:
    found = Discovered(endpoints=endpoints)
    return Cluster(upstream=upstream(name, protocol=protocol), endpoints=found, tls=tls, retry_budget=budget)


def l4(*backends: tuple[ServiceBackend | InvalidBackend, int]) -> L4Forward:
    weighted = tuple(L4Backend(backend=backend, weight=weight) for backend, weight in backends)
    return L4Forward(source="TCPRoute/shop/route", backends=weighted)


def http_listener(
    key: RouteTableKey = TABLE, discovery: RouteDiscovery = RouteDiscovery.PER_LISTENER
) -> StreamListener:
    traffic = HTTPTraffic(table=key, discovery=discovery, scheme="http")
    chain = FilterChain(name=f"http-{key.port}", server_names=(), tls=None, traffic=traffic)
    return StreamListener(port=key.port, inspect_tls=False, chains=(chain,))


def config(
    *,
    listeners: tuple[Listener, ...] = (),
    tables: tuple[RouteTable, ...] = (),
    clusters: tuple[Cluster, ...] = (),
    address: str = "127.0.0.1",
) -> ProxyConfig:
    return ProxyConfig(
        fleet=GatewayFleet(namespace="shop", name="edge"),
        declared_by=(),
        address=address,
        listeners=listeners,
        route_tables=tables,
        clusters=clusters,
    )
