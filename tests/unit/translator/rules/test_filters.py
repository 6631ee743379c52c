from typing import get_args, get_type_hints

import pytest

from gatewayd.api.httproute import HTTPRouteFilter
from gatewayd.api.meta import GroupKind
from gatewayd.ir.backend import InvalidBackend, Protocol, ServiceBackend
from gatewayd.ir.filters import (
    Cors,
    ExternalAuth,
    GRPCCheck,
    Header,
    HeaderChanges,
    HTTPCheck,
    RequestHeaders,
    ResponseHeaders,
)
from gatewayd.ir.http import FullPath, Mirror, PrefixReplacement, Redirect, URLRewrite
from gatewayd.translator.problems import Unresolved, Unsupported
from gatewayd.translator.rescues import blame
from gatewayd.translator.rules.filters import FILTERS, Effect, FilterPlace, effect, for_listener
from tests.unit.translator.manifests import CART, TABLES, deltas, scratch

PLACE = FilterPlace(
    GroupKind("gateway.networking.k8s.io", "HTTPRoute"), "shop", Protocol.HTTP1, "spec.rules[0].filters[0]"
)
REDIRECT = Redirect(scheme=None, host=None, port=None, path=None, status=302)


def read(written: str) -> HTTPRouteFilter:
    """Return a filter as the API decodes it."""
    (route,) = deltas(f"{{kind: HTTPRoute, metadata: {{name: r}}, spec: {{rules: [{{filters: [{written}]}}]}}}}")
    assert isinstance(route.obj, TABLES["HTTPRoute"])
    (found,) = route.obj.spec.rules[0].filters  # type: ignore[attr-defined]
    assert isinstance(found, HTTPRouteFilter)
    return found


def made(written: str) -> Effect:
    return effect(scratch(CART), PLACE, read(written))


def test_there_is_a_row_for_every_type_of_filter() -> None:
    types = set(get_args(get_type_hints(HTTPRouteFilter)["type"]))
    assert FILTERS.keys() == types


def test_request_headers() -> None:
    found = made(
        "{type: RequestHeaderModifier, requestHeaderModifier:"
        " {set: [{name: X-A, value: a}], add: [{name: x-b, value: b}], remove: [x-c]}}"
    )
    changes = HeaderChanges(set=(Header(name="X-A", value="a"),), add=(Header(name="x-b", value="b"),), remove=("x-c",))
    assert found == Effect(RequestHeaders(changes=changes), None)


def test_response_headers() -> None:
    found = made("{type: ResponseHeaderModifier, responseHeaderModifier: {remove: [server]}}")
    assert found == Effect(ResponseHeaders(changes=HeaderChanges(set=(), add=(), remove=("server",))), None)


def test_cors() -> None:
    found = made(
        "{type: CORS, cors: {allowOrigins: ['https://a.example'], allowMethods: [GET], allowHeaders: [x-a],"
        " exposeHeaders: [x-b], allowCredentials: true, maxAge: 60}}"
    )
    assert found.value == Cors(
        origins=("https://a.example",),
        methods=("GET",),
        allow_headers=("x-a",),
        expose_headers=("x-b",),
        max_age=60,
        credentials=True,
    )


@pytest.mark.parametrize(
    ("written", "host", "path"),
    [
        ("{hostname: b.example}", "b.example", None),
        ("{path: {type: ReplaceFullPath, replaceFullPath: /x}}", None, FullPath(value="/x")),
        ("{path: {type: ReplaceFullPath, replaceFullPath: ''}}", None, FullPath(value="/")),
        ("{path: {type: ReplacePrefixMatch, replacePrefixMatch: /x}}", None, PrefixReplacement(value="/x")),
    ],
)
def test_rewrites(written: str, host: str | None, path: FullPath | PrefixReplacement | None) -> None:
    row = read(f"{{type: URLRewrite, urlRewrite: {written}}}")
    assert effect(scratch(), PLACE, row) == Effect(URLRewrite(host=host, path=path), None)


