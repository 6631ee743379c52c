"""BackendTrafficPolicy -> sections of a BackendPolicy, for all that a Gateway leads to.

A backend is spoken to in one way by all the routes of a Gateway, so that what a policy of one route says of it is left
out and told. https://gateway.envoyproxy.io/docs/api/extension_types/#clustersettings
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from gatewayd.api.backendpolicy import (
    ActiveHealthSection,
    BackendHTTP2Section,
    ConnectionSection,
    DNSSection,
    GRPCHealthCheck,
    HashSource,
    HTTP2Keepalive,
    HTTPHealthCheck,
    LimitsSection,
    LoadBalancingSection,
    PassiveHealthSection,
    TCPHealthCheck,
    TCPKeepalive,
)
from gatewayd.api.envoy_gateway.backends import (
    TrafficActiveHealth,
    TrafficBreaker,
    TrafficDNS,
    TrafficHash,
    TrafficHTTP2,
    TrafficPassiveHealth,
)
from gatewayd.api.envoy_gateway.traffic import BackendTrafficPolicySpec
from gatewayd.translator.envoy_gateway.amounts import whole_bytes
from gatewayd.translator.envoy_gateway.reading import read
from gatewayd.translator.envoy_gateway.taken import TakenPolicy, TakenSection, Telling

_BALANCING: Final[Mapping[str, Literal["LeastRequest", "RoundRobin", "Random", "Maglev"]]] = {
    "LeastRequest": "LeastRequest",
    "RoundRobin": "RoundRobin",
    "Random": "Random",
    "ConsistentHash": "Maglev",
}
_FAMILIES: Final[Mapping[str, Literal["V4", "V6", "V4Preferred", "V6Preferred", "All"]]] = {
    "IPv4": "V4",
    "IPv6": "V6",
    "IPv4Preferred": "V4Preferred",
    "IPv6Preferred": "V6Preferred",
    "IPv4AndIPv6": "All",
}
_FIELDS: Final[Mapping[str, str]] = {
    "load_balancer": "loadBalancer",
    "proxy_protocol": "proxyProtocol",
    "tcp_keepalive": "tcpKeepalive",
    "health_check": "healthCheck",
    "circuit_breaker": "circuitBreaker",
    "dns": "dns",
    "http2": "http2",
}
"""What is said of backends."""


def backends(written: Mapping[str, Any], namespace: str) -> TakenPolicy:
    """Return what the spec of a BackendTrafficPolicy of a namespace says of the backends of a Gateway."""
    telling = Telling(namespace=namespace)
    spec = read(written, BackendTrafficPolicySpec, telling)
    if spec is None:
        return telling.result(())
    if any(ref.kind != "Gateway" or ref.section_name for ref in _refs(spec)):
        _of_routes(spec, telling)
    return telling.result(_sections(spec, telling) if any(ref.kind == "Gateway" for ref in _refs(spec)) else ())


def _refs(spec: BackendTrafficPolicySpec) -> Iterator[Any]:
    yield from (each for each in (spec.target_ref, *spec.target_refs) if each is not None)


def _of_routes(spec: BackendTrafficPolicySpec, telling: Telling) -> None:
    """Tell what of a policy for less than a Gateway is left out."""
    timeout = spec.timeout
    given = [wire for name, wire in _FIELDS.items() if getattr(spec, name) is not None]
    given += ["timeout.tcp"] if timeout is not None and timeout.tcp is not None else []
    if timeout is not None and timeout.http is not None and timeout.http.connection_idle_timeout is not None:
        given.append("timeout.http.connectionIdleTimeout")
    for wire in given:
        why = "is for all routes of a Gateway; allowed: a policy for the Gateway, or a BackendPolicy for the Service"
        telling.refuse(f"spec.{wire}", why)


def _sections(spec: BackendTrafficPolicySpec, telling: Telling) -> Iterator[TakenSection]:
    health = spec.health_check
    sections = (
        ("load_balancing", _balancing(spec, telling), "loadBalancer" if spec.load_balancer else "healthCheck"),
        (
            "active_health",
            _active(health.active, telling) if health is not None and health.active is not None else None,
            "healthCheck",
        ),
        (
            "passive_health",
            _passive(health.passive) if health is not None and health.passive is not None else None,
            "healthCheck",
        ),
        ("limits", _limits(spec.circuit_breaker, telling), "circuitBreaker"),
        ("connection", _connection(spec), _connection_field(spec)),
        ("http2", _http2(spec.http2, telling), "http2"),
        ("dns", _dns(spec.dns, telling), "dns"),
    )
    yield from (TakenSection(name, value, f"spec.{path}") for name, value, path in sections if value is not None)


def _balancing(spec: BackendTrafficPolicySpec, telling: Telling) -> LoadBalancingSection | None:
    written = spec.load_balancer
    panic = spec.health_check.panic_threshold if spec.health_check is not None else None
    if written is None:
        return None if panic is None else LoadBalancingSection(panic_percent=panic)
    kind = _BALANCING.get(written.type)
    if kind is None:
        return None
    hashed = tuple(_hash(written.consistent_hash)) if written.consistent_hash is not None else ()
    if kind == "Maglev" and not hashed:
        telling.refuse("spec.loadBalancer.consistentHash", "must say what tells the endpoint")
        return None
    return LoadBalancingSection(
        type=kind,
        hash_on=hashed if kind == "Maglev" else (),
        slow_start=written.slow_start.window if written.slow_start is not None else None,
        panic_percent=panic,
    )


def _hash(written: TrafficHash) -> Iterator[HashSource]:
    match written.type:
        case "SourceIP":
            yield HashSource(type="Address")
        case "Header" if written.header is not None:
            yield HashSource(type="Header", name=written.header.name)
        case "Headers":
            yield from (HashSource(type="Header", name=each.name) for each in written.headers)
        case "Cookie" if written.cookie is not None:
            yield HashSource(type="Cookie", name=written.cookie.name, ttl=written.cookie.ttl)
        case "QueryParams":
            yield from (HashSource(type="Query", name=each.name) for each in written.query_params)
        case _:
            return


def _active(written: TrafficActiveHealth, telling: Telling) -> ActiveHealthSection | None:
    http = written.http
    if written.type == "HTTP" and http is None:
        telling.refuse("spec.healthCheck.active.http", "is required for type HTTP")
        return None
    grpc = written.grpc
    return ActiveHealthSection(
        http=HTTPHealthCheck(path=http.path, host=http.hostname, statuses=http.expected_statuses)
        if written.type == "HTTP" and http is not None
        else None,
        grpc=GRPCHealthCheck(service=grpc.service if grpc is not None else None) if written.type == "GRPC" else None,
        tcp=TCPHealthCheck() if written.type == "TCP" else None,
        port=written.overrides.port if written.overrides is not None else None,
        interval=written.interval,
        timeout=written.timeout,
        unhealthy_after=written.unhealthy_threshold,
        healthy_after=written.healthy_threshold,
    )


def _passive(written: TrafficPassiveHealth) -> PassiveHealthSection:
    return PassiveHealthSection(
        consecutive_errors=written.consecutive5xx_errors or None,
        consecutive_gateway_errors=written.consecutive_gateway_errors or None,
        interval=written.interval,
        base_ejection=written.base_ejection_time,
        max_ejection_percent=written.max_ejection_percent,
    )


def _limits(written: TrafficBreaker | None, telling: Telling) -> LimitsSection | None:
    if written is None:
        return None
    per_endpoint = written.per_endpoint.max_connections if written.per_endpoint is not None else None
    given = {
        "maxConnections": written.max_connections,
        "maxPendingRequests": written.max_pending_requests,
        "maxParallelRequests": written.max_parallel_requests,
        "maxRequestsPerConnection": written.max_requests_per_connection,
        "perEndpoint.maxConnections": per_endpoint,
    }
    for name, value in given.items():
        if value == 0:
            telling.refuse(f"spec.circuitBreaker.{name}", "must be 1 or more")
    section = LimitsSection(
        connections=written.max_connections or None,
        pending_requests=written.max_pending_requests or None,
        requests=written.max_parallel_requests or None,
        connections_per_endpoint=per_endpoint or None,
        requests_per_connection=written.max_requests_per_connection or None,
    )
    return None if section == LimitsSection() else section


def _connection(spec: BackendTrafficPolicySpec) -> ConnectionSection | None:
    tcp = spec.timeout.tcp if spec.timeout is not None else None
    http = spec.timeout.http if spec.timeout is not None else None
    alive = spec.tcp_keepalive
    section = ConnectionSection(
        connect_timeout=tcp.connect_timeout if tcp is not None else None,
        idle_timeout=http.connection_idle_timeout if http is not None else None,
        tcp_keepalive=TCPKeepalive(idle=alive.idle_time, interval=alive.interval, probes=alive.probes)
        if alive is not None
        else None,
        proxy_protocol=spec.proxy_protocol.version if spec.proxy_protocol is not None else None,
    )
    return None if section == ConnectionSection() else section


def _connection_field(spec: BackendTrafficPolicySpec) -> str:
    return "timeout" if spec.timeout is not None else "tcpKeepalive" if spec.tcp_keepalive else "proxyProtocol"


def _http2(written: TrafficHTTP2 | None, telling: Telling) -> BackendHTTP2Section | None:
    if written is None:
        return None
    pings = written.connection_keepalive
    if pings is not None and (pings.interval is None or pings.timeout is None):
        telling.refuse("spec.http2.connectionKeepalive", "must have interval and timeout")
    return BackendHTTP2Section(
        max_concurrent_streams=written.max_concurrent_streams,
        stream_window_bytes=whole_bytes(
            written.initial_stream_window_size, "spec.http2.initialStreamWindowSize", telling
        ),
        connection_window_bytes=whole_bytes(
            written.initial_connection_window_size, "spec.http2.initialConnectionWindowSize", telling
        ),
        keepalive=HTTP2Keepalive(interval=pings.interval, timeout=pings.timeout)
        if pings is not None and pings.interval is not None and pings.timeout is not None
        else None,
    )


def _dns(written: TrafficDNS | None, telling: Telling) -> DNSSection | None:
    if written is None:
        return None
    if written.dns_refresh_rate is not None and written.respect_dns_ttl:
        telling.differ("spec.dns.dnsRefreshRate", "what the answer of the name server says goes before it")
    return DNSSection(
        family=_FAMILIES[written.lookup_family] if written.lookup_family is not None else None,
        refresh=written.dns_refresh_rate if not written.respect_dns_ttl else None,
    )
