"""ReportPolicy: what proxies write down of requests. A kind of our own group, for those who run Gateways."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from gatewayd.api.accesspolicy import PolicyBackendRef, Word
from gatewayd.api.inherited import InheritedSpec, PolicyPart, PolicySection, Sections
from gatewayd.api.meta import KubernetesObject
from gatewayd.api.scalars import SET, Count, Duration, HeaderName, PositiveCount, map_list

LogField = Literal[
    "usual",
    "time",
    "client",
    "method",
    "host",
    "path",
    "protocol",
    "status",
    "grpc_status",
    "flags",
    "details",
    "failure",
    "duration_ms",
    "upstream_ms",
    "bytes_in",
    "bytes_out",
    "route",
    "cluster",
    "upstream",
    "gateway",
    "listener",
    "port",
    "server_name",
    "request_id",
    "query",
    "user_agent",
    "referer",
    "rule_name",
    "attempts",
    "tls_version",
    "closed_by",
]


USUAL: Final = "usual"
"""Stands for all fields but those that are there on request only."""
SENT_BY_ALS: Final = ("client", "query", "user_agent", "referer")
"""Fields of users that nobody need ask for, and that the messages of Envoy's log service always have."""
SENT_USUALLY: Final = frozenset({"client"})
"""Those of them that `usual` asks for."""


class LogHeader(PolicyPart, frozen=True, kw_only=True):
    """A header that a request has, with one of `values`; without these, with any."""

    name: HeaderName
    values: Annotated[tuple[Word, ...], Meta(max_length=8, extra=SET)] = ()


class LogSink(PolicyPart, frozen=True, kw_only=True):
    """Where lines go: a proxy's own output, or the server of `backendRef`, by gRPC.

    It is spoken to by OTLP, with the fields as attributes of a log record, or by Envoy's access log service (ALS).
    """

    type: Literal["Output", "OTLP", "ALS"]
    backend_ref: PolicyBackendRef | None = None


class AccessLogSection(PolicySection, frozen=True, kw_only=True):
    """What is logged: `fields` (usual: those of everybody), from a status on, or what took at least so long.

    Or requests with one of `withHeaders`. It goes to `sinks`; where none are named, to a proxy's own output.
    """

    write: Literal["All", "Nothing"] | None = None
    fields: Annotated[tuple[LogField, ...], Meta(max_length=32, extra=SET)] = ()
    min_status: Annotated[int, Meta(ge=100, le=599)] | None = None
    min_duration: Duration | None = None
    with_headers: Annotated[tuple[LogHeader, ...], Meta(max_length=8, extra=map_list("name"))] = ()
    sinks: Annotated[tuple[LogSink, ...], Meta(max_length=4)] = ()


class SamplingRate(PolicyPart, frozen=True, kw_only=True):
    """So many of so many requests."""

    numerator: Count
    denominator: PositiveCount = 100


class SamplingSection(PolicySection, frozen=True, kw_only=True):
    """How many of the requests of a rule become traces, where its Gateway makes any: `rate` instead of its own."""

    rate: SamplingRate | None = None


class MetricsSection(PolicySection, frozen=True, kw_only=True):
    """Proxies count the requests of a route under its name."""


class ReportSections(Sections, frozen=True, kw_only=True):
    """What is written down, traced and counted."""

    access_log: AccessLogSection | None = None
    sampling: SamplingSection | None = None
    metrics: MetricsSection | None = None


class ReportPolicySpec(InheritedSpec, frozen=True, kw_only=True):
    """What the policy is for, and either a default or an override."""

    default: ReportSections | None = None
    override: ReportSections | None = None


class ReportPolicy(KubernetesObject, frozen=True, kw_only=True):
    """What proxies tell: access logs, for GatewayClasses and Gateways; traces and metrics of routes."""

    spec: ReportPolicySpec
