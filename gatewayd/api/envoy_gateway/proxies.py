"""EnvoyProxy of Envoy Gateway, as a Gateway or its class names one: what proxies tell, field by field.

https://gateway.envoyproxy.io/docs/api/extension_types/#envoyproxyspec
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, field

from gatewayd.api.envoy_gateway.fields import (
    Refused,
    TheirServer,
    TheirShape,
    differs,
    refused,
)
from gatewayd.api.filters import Fraction, HTTPHeader
from gatewayd.api.scalars import PortNumber

_PARAMETERS: Final = "allowed: parametersRef with a ConfigMap says what runs"
_SERVER: Final = "allowed: backendRefs"
_COUNTED: Final = "allowed: none; what proxies count is always there"
_RESOURCE: Final = "allowed: none; what is sent says which Gateway it is of"


class ProxyLogFormat(TheirShape, frozen=True, kw_only=True):
    """What a line says."""

    type: Literal["Text", "JSON"] | None = None
    text: str | None = None
    json: dict[str, str] | None = None


class ProxyLogFile(TheirShape, frozen=True, kw_only=True):
    """A file."""

    path: Annotated[str, refused("allowed: /dev/stdout", "/dev/stdout")] = "/dev/stdout"


class ProxyLogService(TheirServer, frozen=True, kw_only=True):
    """A server that takes lines by Envoy's access log service."""

    log_name: Annotated[str | None, differs("the name is that of the Gateway")] = None
    type: Annotated[Literal["HTTP", "TCP"] | None, differs("requests and connections are sent to it alike")] = None
    http: Annotated[Refused, refused("allowed: none; no header is sent that nobody needs")] = None


class ProxyLogCollector(TheirServer, frozen=True, kw_only=True):
    """A server that takes lines by OTLP."""

    host: Annotated[Refused, refused(_SERVER)] = None
    port: Annotated[PortNumber | None, differs("the port is that of backendRefs", 4317)] = None
    resources: Annotated[Refused, refused(_RESOURCE)] = None
    resource_attributes: Annotated[Refused, refused(_RESOURCE)] = None
    headers: Annotated[Refused, refused("allowed: none")] = None


class ProxyLogSink(TheirShape, frozen=True, kw_only=True):
    """Where lines go."""

    type: Literal["File", "ALS", "OpenTelemetry"] = "File"
    file: ProxyLogFile | None = None
    als: ProxyLogService | None = None
    open_telemetry: ProxyLogCollector | None = None


class ProxyLogSetting(TheirShape, frozen=True, kw_only=True):
    """What is logged and where it goes."""

    format: Annotated[
        ProxyLogFormat | None, differs("lines are JSON, with the names that docs/access-logs.md has")
    ] = None  # fmt: skip
    matches: Annotated[tuple[str, ...], Meta(max_length=10)] = ()
    sinks: Annotated[tuple[ProxyLogSink, ...], Meta(max_length=50)] = ()
    type: Annotated[
        Literal["Listener", "Route", "Upstream"] | None,
        refused("allowed: Route, which is of requests and connections that a route takes", "Route"),
    ] = None


class ProxyLog(TheirShape, frozen=True, kw_only=True):
    """The access log."""

    disable: bool | None = None
    settings: Annotated[tuple[ProxyLogSetting, ...], Meta(max_length=50)] = ()


class LiteralTag(TheirShape, frozen=True, kw_only=True):
    """A text."""

    value: str


class HeaderTag(TheirShape, frozen=True, kw_only=True):
    """A header of the request."""

    name: str
    default_value: str | None = None


class CustomTag(TheirShape, frozen=True, kw_only=True):
    """What every span says under a name."""

    type: Literal["Literal", "Environment", "RequestHeader"] = "Literal"
    literal: LiteralTag | None = None
    environment: Refused = None
    request_header: HeaderTag | None = None


class SpanNames(TheirShape, frozen=True, kw_only=True):
    """What spans are called."""

    client: str
    server: Annotated[str, differs("all spans have the name of client")]


class ProxyOTLP(TheirShape, frozen=True, kw_only=True):
    """How OTLP is spoken."""

    headers: Annotated[tuple[HTTPHeader, ...], Meta(max_length=32)] = ()
    resource_attributes: Annotated[Refused, refused(_RESOURCE)] = None
    sampler: Annotated[Refused, refused("allowed: samplingRate, samplingFraction")] = None