def test_redirects() -> None:
    found = made(
        "{type: RequestRedirect, requestRedirect: {scheme: https, hostname: b.example, port: 8443, statusCode: 301}}"
    )
    assert found.value == Redirect(scheme="https", host="b.example", port=8443, path=None, status=301)
    assert made("{type: RequestRedirect, requestRedirect: {}}").value == REDIRECT


@pytest.mark.parametrize(
    ("asked_scheme", "asked_port", "scheme", "port", "shown"),
    [
        # What the filter says itself goes first.
        (None, 8080, "http", 80, 8080),
        ("https", 8443, "http", 80, 8443),
        # A scheme implies its own port, whatever the listener's is.
        ("https", None, "http", 8080, None),
        ("http", None, "https", 8443, None),
        # With neither, the port of the listener.
        (None, None, "http", 8080, 8080),
        (None, None, "https", 8443, 8443),
        # A port that the scheme implies is not shown.
        (None, None, "http", 80, None),
        (None, None, "https", 443, None),
        ("https", 443, "http", 80, None),
        ("http", 80, "https", 443, None),
        # The well-known port of the other scheme is.
        (None, None, "http", 443, 443),
        ("https", 80, "http", 80, 80),
    ],
)
def test_the_port_of_a_redirect(
    asked_scheme: str | None, asked_port: int | None, scheme: str, port: int, shown: int | None
) -> None:
    asked = Redirect(scheme=asked_scheme, host=None, port=asked_port, path=None, status=302)
    found = for_listener(asked, scheme, port)
    assert found.port == shown
    assert (found.scheme, found.status) == (asked_scheme, 302)


@pytest.mark.parametrize(
    ("share", "parts"),
    [
        ("", 1_000_000),
        (", percent: 50", 500_000),
        (", percent: 0", 0),
        (", fraction: {numerator: 1, denominator: 3}", 333_333),
        (", fraction: {numerator: 5}", 50_000),
        (", fraction: {numerator: 7, denominator: 7}", 1_000_000),
    ],
)
def test_how_much_is_mirrored(share: str, parts: int) -> None:
    found = made(f"{{type: RequestMirror, requestMirror: {{backendRef: {{name: cart, port: 80}}{share}}}}}")
    assert isinstance(found.value, Mirror)
    assert isinstance(found.value.backend, ServiceBackend)
    assert found.value.parts_per_million == parts
    assert found.problem is None


def test_a_mirror_that_leads_nowhere_is_said_and_does_not_fail_requests() -> None:
    found = made("{type: RequestMirror, requestMirror: {backendRef: {name: nobody, port: 80}}}")
    assert isinstance(found.value, Mirror)
    assert isinstance(found.value.backend, InvalidBackend)
    assert found.problem == Unresolved(
        "BackendNotFound",
        'spec.rules[0].filters[0].requestMirror.backendRef: Service "shop/nobody" does not exist',
    )


def test_an_extension_that_nobody_implements_may_not_be_skipped() -> None:
    found = made("{type: ExtensionRef, extensionRef: {group: x.example, kind: Rate, name: r}}")
    assert found.value is None
    assert isinstance(found.problem, Unresolved)
    assert found.problem.reason == "InvalidKind"
    assert found.problem.message.startswith("spec.rules[0].filters[0].extensionRef: kind x.example/Rate ")


def auth(protocol: str, more: str, to: str = "cart") -> Effect:
    config = f"protocol: {protocol}, backendRef: {{name: {to}, port: 80}}, {more}"
    return made(f"{{type: ExternalAuth, externalAuth: {{{config}}}}}")


