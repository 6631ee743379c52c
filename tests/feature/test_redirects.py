"""Redirects: status codes, scheme, host, port and path, as listeners of several ports give them.

https://gateway-api.sigs.k8s.io/reference/spec/#httprequestredirectfilter
"""

import pytest

from tests.feature.harness.http1 import Answer
from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]


def redirect(settings: str, path: str = "/") -> str:
    """Return a rule that redirects and names itself by its settings' path."""
    return (
        f"- {{matches: [{{path: {{value: {path}}}}}], filters: [{{type: RequestRedirect, requestRedirect: {settings}}},"
        f" <tag:r>]}}\n"
    )


async def location(
    world: World, settings: str, asked: str = "/a/b?c=d", *, path: str = "/", host: str = "old.example"
) -> str:
    """Apply one redirect and return the Location of its answer."""
    await world.apply(
        http_route("moved", redirect(settings, path), host="old.example *.wild.example"),
        http_route("anywhere", redirect(settings, path)),
    )
    answer = await world.ask(asked, host=host)
    assert (answer.status, answer.route, answer.backend) == (302, "r", None)
    return answer.one("location") or ""


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_codes(world: World, code: int) -> None:
    await world.apply(
        http_route("code", redirect(f"{{statusCode: {code}, hostname: new.example}}"), host="code.example")
    )

    answer = await world.ask("/a?b=c", host="code.example")

    assert (answer.status, answer.route) == (code, "r")
    assert answer.one("location") == f"http://new.example:{world.port('http')}/a?b=c"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        # The port: as given; else the scheme's own when a scheme is given; else the listener's.
        ("{hostname: new.example}", "http://new.example:<http>/a/b?c=d"),
        ("{hostname: new.example, scheme: http}", "http://new.example/a/b?c=d"),
        ("{hostname: new.example, scheme: https}", "https://new.example/a/b?c=d"),
        ("{hostname: new.example, port: 8443, scheme: https}", "https://new.example:8443/a/b?c=d"),
        ("{hostname: new.example, port: 443, scheme: https}", "https://new.example/a/b?c=d"),
        ("{hostname: new.example, port: 80, scheme: https}", "https://new.example:80/a/b?c=d"),
        ("{hostname: new.example, port: 443, scheme: http}", "http://new.example:443/a/b?c=d"),
        ("{hostname: new.example, port: 80}", "http://new.example/a/b?c=d"),
        ("{hostname: new.example, port: 8080}", "http://new.example:8080/a/b?c=d"),
        ("{port: 8080}", "http://old.example:8080/a/b?c=d"),
        ("{port: 80}", "http://old.example/a/b?c=d"),
        ("{scheme: https}", "https://old.example/a/b?c=d"),
        ("{scheme: https, port: 444}", "https://old.example:444/a/b?c=d"),
        # The path.
        ("{scheme: https, path: {type: ReplaceFullPath, replaceFullPath: /full}}", "https://old.example/full?c=d"),
        (
            "{scheme: https, path: {type: ReplaceFullPath, replaceFullPath: '/my file'}}",
            "https://old.example/my%20file?c=d",
        ),
        (
            "{scheme: https, path: {type: ReplaceFullPath, replaceFullPath: '/\\e.org'}}",
            "https://old.example/%5Ce.org?c=d",
        ),
        ("{scheme: https, path: {type: ReplaceFullPath, replaceFullPath: ''}}", "https://old.example/?c=d"),
        (
            "{scheme: https, path: {type: ReplaceFullPath, replaceFullPath: '/%25H%25'}}",
            "https://old.example/%25H%25?c=d",
        ),
        (
            "{scheme: https, path: {type: ReplacePrefixMatch, replacePrefixMatch: '/m y'}}",
            "https://old.example/m%20y/a/b?c=d",
        ),
        ("{scheme: https, path: {type: ReplaceFullPath, replaceFullPath: /}}", "https://old.example/?c=d"),
        ("{scheme: https, path: {type: ReplacePrefixMatch, replacePrefixMatch: /x}}", "https://old.example/x/a/b?c=d"),
        ("{scheme: https, path: {type: ReplacePrefixMatch, replacePrefixMatch: /x/}}", "https://old.example/x/a/b?c=d"),
        ("{scheme: https, path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}", "https://old.example/a/b?c=d"),
        (
            "{scheme: https, hostname: new.example, port: 1234, path: {type: ReplaceFullPath, replaceFullPath: /f}}",
            "https://new.example:1234/f?c=d",
        ),
    ],
)
async def test_locations(world: World, settings: str, expected: str) -> None:
    assert await location(world, settings) == expected.replace("<http>", str(world.port("http")))


