"""XTelemetryPolicy: where the proxies of a Gateway send spans of its requests, and of how many.

https://gateway-api.sigs.k8s.io/geps/gep-4768/
"""

from typing import Annotated, Literal

from msgspec import Meta

from gatewayd.api.filters import Fraction, HTTPHeader
from gatewayd.api.meta import KubernetesObject, Shape
from gatewayd.api.refs import BackendObjectRef, LocalObjectRef
from gatewayd.api.scalars import HeaderName, map_list

Mode = Literal["Enabled", "Disabled", "ImplementationDefault"]
TraceName = Annotated[
    str,
    Meta(min_length=1, max_length=256, description="letters, digits and any of _.:/-", pattern=r"^[a-zA-Z0-9_.:/-]+\Z"),
]
ServiceName = Annotated[
    str,
    Meta(min_length=1, max_length=253, description="letters, digits and any of _.:/-", pattern=r"^[a-zA-Z0-9_.:/-]+\Z"),
]
SpanName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=256,
        description="letters, digits and any of _.:/-, with single spaces in between",
        pattern=r"^[a-zA-Z0-9_.:/-]+( [a-zA-Z0-9_.:/-]+)*\Z",
    ),
]
AttributeKey = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=256,
        description="lower-case letters, digits and any of _.-",
        pattern=r"^[a-z0-9_.-]+\Z",
    ),
]


class TelemetryAttribute(Shape, frozen=True, kw_only=True):
    """What every span says under `name`: a header of the request, a text, or what OpenTelemetry calls so."""

    name: TraceName
    source_type: Literal["Header", "Literal", "Attribute"]
    header_name: HeaderName | None = None
    literal_value: Annotated[str, Meta(min_length=1, max_length=1024)] | None = None
    attribute_key: AttributeKey | None = None


class TracingProvider(Shape, frozen=True, kw_only=True):
    """A server that takes spans by OTLP, and headers that it is sent."""

    backend_ref: BackendObjectRef
    headers: Annotated[tuple[HTTPHeader, ...], Meta(max_length=16, extra=map_list("name"))] = ()


class ParentBasedSampling(Shape, frozen=True, kw_only=True):
    """Whether the client's decision counts where it has made one; `sampling_rate` of those that it samples."""

    mode: Mode = "ImplementationDefault"
    sampling_rate: Fraction | None = None


class TracingConfig(Shape, frozen=True, kw_only=True):
    """What becomes a trace, and what its spans say."""

    mode: Mode = "ImplementationDefault"
    provider: TracingProvider | None = None
    sampling_rate: Fraction | None = None
    parent_based_sampling: ParentBasedSampling | None = None
    service_name: ServiceName | None = None
    span_name: SpanName | None = None
    attributes: Annotated[tuple[TelemetryAttribute, ...], Meta(extra=map_list("name"))] | None = None


class XTelemetryPolicySpec(Shape, frozen=True, kw_only=True):
    """Which Gateways, and what of their requests is told."""

    target_refs: Annotated[tuple[LocalObjectRef, ...], Meta(min_length=1, max_length=16)]
    tracing: TracingConfig | None = None


class XTelemetryPolicy(KubernetesObject, frozen=True, kw_only=True):
    """An XTelemetryPolicy."""

    spec: XTelemetryPolicySpec
