"""TCPRoute: where the traffic of a TCP listener goes.

v1 allows one rule, v1alpha2 sixteen, and the API server hands out either as v1: the struct takes sixteen, and decoding
a v1 document checks for one.
https://gateway-api.sigs.k8s.io/reference/spec/#tcproute
"""

from typing import Annotated

from msgspec import Meta

from gatewayd.api.meta import KubernetesObject, Shape
from gatewayd.api.refs import BackendRef, ParentRef
from gatewayd.api.scalars import DefaultScope, SectionName


class TCPRouteRule(Shape, frozen=True, kw_only=True):
    """The backends that share the traffic."""

    name: SectionName | None = None
    backend_refs: Annotated[tuple[BackendRef, ...], Meta(min_length=1, max_length=16)]


class TCPRouteSpec(Shape, frozen=True, kw_only=True):
    """Parents and rules."""

    parent_refs: Annotated[tuple[ParentRef, ...], Meta(max_length=32)] = ()
    rules: Annotated[tuple[TCPRouteRule, ...], Meta(min_length=1, max_length=16)]
    use_default_gateways: DefaultScope | None = None


class TCPRoute(KubernetesObject, frozen=True, kw_only=True):
    """A TCPRoute."""

    spec: TCPRouteSpec
