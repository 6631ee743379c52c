"""TLSRoute: where TLS connections go by their server name.

v1 and v1alpha3 ask for hostnames and allow one rule; v1alpha2 does not and allows sixteen, and the API server hands out
either as v1: the struct takes both, and decoding a document of a newer version checks the difference.
https://gateway-api.sigs.k8s.io/reference/spec/#tlsroute
"""

from typing import Annotated

from msgspec import Meta

from gatewayd.api.meta import KubernetesObject, Shape
from gatewayd.api.refs import BackendRef, ParentRef
from gatewayd.api.scalars import DefaultScope, Hostname, SectionName


class TLSRouteRule(Shape, frozen=True, kw_only=True):
    """The backends that share the connections."""

    name: SectionName | None = None
    backend_refs: Annotated[tuple[BackendRef, ...], Meta(min_length=1, max_length=16)]


class TLSRouteSpec(Shape, frozen=True, kw_only=True):
    """Parents, server names and rules."""

    parent_refs: Annotated[tuple[ParentRef, ...], Meta(max_length=32)] = ()
    hostnames: Annotated[tuple[Hostname, ...], Meta(max_length=1024)] = ()
    rules: Annotated[tuple[TLSRouteRule, ...], Meta(min_length=1, max_length=16)]
    use_default_gateways: DefaultScope | None = None


class TLSRoute(KubernetesObject, frozen=True, kw_only=True):
    """A TLSRoute."""

    spec: TLSRouteSpec
