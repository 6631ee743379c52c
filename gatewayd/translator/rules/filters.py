"""FILTERS: how each filter of a rule becomes a value of the IR. A new filter is a function and a row.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter, #grpcroutefilter
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from gatewayd.api.envoy_gateway.objects import EnvoyRouteFilter
from gatewayd.api.filters import Fraction, HTTPAuthConfig, HTTPExternalAuthFilter, RequestMirror
from gatewayd.api.grpcroute import GRPCRouteFilter
from gatewayd.api.httproute import HTTPCORS, HTTPPathModifier, HTTPRequestRedirect, HTTPRouteFilter, HTTPURLRewrite
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.api.names import shown
from gatewayd.api.refs import BackendObjectRef, LocalObjectRef
from gatewayd.api.routefilter import RouteFilter
from gatewayd.incremental.view import Attempt, View
from gatewayd.ir.backend import InvalidBackend, Protocol
from gatewayd.ir.filters import (
    Cors,
    ExternalAuth,
    GRPCCheck,
    HTTPCheck,
    HTTPFilter,
    RequestHeaders,
    ResponseHeaders,
)
from gatewayd.ir.http import (
    Mirror,
    PathModifier,
    Redirect,
    URLRewrite,
)
from gatewayd.ir.reserved import of_response
from gatewayd.translator import verdicts
from gatewayd.translator.backends.backend_refs import BackendAsk, ask_for, backend
from gatewayd.translator.problems import Problem, Unresolved, Unsupported
from gatewayd.translator.rescues import blame
from gatewayd.translator.rules.headers import Side, modified
from gatewayd.translator.rules.paths import new_path
from gatewayd.translator.rules.route_filters import Part, foreign_filter, own_filter

MILLION = 1_000_000


class FilterPlace(NamedTuple):
    """Where a filter stands: the route's kind and namespace, what it speaks, and the field path.

    `of_service`: the route's parent is a Service.
    """

    source: GroupKind
    namespace: str
    wants: Protocol
    path: str
    of_service: bool = False


def asked_at(place: FilterPlace, ref: BackendObjectRef, wants: Protocol) -> BackendAsk:
    """Return the question of a backendRef that stands somewhere."""
    return ask_for(place.source, place.namespace, ref, wants, of_service=place.of_service)


class Effect(NamedTuple):
    """What a filter does, several things together if it is a RouteFilter, and what is wrong with it."""

    value: HTTPFilter | Redirect | URLRewrite | Mirror | tuple[Part, ...] | None
    problem: Problem | None


AnyFilter = HTTPRouteFilter | GRPCRouteFilter


def effect(view: View, place: FilterPlace, route_filter: AnyFilter) -> Effect:
    """Return what one filter does. A filter that we do not have is a problem, never nothing."""
    return view.attempt(
        Attempt("filter", place),
        partial(FILTERS[route_filter.type], view, place, route_filter),
        partial(_failed, place),
    )


def _failed(place: FilterPlace, error: Exception) -> Effect:
    return Effect(None, Unsupported(blame(place.path, error)))


def _request_headers(_view: View, place: FilterPlace, route_filter: AnyFilter) -> Effect:
    if route_filter.request_header_modifier is None:
        return _absent(place, "requestHeaderModifier")
    changes = modified(f"{place.path}.requestHeaderModifier", route_filter.request_header_modifier, Side.REQUEST)
    return Effect(None, changes) if isinstance(changes, Unsupported) else Effect(RequestHeaders(changes=changes), None)


def _response_headers(_view: View, place: FilterPlace, route_filter: AnyFilter) -> Effect:
    if route_filter.response_header_modifier is None:
        return _absent(place, "responseHeaderModifier")
    changes = modified(f"{place.path}.responseHeaderModifier", route_filter.response_header_modifier, Side.RESPONSE)
    return Effect(None, changes) if isinstance(changes, Unsupported) else Effect(ResponseHeaders(changes=changes), None)


def _mirror(view: View, place: FilterPlace, route_filter: AnyFilter) -> Effect:
    mirror = route_filter.request_mirror
    if mirror is None:
        return _absent(place, "requestMirror")
    target = backend(view, asked_at(place, mirror.backend_ref, place.wants))
    problem = None
    if isinstance(target, InvalidBackend):
        problem = Unresolved(target.reason, f"{place.path}.requestMirror.backendRef: {target.message}")
    return Effect(Mirror(backend=target, parts_per_million=_parts(mirror)), problem)


def _parts(mirror: RequestMirror) -> int:
    share = mirror.fraction or Fraction(numerator=100 if mirror.percent is None else mirror.percent, denominator=100)
    return min(MILLION, share.numerator * MILLION // share.denominator)


def _cors(_view: View, place: FilterPlace, route_filter: Any) -> Effect:
    cors: HTTPCORS | None = route_filter.cors
    if cors is None:
        return _absent(place, "cors")
    return Effect(
        Cors(
            origins=cors.allow_origins,
            methods=cors.allow_methods,
            allow_headers=cors.allow_headers,
            expose_headers=cors.expose_headers,
            max_age=cors.max_age,
            credentials=bool(cors.allow_credentials),
        ),
        None,
    )


def _path(path: str, modifier: HTTPPathModifier | None) -> PathModifier | Unsupported | None:
    return None if modifier is None else new_path(f"{path}.path", modifier)


_WELL_KNOWN_PORTS = {"http": 80, "https": 443}


def _redirect(_view: View, place: FilterPlace, route_filter: Any) -> Effect:
    """Leave the port open when neither port nor scheme is given: see `for_listener`.

    https://gateway-api.sigs.k8s.io/reference/spec/#httprequestredirectfilter (port)
    """
    redirect: HTTPRequestRedirect | None = route_filter.request_redirect
    if redirect is None:
        return _absent(place, "requestRedirect")
    path = _path(f"{place.path}.requestRedirect", redirect.path)
    if isinstance(path, Unsupported):
        return Effect(None, path)
    return Effect(
        Redirect(
            scheme=redirect.scheme,
            host=redirect.hostname,
            port=redirect.port,
            path=path,
            status=redirect.status_code,
        ),
        None,
    )


def for_listener(redirect: Redirect, scheme: str, port: int) -> Redirect:
    """Return the redirect as a listener of this scheme and port gives it: the port that its Location shall show."""
    final_scheme = redirect.scheme or scheme
    shown = redirect.port
    if shown is None and redirect.scheme is None:
        shown = port
    if shown == _WELL_KNOWN_PORTS[final_scheme]:
        shown = None
    return Redirect(scheme=redirect.scheme, host=redirect.host, port=shown, path=redirect.path, status=redirect.status)


def _rewrite(_view: View, place: FilterPlace, route_filter: Any) -> Effect:
    rewrite: HTTPURLRewrite | None = route_filter.url_rewrite
    if rewrite is None:
        return _absent(place, "urlRewrite")
    path = _path(f"{place.path}.urlRewrite", rewrite.path)
    if isinstance(path, Unsupported):
        return Effect(None, path)
    return Effect(URLRewrite(host=rewrite.hostname, path=path), None)


def _extension(view: View, place: FilterPlace, route_filter: AnyFilter) -> Effect:
    """Do as a RouteFilter says; fail requests whose filter is of another kind: it may not be skipped.

    https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter (extensionRef)
    """
    ref = route_filter.extension_ref
    if ref is None:
        return _absent(place, "extensionRef")
    path, kind = f"{place.path}.extensionRef", BY_STRUCT[RouteFilter].group_kind
    if ref.group_kind == kind:
        calls = place.wants is Protocol.HTTP2
        found = own_filter(view, ObjectKey(place.namespace, ref.name), path, calls=calls)
        return Effect(None, found) if isinstance(found, Problem) else Effect(found, None)
    foreign = _foreign(view, place, ref, path)
    if foreign is not None:
        return foreign
    message = f"{path}: kind {ref.group_kind} is not supported; allowed: {kind}"
    return Effect(None, Unresolved(verdicts.INVALID_KIND, message))


def _foreign(view: View, place: FilterPlace, ref: LocalObjectRef, path: str) -> Effect | None:
    """Do as an HTTPRouteFilter of Envoy Gateway says; None where there is none."""
    if ref.group_kind != BY_STRUCT[EnvoyRouteFilter].group_kind:
        return None
    found = foreign_filter(view, ObjectKey(place.namespace, ref.name), path, calls=place.wants is Protocol.HTTP2)
    return None if found is None else Effect(None, found) if isinstance(found, Problem) else Effect(found, None)


def _external_auth(view: View, place: FilterPlace, route_filter: Any) -> Effect:
    auth: HTTPExternalAuthFilter | None = route_filter.external_auth
    if auth is None:
        return _absent(place, "externalAuth")
    authorization = external_auth(view, place._replace(path=f"{place.path}.externalAuth"), auth)
    return Effect(authorization, None) if isinstance(authorization, ExternalAuth) else Effect(None, authorization)


def external_auth(view: View, place: FilterPlace, auth: HTTPExternalAuthFilter) -> ExternalAuth | Problem:
    """Return whom to ask; `place` is that of `auth`. A server that is not there fails the rule, as any other problem.

    https://gateway-api.sigs.k8s.io/geps/gep-1494/
    """
    path = place.path
    wants = Protocol.HTTP2 if auth.protocol == "GRPC" else Protocol.HTTP1
    server = backend(view, asked_at(place, auth.backend_ref, wants))
    if isinstance(server, InvalidBackend):
        return Unresolved(server.reason, f"{path}.backendRef: {server.message}")
    check = checked(auth, path)
    if isinstance(check, Unsupported):
        return check
    body_bytes = auth.forward_body.max_size or 0 if auth.forward_body is not None else 0
    return ExternalAuth(upstream=server.upstream, check=check, body_bytes=body_bytes)


def checked(auth: HTTPExternalAuthFilter, path: str) -> GRPCCheck | HTTPCheck | Unsupported:
    """Return how the server is asked; `path` is the filter's field path."""
    if auth.protocol == "GRPC":
        return GRPCCheck(headers=auth.grpc.allowed_headers if auth.grpc is not None else ())
    http = auth.http or HTTPAuthConfig()
    prefix = (http.path or "").strip("/")
    if any(part in (".", "..") for part in prefix.split("/")):
        return Unsupported(f"{path}.http.path: has a part '.' or '..'; a plain path is allowed")
    for at, name in enumerate(http.allowed_response_headers):
        if why := of_response(name):
            where = f"{path}.http.allowedResponseHeaders[{at}]"
            return Unsupported(f"{where}: header {shown(name)} {why}; headers of the message itself are allowed")
    return HTTPCheck(
        path_prefix=f"/{prefix}" if prefix else "",
        headers=http.allowed_headers,
        response_headers=http.allowed_response_headers,
    )


def _absent(place: FilterPlace, field: str) -> Effect:
    return Effect(None, Unsupported(f"{place.path}.{field}: must be given with this type"))


FILTERS: Mapping[str, Callable[[View, FilterPlace, Any], Effect]] = {
    "RequestHeaderModifier": _request_headers,
    "ResponseHeaderModifier": _response_headers,
    "RequestMirror": _mirror,
    "RequestRedirect": _redirect,
    "URLRewrite": _rewrite,
    "CORS": _cors,
    "ExtensionRef": _extension,
    "ExternalAuth": _external_auth,
}
