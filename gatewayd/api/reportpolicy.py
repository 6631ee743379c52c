"""ReportPolicy: what proxies write down of requests. A kind of our own group, for those who run Gateways."""

from typing import Annotated, Literal

from msgspec import Meta

from gatewayd.api.inherited import InheritedSpec, PolicySection, Sections
from gatewayd.api.meta import KubernetesObject
from gatewayd.api.scalars import SET, Duration

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


class AccessLogSection(PolicySection, frozen=True, kw_only=True):
    """What is logged: `fields` (usual: those of everybody), from a status on, or what took at least so long."""

    write: Literal["All", "Nothing"] | None = None
    fields: Annotated[tuple[LogField, ...], Meta(max_length=32, extra=SET)] = ()
    min_status: Annotated[int, Meta(ge=100, le=599)] | None = None
    min_duration: Duration | None = None


class ReportSections(Sections, frozen=True, kw_only=True):
    """What is written down."""

    access_log: AccessLogSection | None = None


class ReportPolicySpec(InheritedSpec, frozen=True, kw_only=True):
    """What the policy is for, and either a default or an override."""

    default: ReportSections | None = None
    override: ReportSections | None = None


class ReportPolicy(KubernetesObject, frozen=True, kw_only=True):
    """What proxies write down: access logs. For GatewayClasses and Gateways."""

    spec: ReportPolicySpec
