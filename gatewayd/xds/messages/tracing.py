"""Tracing -> what a connection manager tells of requests as spans, by OTLP.

Envoy writes some attributes by itself, with the whole URL, the user agent and the client's address among them: those
that would tell what users type, or who they are, are written over.
https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/http/http_conn_man/headers
Sampling: https://www.envoyproxy.io/docs/envoy/v1.40.0/intro/arch_overview/observability/tracing#trace-decision
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, assert_never

from envoy.config.core.v3 import base_pb2
from envoy.config.trace.v3 import http_tracer_pb2, opentelemetry_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.extensions.tracers.opentelemetry.samplers.v3 import (
    always_on_sampler_pb2,
    parent_based_sampler_pb2,
    trace_id_ratio_based_sampler_pb2,
)
from envoy.type.tracing.v3 import custom_tag_pb2
from envoy.type.v3 import percent_pb2

from gatewayd.ir.client_settings import ClientSettings
from gatewayd.ir.tracing import TRACE_HEADERS, WHOLE, AttributeSource, ParentDecision, SpanAttribute, Tracing
from gatewayd.xds.encoding import extension, packed
from gatewayd.xds.messages.log_sinks import grpc_server

_HCM: Final = http_connection_manager_pb2.HttpConnectionManager
_TAG: Final = custom_tag_pb2.CustomTag
_PARTS_OF_A_PERCENT: Final = WHOLE // 100
_SAMPLERS: Final = "envoy.tracers.opentelemetry.samplers"
_ROUTE_NAME: Final = "%ROUTE_NAME%"

OPERATORS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "client.address": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
        "client.port": "%DOWNSTREAM_REMOTE_PORT%",
        "http.request.body.size": "%BYTES_RECEIVED%",
        "http.request.method": "%REQ(:METHOD)%",
        "http.response.body.size": "%BYTES_SENT%",
        "http.response.status_code": "%RESPONSE_CODE%",
        "http.route": _ROUTE_NAME,
        "network.protocol.version": "%PROTOCOL%",
        "rpc.grpc.status_code": "%GRPC_STATUS_NUMBER%",
        "server.address": "%REQ(X-FORWARDED-HOST?:AUTHORITY)%",
        "server.port": "%DOWNSTREAM_LOCAL_PORT%",
        "tls.protocol.version": "%DOWNSTREAM_TLS_VERSION%",
        "url.path": "%PATH(NQ:PATH)%",
        "url.query": "%QUERY_PARAMS(ORIG)%",
        "url.scheme": "%REQ(:SCHEME)%",
        "user_agent.original": "%REQ(USER-AGENT)%",
    }
)
"""What Envoy calls each of `ir.tracing.KNOWN_ATTRIBUTES`."""

_OURS: Final = (
    ("gatewayd.route", _ROUTE_NAME),
    ("gatewayd.rule", "%METADATA(ROUTE:gatewayd:rule)%"),
    ("gatewayd.listener", "%FILTER_CHAIN_NAME%"),
)
_INSTEAD: Final = (
    ("http.url", "%REQ(:SCHEME)%://%REQ(X-FORWARDED-HOST?:AUTHORITY)%%PATH(NQ:PATH)%"),
    ("user_agent", "-"),
)
"""In the place of what Envoy writes: the URL without its query, and no user agent."""
_CLIENT: Final = "client.address"
_NO_PEER: Final = ("peer.address", "-")
"""In the place of the address of the connection, which is the client's where no balancer is in front."""


def for_traces(clients: ClientSettings, traces: Tracing) -> ClientSettings:
    """Return how clients may speak where their traces are forgotten: without what says of which they are."""
    if traces.parent is not ParentDecision.FORGOTTEN:
        return clients
    headers = replace(clients.headers, early_remove=(*clients.headers.early_remove, *TRACE_HEADERS))
    return replace(clients, headers=headers)


@lru_cache(maxsize=256)
def tracing_config(traces: Tracing) -> Any:
    """Return the tracing of a connection manager; the same message for all chains of a Gateway, which none changes."""
    return _HCM.Tracing(
        # A client could have each of its requests sampled by a header.
        client_sampling=percent_pb2.Percent(value=0),
        random_sampling=percent_pb2.Percent(value=_passed_on(traces) / _PARTS_OF_A_PERCENT),
        custom_tags=list(_tags(traces)),
        operation=traces.span or _ROUTE_NAME,
        provider=http_tracer_pb2.Tracing.Http(name="envoy.tracers.opentelemetry", typed_config=packed(_otlp(traces))),
    )


def _passed_on(traces: Tracing) -> int:
    """Return of how many requests the sampler is asked: it cannot sample others."""
    return traces.kept if traces.parent is ParentDecision.KEPT else traces.sampled


def _otlp(traces: Tracing) -> Any:
    server = grpc_server(traces.upstream)
    server.initial_metadata.extend(base_pb2.HeaderValue(key=each.name, value=each.value) for each in traces.headers)
    return opentelemetry_pb2.OpenTelemetryConfig(
        grpc_service=server, service_name=traces.service, sampler=_sampler(traces)
    )


def _sampler(traces: Tracing) -> Any:
    """Return what decides beside the connection manager, of whose requests only some come here; None for nothing."""
    match traces.parent:
        case ParentDecision.KEPT:
            parts = percent_pb2.FractionalPercent(
                numerator=traces.sampled * WHOLE // max(traces.kept, 1),
                denominator=percent_pb2.FractionalPercent.TEN_THOUSAND,
            )
            ratio = trace_id_ratio_based_sampler_pb2.TraceIdRatioBasedSamplerConfig(sampling_percentage=parts)
            of_others = extension(f"{_SAMPLERS}.trace_id_ratio_based", ratio)
            config = parent_based_sampler_pb2.ParentBasedSamplerConfig(wrapped_sampler=of_others)
            return extension(f"{_SAMPLERS}.parent_based", config)
        case ParentDecision.REPLACED:
            return extension(f"{_SAMPLERS}.always_on", always_on_sampler_pb2.AlwaysOnSamplerConfig())
        case ParentDecision.FORGOTTEN:
            return None
        case _:
            assert_never(traces.parent)


def _tags(traces: Tracing) -> Iterator[Any]:
    yield _TAG(tag="gatewayd.gateway", literal=_TAG.Literal(value=traces.gateway))
    is_told = any(each.source is AttributeSource.KNOWN and each.value == _CLIENT for each in traces.attributes)
    for name, operator in (*_OURS, *_INSTEAD, *(() if is_told else (_NO_PEER,))):
        yield _TAG(tag=name, value=operator)
    yield from map(_tag, traces.attributes)


def _tag(attribute: SpanAttribute) -> Any:
    match attribute.source:
        case AttributeSource.HEADER:
            return _TAG(tag=attribute.name, request_header=_TAG.Header(name=attribute.value))
        case AttributeSource.LITERAL:
            return _TAG(tag=attribute.name, literal=_TAG.Literal(value=attribute.value))
        case AttributeSource.KNOWN:
            return _TAG(tag=attribute.name, value=OPERATORS[attribute.value])
        case _:
            assert_never(attribute.source)
