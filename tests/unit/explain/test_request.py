import pytest

from gatewayd.explain.request import Answered, Request, Sent, canonical, merged, received, without_port
from gatewayd.ir.client_settings import ClientSettings, HeaderRules, PathRules
from gatewayd.ir.edge import EscapedSlashes
from gatewayd.ir.filters import Header


def sent(target: str = "/", host: str = "shop.example", headers: tuple[tuple[str, str], ...] = ()) -> Sent:
    named = tuple(Header(name=name, value=value) for name, value in headers)
    return Sent(scheme="http", method="GET", host=host, target=target, headers=named)


def seen(target: str = "/", host: str = "shop.example", headers: tuple[tuple[str, str], ...] = ()) -> Request:
    found = received(sent(target, host, headers), EscapedSlashes.REDIRECT)
    assert isinstance(found, Request)
    return found


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "/"),
        ("/a/./b", "/a/b"),
        ("/a/x/../b", "/a/b"),
        ("/..", "/"),
        ("/a/..", "/"),
        ("/a/.", "/a/"),
        ("/...", "/..."),
        ("/a/%2e%2E/b", "/b"),
        ("/a/..;x=1/b", "/b"),
        ("/a/%2e%2e;/b", "/a/..;/b"),
        ("/a/..;x\\\\y/b", "/b"),
        ("/..;x\\\\", "/"),
        ("/a\\..;x/b", "/a/..;x/b"),
        ("/a\\b", "/a/b"),
        ("/%41%7e%2d%5f%2e%21", "/A~-_.%21"),
        ("/%zz%", "/%zz%"),
        ('/a"<>|^`{}', "/a%22%3C%3E%7C%5E%60%7B%7D"),
        ("/a;b=c,d[e]", "/a;b=c,d[e]"),
    ],
)
def test_paths_are_written_in_one_way(path: str, expected: str) -> None:
    assert canonical(path) == expected


@pytest.mark.parametrize(("path", "expected"), [("/a//b", "/a/b"), ("//a//", "/a/"), ("//", "//"), ("/", "/")])
def test_slashes_are_merged(path: str, expected: str) -> None:
    assert merged(path) == expected


@pytest.mark.parametrize(
    ("authority", "host"),
    [("a", "a"), ("a:80", "a"), ("a:", "a"), ("a:x", "a"), ("[::1]", "[::1]"), ("[::1]:80", "[::1]")],
)
def test_ports_are_taken_off(authority: str, host: str) -> None:
    assert without_port(authority) == host


@pytest.mark.parametrize("host", ["a:80@evil.com", "a:evil.com", "a:99999", "u@a", "a:b:c", "a..", "", "[::1]x", "a,b"])
def test_what_is_no_host_is_refused(host: str) -> None:
    found = received(sent(host=host), EscapedSlashes.REDIRECT)

    assert isinstance(found, Answered)
    assert (found.status, found.location) == (400, "")
    assert "is no host" in found.why


def test_host_and_query_are_told_apart() -> None:
    found = seen("/a//b?x=1&y&x=2", host="Shop.Example:8080")

    assert (found.host, found.authority, found.path, found.query) == (
        "shop.example", "Shop.Example:8080", "/a/b", "x=1&y&x=2",
    )  # fmt: skip
    assert found.target == "/a/b?x=1&y&x=2"
    assert (found.parameters("x"), found.parameters("y"), found.parameters("z")) == (("1", "2"), ("",), ())
    assert seen("/a").target == "/a"


@pytest.mark.parametrize(
    ("target", "location"),
    [("/a%2Fb", "/a/b"), ("/a%5cb?q=%2F", "/a/b?q=%2F"), ("/a/%2e%2e%2fb", "/b"), ("/%2f", "//")],
)
def test_escaped_slashes_are_redirected(target: str, location: str) -> None:
    found = received(sent(target), EscapedSlashes.REDIRECT)

    assert isinstance(found, Answered)
    assert (found.status, found.location) == (307, location)