@pytest.mark.parametrize(
    ("prefix", "replacement", "asked", "expected"),
    [
        ("/a", "/x", "/a", "/x"),
        ("/a", "/x", "/a/", "/x/"),
        ("/a", "/x", "/a/b", "/x/b"),
        ("/a", "/x", "/a?q=1", "/x?q=1"),
        ("/a/", "/x", "/a/b", "/x/b"),
        ("/a", "/x/", "/a/b", "/x/b"),
        ("/a", "/x/", "/a", "/x"),
        ("/a", "/", "/a", "/"),
        ("/a", "/", "/a/", "/"),
        ("/a", "/", "/a/b", "/b"),
        ("/a", "/", "/a?q=1", "/?q=1"),
        ("/a", "/", "/a/b?q=1", "/b?q=1"),
        ("/a/b", "/x/y", "/a/b/c/d", "/x/y/c/d"),
    ],
)
async def test_prefixes(world: World, prefix: str, replacement: str, asked: str, expected: str) -> None:
    settings = f"{{scheme: https, path: {{type: ReplacePrefixMatch, replacePrefixMatch: {replacement}}}}}"

    assert await location(world, settings, asked, path=prefix) == f"https://old.example{expected}"


async def test_the_port_of_the_request_is_not_taken_over(world: World) -> None:
    port = world.port("http")

    assert await location(world, "{scheme: https}", host=f"old.example:{port}") == "https://old.example/a/b?c=d"
    assert await location(world, "{hostname: n.example}", host="old.example:1") == f"http://n.example:{port}/a/b?c=d"


async def test_a_wildcard_host_keeps_the_host_of_the_request(world: World) -> None:
    assert await location(world, "{scheme: https}", host="a.wild.example") == "https://a.wild.example/a/b?c=d"


HOSTS = ("a.wild.example", "1.2.3.4", "[::1]", "[::443]", "Who.Example", "host-443")


@pytest.mark.parametrize("asked", HOSTS)
@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ("{scheme: https}", "https://{0}/a/b?c=d"),
        ("{scheme: http}", "http://{0}/a/b?c=d"),
        ("{scheme: https, port: 443}", "https://{0}/a/b?c=d"),
        ("{scheme: http, port: 80, statusCode: 302}", "http://{0}/a/b?c=d"),
        ("{port: 80}", "http://{0}/a/b?c=d"),
        ("{scheme: https, port: 80}", "https://{0}:80/a/b?c=d"),
        ("{scheme: http, port: 443}", "http://{0}:443/a/b?c=d"),
        ("{scheme: https, port: 8443}", "https://{0}:8443/a/b?c=d"),
        ("{port: 8080}", "http://{0}:8080/a/b?c=d"),
        ("{}", "http://{0}:<http>/a/b?c=d"),
        ("{scheme: https, path: {type: ReplaceFullPath, replaceFullPath: '/m y'}}", "https://{0}/m%20y?c=d"),
        ("{scheme: https, path: {type: ReplacePrefixMatch, replacePrefixMatch: /x}}", "https://{0}/x/b?c=d"),
        ("{scheme: https, path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}", "https://{0}/b?c=d"),
    ],
)
async def test_a_port_that_the_scheme_implies_is_not_shown(world: World, settings: str, shown: str, asked: str) -> None:
    """Whatever port the request's Host has: the spec leaves it away, and a client may have come by another one."""
    expected = shown.replace("<http>", str(world.port("http"))).format(asked)
    for port in ("", ":80", ":443", ":8080", f":{world.port('http')}"):
        assert await location(world, settings, path="/a", host=f"{asked}{port}") == expected


