"""RouteTable -> RouteConfiguration, in parts that are serialised once each.

A RouteConfiguration is `table_head` + the `virtual_host_entry` of each virtual host + `TABLE_TAIL`; a virtual host is
`virtual_host_head` + the `route_entries` of each Route + `fallback_entries` + `guards_tail`. The parts stand in the
order of their field numbers, so the whole equals the encoding of the same message built at once.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, assert_never

from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2 as pb
from envoy.config.route.v3 import route_pb2
from envoy.type.v3 import percent_pb2
from google.protobuf import struct_pb2, wrappers_pb2

from gatewayd.ir.filters import Cors, ExternalAuth, Header, HeaderChanges, ResponseHeaders
from gatewayd.ir.http import CANNOT, DirectResponse, Forward, PrefixPath, Preflight, Redirect, RequestMatch, Route
from gatewayd.ir.policy import RateLimits
from gatewayd.xds import names
from gatewayd.xds.encoding import field, serialised
from gatewayd.xds.filters import rate_limits
from gatewayd.xds.filters.chain import filter_fields, guard_fields, with_session
from gatewayd.xds.filters.portless import portless_fields
from gatewayd.xds.messages.forward import answer, parted, shares
from gatewayd.xds.messages.match import fraction, has_port, route_match
from gatewayd.xds.messages.redirect import depends_on_domain, keeps_unknown_host, redirect_action

_TABLE_VIRTUAL_HOSTS = route_pb2.RouteConfiguration.VIRTUAL_HOSTS_FIELD_NUMBER
_VIRTUAL_HOST_NAME = pb.VirtualHost.NAME_FIELD_NUMBER
_VIRTUAL_HOST_DOMAINS = pb.VirtualHost.DOMAINS_FIELD_NUMBER
_VIRTUAL_HOST_ROUTES = pb.VirtualHost.ROUTES_FIELD_NUMBER
_NOT_FOUND = 404
_DONE = DirectResponse(status=200)
_ANY = RequestMatch(path=PrefixPath(value="/"), methods=(), headers=(), queries=(), grpc=False)
_ANY_GRPC = replace(_ANY, grpc=True)

TABLE_TAIL = serialised(
    route_pb2.RouteConfiguration(
        # "shop.example:8080" is for the host shop.example; the backend still sees the port.
        ignore_port_in_host_matching=True,
        validate_clusters=wrappers_pb2.BoolValue(value=False),
    )
)


def table_head(name: str) -> bytes:
    """Return the beginning of a RouteConfiguration."""
    return serialised(route_pb2.RouteConfiguration(name=name))


def virtual_host_entry(body: bytes) -> bytes:
    """Return a serialised VirtualHost as an element of its RouteConfiguration."""
    return field(_TABLE_VIRTUAL_HOSTS, body)


def virtual_host_head(domain: str) -> bytes:
    """Return the beginning of a VirtualHost. A domain stands once in a table, so it is the name as well."""
    name = domain.encode()
    return field(_VIRTUAL_HOST_NAME, name) + field(_VIRTUAL_HOST_DOMAINS, name)


def route_entries(route: Route, domain: str) -> bytes:
    """Return a Route as elements of a VirtualHost for `domain`; several when its backends differ in rewrites."""
    return b"".join([field(_VIRTUAL_HOST_ROUTES, serialised(each)) for each in envoy_routes(route, domain)])


def fallback_entries(fallback: DirectResponse, guards: tuple[ExternalAuth, ...]) -> bytes:
    """Return the elements that answer what no route took.

    A 404 is what Envoy does by itself, but without a route it asks no guards.
    """
    if not guards and fallback.status == _NOT_FOUND:
        return b""
    matches = (_ANY_GRPC, _ANY) if fallback == CANNOT else (_ANY,)
    rest = [pb.Route(match=route_match(each), **answer(each, fallback)) for each in matches]
    return b"".join(field(_VIRTUAL_HOST_ROUTES, serialised(each)) for each in rest)


def guards_tail(guards: tuple[ExternalAuth, ...]) -> bytes:
    """Return the end of a VirtualHost: what is asked before any route is."""
    return serialised(pb.VirtualHost(**guard_fields(guards))) if guards else b""


def shared_between_domains(route: Route) -> bool:
    """Tell whether `route_entries` are the same for every domain."""
    return not (isinstance(route.action, Redirect) and depends_on_domain(route.action))


def envoy_routes(route: Route, domain: str) -> Iterator[Any]:
    """Yield the Envoy routes for one Route of a virtual host for `domain`."""
    for part in parted(route):
        yield from _envoy_routes(part, domain)


def _envoy_routes(route: Route, domain: str) -> Iterator[Any]:
    action = route.action
    match action:
        case Forward():
            for share in shares(route, action):
                fields = with_session(filter_fields(share.filters), action.persistence)
                yield _route(route, share.threshold, {**fields, **share.fields})
        case Redirect():
            yield from _redirects(route, action, domain)
        case DirectResponse():
            fields = filter_fields((*route.filters, *_content_type(action)))
            yield _route(route, None, {**fields, **answer(route.match, action)})
        case Preflight():
            # The CORS filter answers, though only where the request would be sent somewhere; without it nobody does.
            policy = any(isinstance(each, Cors) for each in route.filters)
            fields = {"route": pb.RouteAction(cluster=names.NOWHERE)} if policy else answer(route.match, _DONE)
            yield _route(route, None, {**filter_fields(route.filters), **fields})
        case _:
            assert_never(action)


def _content_type(response: DirectResponse) -> Iterator[ResponseHeaders]:
    if response.content_type:
        header = Header(name="content-type", value=response.content_type)
        yield ResponseHeaders(changes=HeaderChanges(set=(header,), add=(), remove=()))


def _redirects(route: Route, redirect: Redirect, domain: str) -> Iterator[Any]:
    fields = filter_fields(route.filters)
    action = redirect_action(redirect, route.match.path, domain)
    if keeps_unknown_host(redirect, domain):
        first = _route(route, None, {**portless_fields(fields, redirect.scheme), "redirect": action})
        first.match.headers.append(has_port())
        yield first
    yield _route(route, None, {**fields, "redirect": action})


def _route(route: Route, threshold: int | None, fields: dict[str, Any]) -> Any:
    match = route_match(route.match)
    if threshold is not None:
        match.runtime_fraction.CopyFrom(fraction(threshold))
    return pb.Route(name=str(route.source), match=match, metadata=_metadata(route), **_told(route), **fields)


def _told(route: Route) -> dict[str, Any]:
    """Return the fields that say what is told of the requests of a route."""
    told: dict[str, Any] = {}
    if route.report.sampled is not None:
        # What is not said here is not taken from the connection manager: a client could have itself sampled.
        told["tracing"] = pb.Tracing(client_sampling=_of_whole(0), random_sampling=_of_whole(route.report.sampled))
    if route.report.counted:
        told["stat_prefix"] = f"{route.source.kind.lower()}/{route.source.namespace}/{route.source.name}"
    return told


def _of_whole(parts: int) -> Any:
    return percent_pb2.FractionalPercent(numerator=parts, denominator=percent_pb2.FractionalPercent.TEN_THOUSAND)


def _metadata(route: Route) -> Any:
    """Return what is told of a route: the name of its rule, and its rate limits."""
    told: dict[str, Any] = {}
    for each in route.filters:
        if isinstance(each, RateLimits):
            told |= rate_limits.route_metadata(each)
    if route.rule_name:
        told["gatewayd"] = struct_pb2.Struct(fields={"rule": struct_pb2.Value(string_value=route.rule_name)})
    return base_pb2.Metadata(filter_metadata=told) if told else None
