"""Filters that several kinds share: header modifiers, mirrors and external authorisation.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter
"""

from typing import Annotated, Literal

from msgspec import Meta

from gatewayd.api.meta import Shape
from gatewayd.api.refs import BackendObjectRef
from gatewayd.api.scalars import SET, Count, HeaderName, HeaderValue, Percent, PositiveCount, map_list


class HTTPHeader(Shape, frozen=True, kw_only=True):
    """A header to set or to add; names compare without case."""

    name: HeaderName
    value: HeaderValue


class HeaderModifier(Shape, frozen=True, kw_only=True):
    """Headers to overwrite, to append to and to take away."""

    set: Annotated[tuple[HTTPHeader, ...], Meta(max_length=16, extra=map_list("name"))] = ()
    add: Annotated[tuple[HTTPHeader, ...], Meta(max_length=16, extra=map_list("name"))] = ()
    remove: Annotated[tuple[str, ...], Meta(max_length=16, extra=SET)] = ()


class Fraction(Shape, frozen=True, kw_only=True):
    """A share of requests: numerator of denominator."""

    numerator: Count
    denominator: PositiveCount = 100


class RequestMirror(Shape, frozen=True, kw_only=True):
    """A copy of the request to another backend, answers ignored; without percent and fraction, of every request."""

    backend_ref: BackendObjectRef
    percent: Percent | None = None
    fraction: Fraction | None = None


class GRPCAuthConfig(Shape, frozen=True, kw_only=True):
    """How to ask an authorisation server that speaks Envoy's ext_authz protocol."""

    allowed_headers: Annotated[tuple[str, ...], Meta(max_length=64, extra=SET)] = ()


class HTTPAuthConfig(Shape, frozen=True, kw_only=True):
    """How to ask an authorisation server that answers plain HTTP."""

    path: (
        Annotated[
            str,
            Meta(
                max_length=1024,
                description="letters, digits, %XX and any of -._~!$&'()*+,;=:@/",
                pattern=r"^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+\Z",
            ),
        ]
        | None
    ) = None
    allowed_headers: Annotated[tuple[str, ...], Meta(max_length=64, extra=SET)] = ()
    allowed_response_headers: Annotated[tuple[str, ...], Meta(max_length=64, extra=SET)] = ()


class ForwardBody(Shape, frozen=True, kw_only=True):
    """How much of the body goes along, in bytes; None or 0 is nothing."""

    max_size: Count | None = None


class HTTPExternalAuthFilter(Shape, frozen=True, kw_only=True):
    """Ask a server before the request goes on."""

    protocol: Literal["HTTP", "GRPC"]
    backend_ref: BackendObjectRef
    grpc: GRPCAuthConfig | None = None
    http: HTTPAuthConfig | None = None
    forward_body: ForwardBody | None = None
