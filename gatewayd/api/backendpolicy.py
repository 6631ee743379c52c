"""BackendPolicy: how proxies speak to a backend, and what they ask of it. A kind of our own group.

It is for a Service (or one port of it, by name) or an XBackend, and as a default or an override for those of a
namespace, and of all that a Gateway, or the Gateways of a class, lead to.
"""

from typing import Annotated, Literal

from msgspec import Meta

from gatewayd.api.inherited import OwnTargetRef, PolicyPart, PolicySection, Sections
from gatewayd.api.meta import KubernetesObject
from gatewayd.api.scalars import (
    Duration,
    HeaderName,
    ObjectName,
    Percent,
    PortNumber,
    PositiveCount,
    PreciseHostname,
    map_list,
)

BackendTargetKind = Literal["GatewayClass", "Gateway", "Namespace", "Service", "ServiceImport", "XBackend"]
WindowBytes = Annotated[int, Meta(ge=65_535, le=67_108_864)]
Status = Annotated[int, Meta(ge=200, le=599)]
CheckPath = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=1024,
        description="a path that begins with '/', of visible ASCII",
        pattern=r"^/[!-~]*\Z",
    ),
]
GRPCService = Annotated[str, Meta(max_length=253, description="a name of a gRPC service", pattern=r"^[A-Za-z0-9_.]*\Z")]


class BackendTargetRef(OwnTargetRef, frozen=True, kw_only=True):
    """What a policy of backends is for: an object, or one port of a Service by its name (`sectionName`).

    A Namespace without a name is the policy's own.
    """

    kind: BackendTargetKind


class LimitsSection(PolicySection, frozen=True, kw_only=True):
    """How much one proxy may have open at a backend at a time; what is beyond waits, or gets a 503.

    `connectionsPerEndpoint` is for each of its endpoints. After `requestsPerConnection` a connection is made anew.
    """

    connections: PositiveCount | None = None
    pending_requests: PositiveCount | None = None
    requests: PositiveCount | None = None
    connections_per_endpoint: PositiveCount | None = None
    requests_per_connection: PositiveCount | None = None


class TCPKeepalive(PolicyPart, frozen=True, kw_only=True):
    """After `idle` (3m) without a byte ask every `interval` (30s); after `probes` (3) without an answer it is dead."""

    idle: Duration | None = None
    interval: Duration | None = None
    probes: Annotated[int, Meta(ge=1, le=100)] | None = None


class ConnectionSection(PolicySection, frozen=True, kw_only=True):
    """How long a connection may take to be made (5s) and be idle (50s), and what is said at its beginning."""

    connect_timeout: Duration | None = None
    idle_timeout: Duration | None = None
    tcp_keepalive: TCPKeepalive | None = None
    proxy_protocol: Literal["V1", "V2"] | None = None


class HTTP2Keepalive(PolicyPart, frozen=True, kw_only=True):
    """Ask with a PING every `interval`; a connection without an answer for `timeout` is closed."""

    interval: Duration
    timeout: Duration


class BackendHTTP2Section(PolicySection, frozen=True, kw_only=True):
    """HTTP/2 to those backends that speak it."""

    max_concurrent_streams: PositiveCount | None = None
    stream_window_bytes: WindowBytes | None = None
    connection_window_bytes: WindowBytes | None = None
    keepalive: HTTP2Keepalive | None = None


class HTTPHealthCheck(PolicyPart, frozen=True, kw_only=True):
    """Ask for `path` of `host` ("localhost"); one of the statuses (200) is good."""

    path: CheckPath
    host: PreciseHostname | None = None
    statuses: Annotated[tuple[Status, ...], Meta(max_length=16)] = ()


class GRPCHealthCheck(PolicyPart, frozen=True, kw_only=True):
    """Ask the gRPC health service, for a `service` or for the server as a whole."""

    service: GRPCService | None = None


class TCPHealthCheck(PolicyPart, frozen=True, kw_only=True):
    """A connection that can be made is good."""


