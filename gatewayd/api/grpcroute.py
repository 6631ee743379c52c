"""GRPCRoute: which gRPC calls go where.

https://gateway-api.sigs.k8s.io/reference/spec/#grpcroute
"""

from typing import Annotated, Literal

from msgspec import Meta

from gatewayd.api.filters import HeaderModifier, RequestMirror
from gatewayd.api.meta import KubernetesObject, Shape
from gatewayd.api.refs import BackendRef, LocalObjectRef, ParentRef
from gatewayd.api.scalars import DefaultScope, HeaderName, Hostname, MatchType, SectionName, map_list
from gatewayd.api.sessionpersistence import SessionPersistence


class GRPCMethodMatch(Shape, frozen=True, kw_only=True):
    """Service and method of the call; what is None matches all."""

    type: MatchType = "Exact"
    service: Annotated[str, Meta(max_length=1024)] | None = None
    method: Annotated[str, Meta(max_length=1024)] | None = None


class GRPCHeaderMatch(Shape, frozen=True, kw_only=True):
    """A metadata entry that must be there with that value."""

    type: MatchType = "Exact"
    name: HeaderName
    value: Annotated[str, Meta(min_length=1, max_length=4096)]


class GRPCRouteMatch(Shape, frozen=True, kw_only=True):
    """Conditions that must all hold."""

    method: GRPCMethodMatch | None = None
    headers: Annotated[tuple[GRPCHeaderMatch, ...], Meta(max_length=16, extra=map_list("name"))] = ()


class GRPCRouteFilter(Shape, frozen=True, kw_only=True):
    """One step of processing; exactly the member that `type` names is set."""

    type: Literal["ResponseHeaderModifier", "RequestHeaderModifier", "RequestMirror", "ExtensionRef"]
    request_header_modifier: HeaderModifier | None = None
    response_header_modifier: HeaderModifier | None = None
    request_mirror: RequestMirror | None = None
    extension_ref: LocalObjectRef | None = None


GRPCRouteFilters = Annotated[tuple[GRPCRouteFilter, ...], Meta(max_length=16)]


class GRPCBackendRef(BackendRef, frozen=True, kw_only=True):
    """A backend with its weight and the filters of its share of the traffic."""

    filters: GRPCRouteFilters = ()


class GRPCRouteRule(Shape, frozen=True, kw_only=True):
    """A call that fits any of `matches` (none: every call) goes through `filters` to one of `backend_refs`."""

    name: SectionName | None = None
    matches: Annotated[tuple[GRPCRouteMatch, ...], Meta(max_length=64)] = ()
    filters: GRPCRouteFilters = ()
    backend_refs: Annotated[tuple[GRPCBackendRef, ...], Meta(max_length=16)] = ()
    session_persistence: SessionPersistence | None = None


class GRPCRouteSpec(Shape, frozen=True, kw_only=True):
    """Parents, hosts and rules."""

    parent_refs: Annotated[tuple[ParentRef, ...], Meta(max_length=32)] = ()
    hostnames: Annotated[tuple[Hostname, ...], Meta(max_length=16)] = ()
    rules: Annotated[tuple[GRPCRouteRule, ...], Meta(max_length=16)] = ()
    use_default_gateways: DefaultScope | None = None


class GRPCRoute(KubernetesObject, frozen=True, kw_only=True):
    """A GRPCRoute."""

    spec: GRPCRouteSpec
