"""UDPRoute: where the traffic of a UDP listener goes.

v1 allows one rule, v1alpha2 sixteen, and the API server hands out either as v1: the struct takes sixteen, and decoding
a v1 document checks for one.
https://gateway-api.sigs.k8s.io/reference/spec/#udproute
"""

from typing import Annotated

from msgspec import Meta

from gatewayd.api.meta import KubernetesObject, Shape
from gatewayd.api.refs import BackendRef, ParentRef
from gatewayd.api.scalars import DefaultScope, SectionName


class UDPRouteRule(Shape, frozen=True, kw_only=True):
    """The backends that share the traffic."""

    name: SectionName | None = None
    backend_refs: Annotated[tuple[BackendRef, ...], Meta(min_length=1, max_length=16)]


class UDPRouteSpec(Shape, frozen=True, kw_only=True):
    """Parents and rules."""

    parent_refs: Annotated[tuple[ParentRef, ...], Meta(max_length=32)] = ()
    rules: Annotated[tuple[UDPRouteRule, ...], Meta(min_length=1, max_length=16)]
    use_default_gateways: DefaultScope | None = None


class UDPRoute(KubernetesObject, frozen=True, kw_only=True):
    """A UDPRoute."""

    spec: UDPRouteSpec