async def test_any_host_keeps_its_name_and_not_its_port(world: World) -> None:
    await world.apply(http_route("moved", redirect("{scheme: https}")))

    for asked, shown in (("who.example:8080", "who.example"), ("who.example", "who.example"), ("[::1]:8", "[::1]")):
        for path in ("/x", "/x?a=https://b:443/", "/x%25REQ(:path)%25:443/y"):
            answer = await world.ask(path, host=asked)
            assert (answer.status, answer.one("location")) == (302, f"https://{shown}{path}")


async def test_what_a_rule_does_with_headers_and_clients_comes_first(world: World) -> None:
    """The place in the chain that takes the port away is not the one that asks whether a request may come in."""
    asks = "{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {name: two, port: 80}, http: {allowedHeaders: [x-echo-status]}}}"  # noqa: E501
    rule = redirect("{scheme: https}").replace("filters: [", f"filters: [{asks}, ")
    await world.apply(http_route("moved", rule))

    answer = await world.ask("/x", host="who.example:8080")
    assert (answer.status, answer.one("location"), answer.route) == (302, "https://who.example/x", "r")
    assert (await world.ask("/x", ("x-echo-status", "403"), host="who.example:8080")).status == 403


async def test_one_route_on_two_ports_shows_the_port_of_each(world: World) -> None:
    await world.apply("""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {name: http, port: <http>, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
  - {name: more, port: <more>, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
""")
    await world.apply(http_route("ports", redirect("{hostname: new.example}"), host="ports.example"))

    found: dict[str, Answer] = {
        name: await world.ask("/p", host="ports.example", port=name) for name in ("http", "more")
    }

    for name, answer in found.items():
        assert (answer.status, answer.one("location")) == (302, f"http://new.example:{world.port(name)}/p")


async def test_a_rule_that_redirects_asks_no_backend(world: World) -> None:
    await world.apply(
        http_route(
            "mixed",
            redirect("{scheme: https}", "/old")
            + "- {matches: [{path: {value: /new}}], filters: [<route:new>], backendRefs: [{name: one, port: 80}]}",
            host="mixed.example",
        )
    )

    assert (await world.ask("/new", host="mixed.example")).said == (200, "new", "one")
    assert (await world.ask("/old", host="mixed.example")).said == (302, "r", None)
    assert [each.path for each in world.backends["one"].requests] == ["/new"]
    assert state(world.route("HTTPRoute shop/mixed")["ResolvedRefs"]) == (True, "ResolvedRefs")


@pytest.mark.parametrize("path", ["/a?b=c", "/a#b", "/%zz", "//evil.example", "/a/../b", "x", "https://evil.example"])
@pytest.mark.parametrize("kind", ["ReplaceFullPath", "ReplacePrefixMatch"])
async def test_what_is_no_path_is_refused_by_its_field(world: World, kind: str, path: str) -> None:
    field = kind[0].lower() + kind[1:]
    bad = redirect(f"{{path: {{type: {kind}, {field}: '{path}'}}}}", "/bad")
    await world.apply(http_route("no-path", bad + redirect("{scheme: https}", "/good"), host="no-path.example"))

    answer = await world.ask("/bad", host="no-path.example")
    assert (answer.status, answer.one("location")) == (500, None)
    assert (await world.ask("/good", host="no-path.example")).status == 302
    said = world.route("HTTPRoute shop/no-path")["PartiallyInvalid"]
    assert f"spec.rules[0].filters[0].requestRedirect.path.{field}: " in said.message
