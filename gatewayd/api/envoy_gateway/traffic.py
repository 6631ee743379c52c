"""BackendTrafficPolicy of Envoy Gateway: what happens to a request on its way, field by field.

https://gateway.envoyproxy.io/docs/api/extension_types/#backendtrafficpolicyspec
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from gatewayd.api.envoy_gateway.backends import (
    TrafficBalancing,
    TrafficBreaker,
    TrafficConnection,
    TrafficDNS,
    TrafficHealth,
    TrafficHTTP2,
    TrafficKeepalive,
    TrafficProxyProtocol,
)
from gatewayd.api.envoy_gateway.fields import Refused, TheirPolicySpec, TheirShape, differs, refused
from gatewayd.api.envoy_gateway.limits import TrafficBandwidth, TrafficLimits
from gatewayd.api.filters import Fraction
from gatewayd.api.scalars import Duration, HeaderValue

Quantity = Annotated[int, Meta(ge=0)] | Annotated[str, Meta(min_length=1, max_length=32)]
Percentage = Annotated[float, Meta(ge=0, le=100)]
_OF_GATEWAY = "allowed: an XTelemetryPolicy for the Gateway"


class TrafficTCPTimeout(TheirShape, frozen=True, kw_only=True):
    """How long it may take to connect."""

    connect_timeout: Duration | None = None


class TrafficHTTPTimeout(TheirShape, frozen=True, kw_only=True):
    """How long requests and connections may take."""

    connection_idle_timeout: Duration | None = None
    max_connection_duration: Annotated[Refused, refused("allowed: connectionIdleTimeout")] = None
    request_timeout: Duration | None = None
    max_stream_duration: Annotated[Refused, refused("allowed: requestTimeout")] = None
    stream_idle_timeout: Duration | None = None


class TrafficTimeout(TheirShape, frozen=True, kw_only=True):
    """How long things may take."""

    tcp: TrafficTCPTimeout | None = None
    http: TrafficHTTPTimeout | None = None


Trigger = Literal[
    "5xx",
    "gateway-error",
    "reset",
    "reset-before-request",
    "connect-failure",
    "retriable-4xx",
    "refused-stream",
    "retriable-status-codes",
    "cancelled",
    "deadline-exceeded",
    "internal",
    "resource-exhausted",
    "unavailable",
]


class TrafficRetryOn(TheirShape, frozen=True, kw_only=True):
    """When to try again."""

    triggers: tuple[Trigger, ...] = ()
    http_status_codes: tuple[Annotated[int, Meta(ge=100, le=599)], ...] = field(name="httpStatusCodes", default=())


class TrafficBackOff(TheirShape, frozen=True, kw_only=True):
    """How long to wait before."""

    base_interval: Duration | None = None
    max_interval: Annotated[Duration | None, differs("waits grow up to ten times the baseInterval")] = None


class TrafficPerRetry(TheirShape, frozen=True, kw_only=True):
    """What counts for each try."""

    timeout: Duration | None = None
    back_off: TrafficBackOff | None = None


class TrafficRetry(TheirShape, frozen=True, kw_only=True):
    """How often to try again."""

    num_retries: Annotated[int, Meta(ge=0)] = 2
    num_attempts_per_priority: Annotated[
        int | None, differs("another endpoint is tried, those that failed last of all")
    ] = None
    retry_on: TrafficRetryOn | None = None
    per_retry: TrafficPerRetry | None = None


class TrafficDelay(TheirShape, frozen=True, kw_only=True):
    """Let requests wait."""

    fixed_delay: Duration
    percentage: Percentage = 100.0


class TrafficAbort(TheirShape, frozen=True, kw_only=True):
    """Answer with an error."""

    http_status: Annotated[int, Meta(ge=200, le=600)] | None = None
    grpc_status: Annotated[Refused, refused("allowed: httpStatus")] = None
    percentage: Percentage = 100.0


class TrafficFault(TheirShape, frozen=True, kw_only=True):
    """Try out what others do when something fails."""

    delay: TrafficDelay | None = None
    abort: TrafficAbort | None = None


class TrafficCodec(TheirShape, frozen=True, kw_only=True):
    """Settings of a codec, of which there are none."""


class TrafficCompression(TheirShape, frozen=True, kw_only=True):
    """One way to compress responses."""

    type: Literal["Gzip", "Brotli", "Zstd"]
    brotli: TrafficCodec | None = None
    gzip: TrafficCodec | None = None
    zstd: TrafficCodec | None = None
    min_content_length: Quantity | None = None


class TrafficStatusRange(TheirShape, frozen=True, kw_only=True):
    """Statuses from one to another."""

    start: int
    end: int


class TrafficStatus(TheirShape, frozen=True, kw_only=True):
    """One status, or several."""

    type: Literal["Value", "Range"] = "Value"
    value: int | None = None
    range: TrafficStatusRange | None = None


class TrafficOverrideMatch(TheirShape, frozen=True, kw_only=True):
    """Which responses are meant."""

    status_codes: Annotated[tuple[TrafficStatus, ...], Meta(max_length=50)] = ()
    response_headers: Annotated[Refused, refused("allowed: statusCodes")] = None


class TrafficBody(TheirShape, frozen=True, kw_only=True):
    """What is said."""

    type: Literal["Inline", "ValueRef"] = "Inline"
    inline: str | None = None
    value_ref: Annotated[Refused, refused("allowed: inline")] = None


class TrafficResponse(TheirShape, frozen=True, kw_only=True):
    """What takes the place of a response."""

    content_type: HeaderValue | None = None
    body: TrafficBody | None = None
    status_code: Annotated[Refused, refused("allowed: none; the status stays")] = None
    header: Annotated[Refused, refused("allowed: contentType")] = None


class TrafficOverride(TheirShape, frozen=True, kw_only=True):
    """What takes the place of which responses."""

    match: TrafficOverrideMatch
    response: TrafficResponse | None = None
    redirect: Annotated[Refused, refused("allowed: response")] = None
    source: Annotated[Literal["All", "Local", "Backend"] | None, refused("allowed: All", "All")] = None


class TrafficUpgrade(TheirShape, frozen=True, kw_only=True):
    """What connections may become."""

    type: Annotated[str, refused("allowed: websocket, which needs no policy", "websocket")]
    connect: Annotated[Refused, refused("allowed: websocket")] = None


class TrafficBuffer(TheirShape, frozen=True, kw_only=True):
    """How long the body of a request may be, which goes on as a whole."""

    limit: Quantity


class TrafficTracing(TheirShape, frozen=True, kw_only=True):
    """How many requests become traces, and what their spans say."""

    sampling_fraction: Fraction | None = None
    client_sampling_fraction: Annotated[Refused, refused(_OF_GATEWAY)] = None
    overall_sampling_fraction: Annotated[Refused, refused("allowed: samplingFraction")] = None
    custom_tags: Annotated[Refused, refused(_OF_GATEWAY)] = None
    tags: Annotated[Refused, refused(_OF_GATEWAY)] = None
    span_name: Annotated[Refused, refused(_OF_GATEWAY)] = None


class TrafficMetrics(TheirShape, frozen=True, kw_only=True):
    """What requests are counted under."""

    route_stat_name: Annotated[
        str | None, differs("requests are counted under kind, namespace and name of the route, whatever the pattern")
    ] = None


class TrafficTelemetry(TheirShape, frozen=True, kw_only=True):
    """What is told of requests."""

    tracing: TrafficTracing | None = None
    metrics: TrafficMetrics | None = None


class BackendTrafficPolicySpec(TheirPolicySpec, frozen=True, kw_only=True):
    """What happens to a request on its way."""

    load_balancer: TrafficBalancing | None = None
    retry: TrafficRetry | None = None
    proxy_protocol: TrafficProxyProtocol | None = None
    tcp_keepalive: TrafficKeepalive | None = None
    health_check: TrafficHealth | None = None
    circuit_breaker: TrafficBreaker | None = None
    timeout: TrafficTimeout | None = None
    connection: TrafficConnection | None = None
    dns: TrafficDNS | None = None
    http2: TrafficHTTP2 | None = None
    rate_limit: TrafficLimits | None = None
    bandwidth_limit: TrafficBandwidth | None = None
    fault_injection: TrafficFault | None = None
    admission_control: Annotated[Refused, refused("allowed: none")] = None
    use_client_protocol: Annotated[bool | None, refused("allowed: false, or appProtocol of a Service", False)] = None
    compression: tuple[TrafficCompression, ...] = ()
    compressor: tuple[TrafficCompression, ...] = ()
    response_override: tuple[TrafficOverride, ...] = ()
    http_upgrade: tuple[TrafficUpgrade, ...] = ()
    request_buffer: TrafficBuffer | None = None
    telemetry: TrafficTelemetry | None = None
    routing_type: Annotated[str | None, refused("allowed: Endpoint", "Endpoint")] = None