@pytest.mark.parametrize(
    ("written", "check", "body"),
    [
        ("http: {}", HTTPCheck(path_prefix="", headers=(), response_headers=()), 0),
        ("http: {path: check/}", HTTPCheck(path_prefix="/check", headers=(), response_headers=()), 0),
        (
            "http: {path: /, allowedHeaders: [x-a], allowedResponseHeaders: [x-b]}, forwardBody: {maxSize: 9}",
            HTTPCheck(path_prefix="", headers=("x-a",), response_headers=("x-b",)),
            9,
        ),
        ("http: {}, forwardBody: {}", HTTPCheck(path_prefix="", headers=(), response_headers=()), 0),
    ],
)
def test_external_authorisation_by_http(written: str, check: HTTPCheck, body: int) -> None:
    found = auth("HTTP", written)
    assert found.problem is None
    assert isinstance(found.value, ExternalAuth)
    assert (found.value.check, found.value.body_bytes) == (check, body)
    assert (found.value.upstream.name, found.value.upstream.protocol) == ("cart", Protocol.HTTP1)


def test_external_authorisation_by_grpc() -> None:
    found = auth("GRPC", "grpc: {allowedHeaders: [x-a]}")
    assert isinstance(found.value, ExternalAuth)
    assert found.value.check == GRPCCheck(headers=("x-a",))
    assert found.value.upstream.protocol is Protocol.HTTP2


def test_external_authorisation_that_cannot_be_had() -> None:
    found = auth("HTTP", "http: {}", to="nobody")
    assert found.value is None
    assert isinstance(found.problem, Unresolved)
    assert found.problem.reason == "BackendNotFound"
    assert found.problem.message.startswith("spec.rules[0].filters[0].externalAuth.backendRef: ")
    climbing = auth("HTTP", "http: {path: /a/../b}")
    assert climbing.value is None
    assert isinstance(climbing.problem, Unsupported)


@pytest.mark.parametrize("name", ["Host", "Content-Length", "connection", "x-envoy-retry-on", "X-Gatewayd-Scope"])
def test_an_authorisation_server_does_not_change_what_frames_the_request(name: str) -> None:
    found = auth("HTTP", f"http: {{allowedResponseHeaders: [x-user, {name}]}}")
    assert found.value is None
    assert isinstance(found.problem, Unsupported)
    where = "spec.rules[0].filters[0].externalAuth.http.allowedResponseHeaders[1]"
    assert found.problem.message.startswith(f'{where}: header "{name}" ')


@pytest.mark.parametrize("kind", sorted(FILTERS))
def test_a_type_without_its_member(kind: str) -> None:
    # The CRD's rules refuse this; objects of older CRDs come without these rules.
    found = effect(scratch(), PLACE, HTTPRouteFilter(type=kind))  # type: ignore[arg-type]
    assert found.value is None
    assert isinstance(found.problem, Unsupported)
    assert "must be given with this type" in found.problem.message


def test_a_filter_that_gatewayd_fails_on_is_a_problem_and_does_nothing() -> None:
    odd = HTTPRouteFilter(type="RequestHeaderModifier", request_header_modifier=object())  # type: ignore[arg-type]
    assert effect(scratch(), PLACE, odd) == Effect(None, Unsupported(blame(PLACE.path, AttributeError())))


@pytest.mark.parametrize("kind", ["RequestHeaderModifier", "ResponseHeaderModifier"])
def test_a_header_that_may_not_be_changed(kind: str) -> None:
    member = kind[0].lower() + kind[1:]
    found = made(f"{{type: {kind}, {member}: {{remove: [ok, Content-Length]}}}}")
    assert found.value is None
    assert isinstance(found.problem, Unsupported)
    where = f"spec.rules[0].filters[0].{member}.remove[1]"
    assert found.problem.message.startswith(f'{where}: header "Content-Length" says where a message ends')


@pytest.mark.parametrize("kind", ["URLRewrite", "RequestRedirect"])
def test_a_path_with_control_characters(kind: str) -> None:
    member = {"URLRewrite": "urlRewrite", "RequestRedirect": "requestRedirect"}[kind]
    path = '{type: ReplaceFullPath, replaceFullPath: "/a\\nb"}'
    found = made(f"{{type: {kind}, {member}: {{path: {path}}}}}")
    assert found.value is None
    assert isinstance(found.problem, Unsupported)
    assert found.problem.message.startswith(f'spec.rules[0].filters[0].{member}.path.replaceFullPath: "/a\\nb" has')