def test_clients_of_grpc_are_not_redirected() -> None:
    headers = (("Content-Type", "application/grpc+proto"),)

    found = received(sent("/a%2Fb", headers=headers), EscapedSlashes.REDIRECT)

    assert isinstance(found, Answered)
    assert (found.status, found.location) == (400, "")
    assert "INTERNAL" in found.why


@pytest.mark.parametrize(
    ("slashes", "path"),
    [(EscapedSlashes.KEEP, "/a%2Fb%5c"), (EscapedSlashes.UNESCAPE, "/a/b/"), (EscapedSlashes.REJECT, "")],
)
def test_escaped_slashes_of_other_gateways(slashes: EscapedSlashes, path: str) -> None:
    found = received(sent("/x/../a%2Fb%5c?q=%2F"), slashes)

    if path:
        assert isinstance(found, Request)
        assert (found.path, found.query) == (path, "q=%2F")
    else:
        assert isinstance(found, Answered)
        assert (found.status, found.location) == (400, "")


@pytest.mark.parametrize("target", ["a", "*", "/a#b", "/a b", "/ä", "/a%00"])
def test_what_envoy_refuses(target: str) -> None:
    found = received(sent(target), EscapedSlashes.REDIRECT)

    assert isinstance(found, Answered)
    assert (found.status, found.location) == (400, "")


def test_a_header_with_an_underscore_is_refused() -> None:
    found = received(sent(headers=(("x_a", "1"),)), EscapedSlashes.REDIRECT)

    assert isinstance(found, Answered)
    assert found.why == "header x_a has an underscore in its name"


def test_headers_are_as_the_router_sees_them() -> None:
    found = seen(headers=(("Env", " a "), ("env", "b"), ("x-envoy-x", "1"), ("X-Forwarded-Proto", "https")))

    assert found.header("env") == ("a", "b")
    assert found.header("x-envoy-x") == ()
    assert found.header("x-forwarded-proto") == ("http",)
    assert found.header("host") == ("shop.example",)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("application/grpc", True),
        ("application/grpc+proto", True),
        ("application/grpc;charset=utf-8", True),
        ("application/grpc ; charset=utf-8", True),
        ("application/grpc+json; charset=utf-8", True),
        ("Application/GRPC+Proto", True),
        ("application/grpc-web", False),
        ("application/grpc-web+proto", False),
        ("application/grpc-web;application/grpc", False),
        ("application/grpcx", False),
        ("text/plain;application/grpc", False),
        ("text/plain", False),
    ],
)
def test_grpc_is_known_by_its_content_type(kind: str, expected: bool) -> None:  # noqa: FBT001
    assert seen(headers=(("content-type", kind),)).is_grpc is expected


def test_without_a_content_type_it_is_not_grpc() -> None:
    assert not seen().is_grpc


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("OPTIONS", ("origin", "access-control-request-method"), True),
        ("OPTIONS", ("origin",), False),
        ("OPTIONS", ("access-control-request-method",), False),
        ("GET", ("origin", "access-control-request-method"), False),
    ],
)
def test_preflights(method: str, headers: tuple[str, ...], *, expected: bool) -> None:
    sent = tuple(Header(name=each, value="x") for each in headers)
    found = received(Sent(scheme="http", method=method, host="a.example", target="/", headers=sent))
    assert isinstance(found, Request)
    assert found.is_preflight is expected


def test_what_policies_of_clients_say_of_a_request() -> None:
    rules = HeaderRules(underscores="Drop", early_set=(Header(name="X-A", value="1"),), early_remove=("x-b",))
    clients = ClientSettings(headers=rules, path=PathRules(merges=False))
    request = sent("/a//b", headers=tuple((name, "0") for name in ("x-a", "X-B", "x_c", "x-d")))
    found = received(request, clients=clients)
    assert isinstance(found, Request)
    assert found.path == "/a//b"
    assert found.header("x-a") == ("1",)
    assert (found.header("x-b"), found.header("x_c"), found.header("x-d")) == ((), (), ("0",))
    few = ClientSettings(headers=HeaderRules(count=3))
    refused = received(request, clients=few)
    assert isinstance(refused, Answered)
    assert refused.status == 431
