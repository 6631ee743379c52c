"""HTTPRoute: which requests go where, and what happens to them on the way.

https://gateway-api.sigs.k8s.io/reference/spec/#httproute
"""

from typing import Annotated, Literal

from msgspec import Meta

from gatewayd.api.filters import HeaderModifier, HTTPExternalAuthFilter, RequestMirror
from gatewayd.api.meta import KubernetesObject, Shape
from gatewayd.api.refs import BackendRef, LocalObjectRef, ParentRef
from gatewayd.api.scalars import (
    SET,
    DefaultScope,
    Duration,
    HeaderName,
    HeaderValue,
    Hostname,
    HTTPMethod,
    MatchType,
    PathText,
    PortNumber,
    PositiveCount,
    PreciseHostname,
    SectionName,
    map_list,
)
from gatewayd.api.sessionpersistence import SessionPersistence


class HTTPPathMatch(Shape, frozen=True, kw_only=True):
    """How the path is compared."""

    type: Literal["Exact", "PathPrefix", "RegularExpression"] = "PathPrefix"
    value: PathText = "/"


class HTTPHeaderMatch(Shape, frozen=True, kw_only=True):
    """A header that must be there with that value."""

    type: MatchType = "Exact"
    name: HeaderName
    value: HeaderValue


class HTTPQueryParamMatch(Shape, frozen=True, kw_only=True):
    """A query parameter that must be there with that value."""

    type: MatchType = "Exact"
    name: HeaderName
    value: Annotated[str, Meta(min_length=1, max_length=1024)]


class HTTPRouteMatch(Shape, frozen=True, kw_only=True):
    """Conditions that must all hold."""

    path: HTTPPathMatch = HTTPPathMatch()
    headers: Annotated[tuple[HTTPHeaderMatch, ...], Meta(max_length=16, extra=map_list("name"))] = ()
    query_params: Annotated[tuple[HTTPQueryParamMatch, ...], Meta(max_length=16, extra=map_list("name"))] = ()
    method: HTTPMethod | None = None


class HTTPPathModifier(Shape, frozen=True, kw_only=True):
    """A new path, whole or for the prefix that matched."""

    type: Literal["ReplaceFullPath", "ReplacePrefixMatch"]
    replace_full_path: PathText | None = None
    replace_prefix_match: PathText | None = None


class HTTPRequestRedirect(Shape, frozen=True, kw_only=True):
    """An answer that sends the client elsewhere; what is None stays as in the request."""

    scheme: Literal["http", "https"] | None = None
    hostname: PreciseHostname | None = None
    path: HTTPPathModifier | None = None
    port: PortNumber | None = None
    status_code: Literal[301, 302, 303, 307, 308] = 302


class HTTPURLRewrite(Shape, frozen=True, kw_only=True):
    """A change of host or path on the way to the backend."""

    hostname: PreciseHostname | None = None
    path: HTTPPathModifier | None = None


CORSMethod = Literal["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "*"]
CORSOrigin = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=253,
        description="'*' or scheme, host and, if not the scheme's own, port, such as https://example.com:8443",
        pattern=r"(^\*\Z)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9\-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)\Z)",
    ),
]


class HTTPCORS(Shape, frozen=True, kw_only=True):
    """What browsers of other origins may do; `max_age` in seconds."""

    allow_origins: Annotated[tuple[CORSOrigin, ...], Meta(max_length=64, extra=SET)] = ()
    allow_credentials: bool | None = None
    allow_methods: Annotated[tuple[CORSMethod, ...], Meta(max_length=9, extra=SET)] = ()
    allow_headers: Annotated[tuple[HeaderName, ...], Meta(max_length=64, extra=SET)] = ()
    expose_headers: Annotated[tuple[HeaderName, ...], Meta(max_length=64, extra=SET)] = ()
    max_age: PositiveCount = 5


class HTTPRouteFilter(Shape, frozen=True, kw_only=True):
    """One step of processing; exactly the member that `type` names is set."""

    type: Literal[
        "RequestHeaderModifier",
        "ResponseHeaderModifier",
        "RequestMirror",
        "RequestRedirect",
        "URLRewrite",
        "ExtensionRef",
        "CORS",
        "ExternalAuth",
    ]
    request_header_modifier: HeaderModifier | None = None
    response_header_modifier: HeaderModifier | None = None
    request_mirror: RequestMirror | None = None
    request_redirect: HTTPRequestRedirect | None = None
    url_rewrite: HTTPURLRewrite | None = None
    cors: HTTPCORS | None = None
    external_auth: HTTPExternalAuthFilter | None = None
    extension_ref: LocalObjectRef | None = None


HTTPRouteFilters = Annotated[tuple[HTTPRouteFilter, ...], Meta(max_length=16)]


class HTTPBackendRef(BackendRef, frozen=True, kw_only=True):
    """A backend with its weight and the filters of its share of the traffic."""

    filters: HTTPRouteFilters = ()


class HTTPRouteTimeouts(Shape, frozen=True, kw_only=True):
    """Time for the whole request and for each try; "0s" is without limit, None is the proxy's default."""

    request: Duration | None = None
    backend_request: Duration | None = None


class HTTPRouteRetry(Shape, frozen=True, kw_only=True):
    """When to try again: on these status codes (None of them: connection errors only), `attempts` more times."""

    codes: Annotated[tuple[Annotated[int, Meta(ge=400, le=599)], ...], Meta(extra=SET)] = ()
    attempts: Annotated[int, Meta(ge=0)] = 1
    backoff: Duration | None = None


class HTTPRouteRule(Shape, frozen=True, kw_only=True):
    """A request that fits any of `matches` goes through `filters` to one of `backend_refs`."""

    name: SectionName | None = None
    matches: Annotated[tuple[HTTPRouteMatch, ...], Meta(max_length=64)] = (HTTPRouteMatch(),)
    filters: HTTPRouteFilters = ()
    backend_refs: Annotated[tuple[HTTPBackendRef, ...], Meta(max_length=16)] = ()
    timeouts: HTTPRouteTimeouts | None = None
    retry: HTTPRouteRetry | None = None
    session_persistence: SessionPersistence | None = None


class HTTPRouteSpec(Shape, frozen=True, kw_only=True):
    """Parents, hosts and rules."""

    parent_refs: Annotated[tuple[ParentRef, ...], Meta(max_length=32)] = ()
    hostnames: Annotated[tuple[Hostname, ...], Meta(max_length=16)] = ()
    rules: Annotated[tuple[HTTPRouteRule, ...], Meta(min_length=1, max_length=16)] = (HTTPRouteRule(),)
    use_default_gateways: DefaultScope | None = None


class HTTPRoute(KubernetesObject, frozen=True, kw_only=True):
    """An HTTPRoute."""

    spec: HTTPRouteSpec
