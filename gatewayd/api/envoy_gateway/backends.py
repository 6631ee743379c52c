"""BackendTrafficPolicy of Envoy Gateway: how backends are spoken to, field by field.

https://gateway.envoyproxy.io/docs/api/extension_types/#clustersettings
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from gatewayd.api.envoy_gateway.fields import Refused, TheirShape, differs, refused
from gatewayd.api.scalars import Duration, HeaderName, PortNumber

Quantity = Annotated[int, Meta(ge=0)] | Annotated[str, Meta(min_length=1, max_length=32)]
Most = Annotated[int, Meta(ge=0, le=4_294_967_295)]
_NOT_HEARD = "allowed: consecutive5XxErrors, consecutiveGatewayErrors"


class TrafficName(TheirShape, frozen=True, kw_only=True):
    """A header, or a parameter of the query."""

    name: HeaderName


class TrafficCookie(TheirShape, frozen=True, kw_only=True):
    """A cookie that tells the endpoint."""

    name: HeaderName
    ttl: Duration | None = None
    attributes: Annotated[Refused, refused("allowed: name and ttl")] = None


class TrafficHash(TheirShape, frozen=True, kw_only=True):
    """What of a request tells the endpoint."""

    type: Literal["SourceIP", "Header", "Headers", "Cookie", "QueryParams"]
    header: TrafficName | None = None
    headers: tuple[TrafficName, ...] = ()
    cookie: TrafficCookie | None = None
    query_params: tuple[TrafficName, ...] = ()
    table_size: Annotated[int | None, differs("the table has 65537 entries", 65537)] = None


class TrafficSlowStart(TheirShape, frozen=True, kw_only=True):
    """When a new endpoint gets its full share."""

    window: Duration


class TrafficBalancing(TheirShape, frozen=True, kw_only=True):
    """Which endpoint gets a request."""

    type: Annotated[
        Literal["ConsistentHash", "LeastRequest", "Random", "RoundRobin", "BackendUtilization", "DynamicModule"],
        refused(
            "allowed: ConsistentHash, LeastRequest, Random, RoundRobin",
            "ConsistentHash",
            "LeastRequest",
            "Random",
            "RoundRobin",
        ),
    ]
    consistent_hash: TrafficHash | None = None
    backend_utilization: Annotated[Refused, refused("allowed: another type")] = None
    dynamic_module: Annotated[Refused, refused("allowed: another type")] = None
    endpoint_override: Annotated[Refused, refused("allowed: none; no header of a client names an endpoint")] = None
    slow_start: TrafficSlowStart | None = None
    zone_aware: Annotated[Refused, refused("allowed: trafficDistribution of the Service")] = None


class TrafficProxyProtocol(TheirShape, frozen=True, kw_only=True):
    """What is said at the beginning of a connection."""

    version: Literal["V1", "V2"]


class TrafficKeepalive(TheirShape, frozen=True, kw_only=True):
    """How connections are asked whether they live."""

    probes: Annotated[int, Meta(ge=1, le=100)] | None = None
    idle_time: Duration | None = None
    interval: Duration | None = None


class TrafficHTTPCheck(TheirShape, frozen=True, kw_only=True):
    """Ask by HTTP."""

    hostname: str | None = None
    path: Annotated[str, Meta(min_length=1, max_length=1024)]
    method: Annotated[str | None, refused("allowed: GET", "GET")] = None
    expected_statuses: tuple[Annotated[int, Meta(ge=100, le=599)], ...] = ()
    retriable_statuses: Annotated[Refused, refused("allowed: expectedStatuses")] = None
    expected_response: Annotated[Refused, refused("allowed: expectedStatuses")] = None
    request_body: Annotated[Refused, refused("allowed: none")] = None


class TrafficTCPCheck(TheirShape, frozen=True, kw_only=True):
    """Ask by a connection."""

    send: Annotated[Refused, refused("allowed: none; a connection that can be made is good")] = None
    receive: Annotated[Refused, refused("allowed: none; a connection that can be made is good")] = None


class TrafficGRPCCheck(TheirShape, frozen=True, kw_only=True):
    """Ask the gRPC health service."""

    service: str | None = None


class TrafficCheckOverrides(TheirShape, frozen=True, kw_only=True):
    """Where else to ask."""

    port: PortNumber | None = None


class TrafficActiveHealth(TheirShape, frozen=True, kw_only=True):
    """How each proxy asks each endpoint how it is."""

    timeout: Duration = "1s"
    interval: Duration = "3s"
    initial_jitter: Annotated[Duration | None, differs("the first question comes at once")] = None
    unhealthy_threshold: Annotated[int, Meta(ge=1, le=100)] = 3
    healthy_threshold: Annotated[int, Meta(ge=1, le=100)] = 1
    type: Literal["HTTP", "TCP", "GRPC"]
    http: TrafficHTTPCheck | None = None
    tcp: TrafficTCPCheck | None = None
    grpc: TrafficGRPCCheck | None = None
    overrides: TrafficCheckOverrides | None = None
    health_check_log: Annotated[Refused, refused("allowed: none")] = None


class TrafficPassiveHealth(TheirShape, frozen=True, kw_only=True):
    """What is concluded from how requests end."""

    split_external_local_origin_errors: Annotated[bool | None, refused(_NOT_HEARD, False)] = None
    interval: Duration = "3s"
    consecutive_local_origin_failures: Annotated[int | None, refused(_NOT_HEARD)] = None
    consecutive_gateway_errors: Annotated[int, Meta(ge=0, le=1000)] = 0
    consecutive5xx_errors: Annotated[int, Meta(ge=0, le=1000)] = field(name="consecutive5XxErrors", default=5)
    base_ejection_time: Duration = "30s"
    max_ejection_percent: Annotated[int, Meta(ge=0, le=100)] = 10
    failure_percentage_threshold: Annotated[int | None, refused(_NOT_HEARD)] = None
    always_eject_one_endpoint: Annotated[bool | None, refused("allowed: false", False)] = None


class TrafficHealth(TheirShape, frozen=True, kw_only=True):
    """How it is found out which endpoints are well."""

    active: TrafficActiveHealth | None = None
    passive: TrafficPassiveHealth | None = None
    panic_threshold: Annotated[int, Meta(ge=0, le=100)] | None = None


class TrafficPerEndpoint(TheirShape, frozen=True, kw_only=True):
    """How much one endpoint may have open."""

    max_connections: Most | None = None


class TrafficBreaker(TheirShape, frozen=True, kw_only=True):
    """How much one proxy may have open at a backend."""

    max_connections: Most | None = None
    max_pending_requests: Most | None = None
    max_parallel_requests: Most | None = None
    max_parallel_retries: Annotated[Refused, refused("allowed: an XBackendTrafficPolicy (retryConstraint)")] = None
    max_requests_per_connection: Most | None = None
    per_endpoint: TrafficPerEndpoint | None = None
    retry_budget: Annotated[Refused, refused("allowed: an XBackendTrafficPolicy (retryConstraint)")] = None


class TrafficConnection(TheirShape, frozen=True, kw_only=True):
    """How connections are held."""

    buffer_limit: Annotated[Refused, refused("allowed: none; bounds of memory are the proxy's own")] = None
    socket_buffer_limit: Annotated[Refused, refused("allowed: none; bounds of memory are the proxy's own")] = None
    preconnect: Annotated[Refused, refused("allowed: none")] = None


class TrafficDNS(TheirShape, frozen=True, kw_only=True):
    """How names are resolved."""

    dns_refresh_rate: Duration | None = None
    respect_dns_ttl: bool | None = None
    lookup_family: Literal["IPv4", "IPv6", "IPv4Preferred", "IPv6Preferred", "IPv4AndIPv6"] | None = None


class TrafficPings(TheirShape, frozen=True, kw_only=True):
    """How connections are asked whether they live."""

    interval: Duration | None = None
    timeout: Duration | None = None
    interval_jitter: Annotated[int | None, differs("PINGs come at the interval")] = None
    idle_interval: Annotated[Duration | None, differs("idle connections are asked as well")] = None


class TrafficHTTP2(TheirShape, frozen=True, kw_only=True):
    """HTTP/2 to backends."""

    initial_stream_window_size: Quantity | None = None
    initial_connection_window_size: Quantity | None = None
    max_concurrent_streams: Annotated[int, Meta(ge=1, le=2_147_483_647)] | None = None
    on_invalid_message: Annotated[
        Literal["TerminateConnection", "TerminateStream"] | None, differs("the stream ends", "TerminateStream")
    ] = None
    connection_keepalive: TrafficPings | None = None
