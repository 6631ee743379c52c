from dataclasses import replace
from typing import Any

import pytest
from envoy.config.trace.v3 import opentelemetry_pb2
from envoy.extensions.tracers.opentelemetry.samplers.v3 import (
    parent_based_sampler_pb2,
    trace_id_ratio_based_sampler_pb2,
)

from gatewayd.ir.backend import Protocol, Upstream
from gatewayd.ir.client_settings import STANDARD_CLIENTS
from gatewayd.ir.filters import Header
from gatewayd.ir.tracing import KNOWN_ATTRIBUTES, AttributeSource, ParentDecision, SpanAttribute, Tracing
from gatewayd.xds.messages.tracing import OPERATORS, for_traces, tracing_config

TRACES = Tracing(
    gateway="shop/edge",
    upstream=Upstream(kind="Service", namespace="shop", name="collector", port=4317, protocol=Protocol.HTTP2),
    headers=(Header(name="authorization", value="secret"),),
    service="edge.shop",
    span="",
    sampled=500,
    kept=1000,
    parent=ParentDecision.FORGOTTEN,
    attributes=(
        SpanAttribute(name="path", source=AttributeSource.KNOWN, value="url.path"),
        SpanAttribute(name="team", source=AttributeSource.LITERAL, value="web"),
        SpanAttribute(name="tenant", source=AttributeSource.HEADER, value="x-tenant"),
    ),
)


def otlp(traces: Tracing) -> Any:
    return opentelemetry_pb2.OpenTelemetryConfig.FromString(tracing_config(traces).provider.typed_config.value)


def tags(traces: Tracing) -> dict[str, Any]:
    return {each.tag: each for each in tracing_config(traces).custom_tags}


def test_every_attribute_has_an_operator() -> None:
    assert tuple(OPERATORS) == KNOWN_ATTRIBUTES


def test_whom_spans_are_sent() -> None:
    config = otlp(TRACES)
    assert config.grpc_service.envoy_grpc.cluster_name == "shop/collector/4317/http2"
    assert [(each.key, each.value) for each in config.grpc_service.initial_metadata] == [("authorization", "secret")]
    assert config.service_name == "edge.shop"
    assert tracing_config(TRACES).provider.name == "envoy.tracers.opentelemetry"


def test_what_spans_say() -> None:
    found = tags(TRACES)
    assert found["gatewayd.gateway"].literal.value == "shop/edge"
    assert (found["path"].value, found["team"].literal.value) == ("%PATH(NQ:PATH)%", "web")
    assert found["tenant"].request_header.name == "x-tenant"
    assert tracing_config(TRACES).operation == "%ROUTE_NAME%"
    assert tracing_config(replace(TRACES, span="ingress")).operation == "ingress"


def test_nothing_says_what_users_type_unless_it_is_asked_for() -> None:
    """Envoy writes both by itself."""
    found = tags(TRACES)
    assert "QUERY" not in found["http.url"].value
    assert found["user_agent"].value == "-"
    assert found["peer.address"].value == "-"


def test_the_address_of_the_connection_is_told_where_that_of_the_client_is() -> None:
    asked = SpanAttribute(name="from", source=AttributeSource.KNOWN, value="client.address")
    assert "peer.address" not in tags(replace(TRACES, attributes=(asked,)))


@pytest.mark.parametrize(
    ("parent", "asked"),
    [(ParentDecision.FORGOTTEN, 5.0), (ParentDecision.REPLACED, 5.0), (ParentDecision.KEPT, 10.0)],
)
def test_of_how_many_the_connection_manager_asks(parent: ParentDecision, asked: float) -> None:
    config = tracing_config(replace(TRACES, parent=parent))
    assert (config.random_sampling.value, config.client_sampling.value) == (asked, 0.0)
    assert config.HasField("client_sampling")
    assert not config.HasField("overall_sampling")


def test_samplers() -> None:
    assert not otlp(TRACES).HasField("sampler")
    assert otlp(replace(TRACES, parent=ParentDecision.REPLACED)).sampler.name.endswith(".always_on")
    sampler = otlp(replace(TRACES, parent=ParentDecision.KEPT)).sampler
    assert sampler.name.endswith(".parent_based")
    others = parent_based_sampler_pb2.ParentBasedSamplerConfig.FromString(sampler.typed_config.value).wrapped_sampler
    ratio = trace_id_ratio_based_sampler_pb2.TraceIdRatioBasedSamplerConfig.FromString(others.typed_config.value)
    # Of the tenth that is asked, half are the twentieth of all.
    assert ratio.sampling_percentage.numerator == 5000


def test_what_each_span_has() -> None:
    found = {name: each.value for name, each in tags(TRACES).items()}
    assert found["gatewayd.route"] == "%ROUTE_NAME%"
    assert found["gatewayd.rule"] == "%METADATA(ROUTE:gatewayd:rule)%"
    assert found["gatewayd.listener"] == "%FILTER_CHAIN_NAME%"
    assert found["http.url"].startswith("%REQ(:SCHEME)%://")


def test_the_traces_of_strangers_are_forgotten() -> None:
    assert for_traces(STANDARD_CLIENTS, TRACES).headers.early_remove == ("traceparent", "tracestate")
    other = replace(STANDARD_CLIENTS, headers=replace(STANDARD_CLIENTS.headers, early_remove=("x-other",)))
    assert for_traces(other, TRACES).headers.early_remove == ("x-other", "traceparent", "tracestate")
    assert for_traces(STANDARD_CLIENTS, replace(TRACES, parent=ParentDecision.KEPT)) == STANDARD_CLIENTS