class ActiveHealthSection(PolicySection, frozen=True, kw_only=True):
    """Each proxy asks each endpoint in one way, every `interval` (5s), and waits `timeout` (1s).

    After `unhealthyAfter` (3) bad answers in a row it gets no requests, until `healthyAfter` (2) good ones.
    """

    http: HTTPHealthCheck | None = None
    grpc: GRPCHealthCheck | None = None
    tcp: TCPHealthCheck | None = None
    port: PortNumber | None = None
    interval: Duration | None = None
    timeout: Duration | None = None
    unhealthy_after: Annotated[int, Meta(ge=1, le=100)] | None = None
    healthy_after: Annotated[int, Meta(ge=1, le=100)] | None = None


class PassiveHealthSection(PolicySection, frozen=True, kw_only=True):
    """An endpoint that fails so often in a row gets no requests for `baseEjection` (30s), longer each time.

    Errors are answers of 500 and more (5); gateway errors are 502, 503 and 504, and where nobody answers (off). Never
    more than `maxEjectionPercent` (50) of the endpoints are left out. `interval` (10s): how often they may come back.
    """

    consecutive_errors: Annotated[int, Meta(ge=1, le=1000)] | None = None
    consecutive_gateway_errors: Annotated[int, Meta(ge=1, le=1000)] | None = None
    interval: Duration | None = None
    base_ejection: Duration | None = None
    max_ejection_percent: Percent | None = None


class HashSource(PolicyPart, frozen=True, kw_only=True):
    """What of a request tells the endpoint: a header, a cookie, a parameter of the query, or the client's address.

    A cookie with a `ttl` is set by the proxy where the client has none ("0s": until the browser is closed).
    """

    type: Literal["Header", "Cookie", "Query", "Address"]
    name: HeaderName | None = None
    ttl: Duration | None = None


class LoadBalancingSection(PolicySection, frozen=True, kw_only=True):
    """Which endpoint gets a request; LeastRequest when `type` is left out.

    RingHash and Maglev send what is equal in `hashOn` to the same one. A new endpoint gets its full share after
    `slowStart`. When less than `panicPercent` of the endpoints are healthy, all of them are used.
    """

    type: Literal["LeastRequest", "RoundRobin", "Random", "RingHash", "Maglev"] | None = None
    hash_on: Annotated[tuple[HashSource, ...], Meta(max_length=4)] = ()
    slow_start: Duration | None = None
    panic_percent: Percent | None = None


class DNSSection(PolicySection, frozen=True, kw_only=True):
    """How the names of backends outside are resolved: by IPv4 first, and as long as the answer says."""

    family: Literal["V4Preferred", "V4", "V6", "V6Preferred", "All"] | None = None
    refresh: Duration | None = None


class FailoverTarget(PolicyPart, frozen=True, kw_only=True):
    """A port of a Service of the policy's namespace."""

    name: ObjectName
    port: PortNumber


class FailoverSection(PolicySection, frozen=True, kw_only=True):
    """Who gets the requests while too few endpoints are healthy: the first of these Services, then the next one."""

    services: Annotated[tuple[FailoverTarget, ...], Meta(max_length=3, extra=map_list("name", "port"))] = ()


class BackendSections(Sections, frozen=True, kw_only=True):
    """How a backend is spoken to."""

    load_balancing: LoadBalancingSection | None = None
    active_health: ActiveHealthSection | None = None
    passive_health: PassiveHealthSection | None = None
    failover: FailoverSection | None = None
    limits: LimitsSection | None = None
    connection: ConnectionSection | None = None
    http2: BackendHTTP2Section | None = None
    dns: DNSSection | None = None


class BackendPolicySpec(PolicyPart, frozen=True, kw_only=True):
    """What the policy is for, and either a default or an override."""

    target_refs: Annotated[tuple[BackendTargetRef, ...], Meta(min_length=1, max_length=16)]
    default: BackendSections | None = None
    override: BackendSections | None = None


class BackendPolicy(KubernetesObject, frozen=True, kw_only=True):
    """How proxies speak to backends: load balancing, health, limits, connections."""

    spec: BackendPolicySpec