class TraceProvider(TheirServer, frozen=True, kw_only=True):
    """Who takes spans."""

    type: Annotated[
        Literal["OpenTelemetry", "Zipkin", "Datadog"], refused("allowed: OpenTelemetry", "OpenTelemetry")
    ] = "OpenTelemetry"  # fmt: skip
    host: Annotated[Refused, refused(_SERVER)] = None
    port: Annotated[PortNumber | None, differs("the port is that of backendRefs", 4317)] = None
    service_name: str | None = None
    zipkin: Annotated[Refused, refused("allowed: openTelemetry")] = None
    open_telemetry: ProxyOTLP | None = None


class ProxyTracing(TheirShape, frozen=True, kw_only=True):
    """What becomes a trace."""

    sampling_rate: Annotated[int, Meta(ge=0, le=100)] | None = None
    sampling_fraction: Fraction | None = None
    client_sampling_fraction: Annotated[
        Refused, refused("allowed: none; no x-client-trace-id has a request traced")
    ] = None  # fmt: skip
    overall_sampling_fraction: Annotated[Refused, refused("allowed: samplingFraction")] = None
    custom_tags: dict[str, CustomTag] | None = None
    tags: dict[str, str] | None = None
    span_name: SpanNames | None = None
    provider: TraceProvider


class ProxyPrometheus(TheirShape, frozen=True, kw_only=True):
    """Metrics as they are scraped."""

    disable: Annotated[bool | None, refused("allowed: false", False)] = None
    compression: Annotated[Refused, differs("what is scraped is not compressed")] = None


class ProxyMetrics(TheirShape, frozen=True, kw_only=True):
    """What proxies count."""

    prometheus: ProxyPrometheus | None = None
    sinks: Annotated[Refused, refused("allowed: none; metrics are scraped", [])] = None
    matches: Annotated[Refused, refused(_COUNTED, [])] = None
    enable_virtual_host_stats: Annotated[bool | None, refused("allowed: metrics of a ReportPolicy", False)] = None
    enable_per_endpoint_stats: Annotated[bool | None, refused("allowed: false", False)] = None
    enable_request_response_sizes_stats: Annotated[bool | None, refused("allowed: false", False)] = None
    enable_grpc_stats: Annotated[bool | None, refused("allowed: false", False)] = field(
        name="enableGRPCStats", default=None
    )
    cluster_stat_name: Annotated[str | None, differs("clusters have the names of Services")] = None


class ProxyTelemetry(TheirShape, frozen=True, kw_only=True):
    """What proxies tell."""

    access_log: ProxyLog | None = None
    tracing: ProxyTracing | None = None
    metrics: ProxyMetrics | None = None
    request_id: Annotated[Refused, refused("allowed: none; x-request-id is made anew")] = field(
        name="requestID", default=None
    )
    health_check_log: Annotated[Refused, refused("allowed: none")] = None


class EnvoyProxySpec(TheirShape, frozen=True, kw_only=True):
    """What runs, and what it tells."""

    merge_type: Literal["Replace", "StrategicMerge", "JSONMerge"] | None = None
    telemetry: ProxyTelemetry | None = None
    provider: Annotated[Refused, refused(_PARAMETERS)] = None
    logging: Annotated[Refused, refused(_PARAMETERS, {"level": {"default": "warn"}})] = None
    bootstrap: Annotated[Refused, refused("allowed: none")] = None
    concurrency: Annotated[Refused, refused(_PARAMETERS)] = None
    routing_type: Annotated[str | None, refused("allowed: Endpoint", "Endpoint")] = None
    extra_args: Annotated[Refused, refused(_PARAMETERS, [])] = None
    merge_gateways: Annotated[bool | None, refused("allowed: false; ListenerSets share a Gateway", False)] = None
    merge_backends: Annotated[Refused, differs("routes that lead to one backend share a cluster anyway")] = None
    shutdown: Annotated[Refused, refused(_PARAMETERS)] = None
    filter_order: Annotated[Refused, refused("allowed: none; the order is the same everywhere", [])] = None
    backend_tls: Annotated[Refused, refused("allowed: spec.tls.backend of the Gateway")] = field(
        name="backendTLS", default=None
    )
    ip_family: Annotated[Refused, refused("allowed: none; listeners take both families")] = field(
        name="ipFamily", default=None
    )
    preserve_route_order: Annotated[bool | None, refused("allowed: false", False)] = None
    lua_validation: Annotated[Refused, refused("allowed: none; scripts are always looked at")] = None
    dynamic_modules: Annotated[Refused, refused("allowed: none", [])] = None
    geo_ip: Annotated[Refused, refused("allowed: none")] = field(name="geoIP", default=None)
