"""What a client may call a host: junk is refused before any rule is asked, and the dot of the root changes nothing.

https://www.rfc-editor.org/rfc/rfc9112#section-3.2
"""

import pytest

from tests.feature.harness import http2
from tests.feature.harness.echo import tcp_backend
from tests.feature.harness.http1 import Answer
from tests.feature.harness.https import CA, REFUSED, gateway, https, plain
from tests.feature.harness.l4 import greeting
from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.pki import serving
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]
REACHED = "reached"
BACKENDS = ("one",)
APP, WILD = CA.issue("app.example"), CA.issue("*.shop.example")
BASE = "\n---\n".join((
    APP.secret("app"),
    WILD.secret("wild"),
    gateway(
        "edge",
        plain("http", "http"),
        https("app", "https", "{name: app}", "app.example"),
        https("wild", "https", "{name: wild}", "*.shop.example"),
        "  - {name: passed, port: <https>, protocol: TLS, hostname: passed.example, tls: {mode: Passthrough},"
        " allowedRoutes: {namespaces: {from: All}}}\n",
    ),
))  # fmt: skip
RULES = "- {filters: [<tag:reached>], backendRefs: [{name: one, port: 80}]}"
NAMED = http_route("named", RULES, host="app.example *.app.example *.shop.example")
ANY = http_route("any", RULES)

JUNK = (
    "app.example:80@evil.com",
    "app.example:evil.com",
    "app.example:99999",
    "app.example:65536",
    "app.example:100000",
    "app.example:-1",
    "app.example:+80",
    "app.example:0x50",
    "app.example:80:80",
    "app.example:",
    "app.example.:x",
    "app.example..",
    "app.example..:80",
    "user@app.example",
    "user:secret@app.example",
    "user@app.example:80",
    "app.example,other.example",
    "app.example, app.example",
    "x..app.example",
    ".app.example",
    "*.app.example",
    "%61pp.example",
    "a;b.app.example",
    "x'.app.example",
    "a:b:c",
    "[::1]x",
    "[::1]:x",
    "[::1]:99999",
    "[::1",
    "::1",
    "[::1%25eth0]",
    "[app.example]",
    "[v1.app]",
    ":80",
    ".",
    "@",
    "-.:",
)
OF_HTTP_1 = ("app.example app.example", "app.example:8 0", "", "app.example/x", "app.example?x", "app.example#x")
# Envoy's codec ends the connection for these, as for any header that HTTP/2 does not allow.
NEVER_IN_HTTP_2 = frozenset("@ ")
SAME = ("app.example", "APP.example", "app.example.", "App.Example.:80", "app.example:1", "app.example:65535")
OTHERS = ("127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:443", "[2001:db8::7]:80", "my_service:80", "localhost")


async def over_http_2(world: World, host: str, path: str = "/") -> Answer:
    connection = await http2.connect(world.port("http"))
    try:
        return await connection.ask(path, host=host, scheme="http")
    finally:
        await connection.close()


@pytest.mark.parametrize("routes", [NAMED, ANY], ids=["named", "any"])
@pytest.mark.parametrize("host", [*JUNK, *OF_HTTP_1])
async def test_junk_is_no_host(world: World, host: str, routes: str) -> None:
    await world.apply(routes)

    connection = await world.connect()
    connection.writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    answer = await connection.answer()

    assert (answer.status, answer.backend, answer.body) == (400, None, b"Bad Request")
    assert world.backends["one"].requests == []


@pytest.mark.parametrize("routes", [NAMED, ANY], ids=["named", "any"])
@pytest.mark.parametrize("host", JUNK)
async def test_junk_is_no_authority(world: World, host: str, routes: str) -> None:
    await world.apply(routes)

    if set(host) & NEVER_IN_HTTP_2:
        with pytest.raises((http2.Http2Error, ConnectionError)):
            await over_http_2(world, host)
    else:
        answer = await over_http_2(world, host)
        assert (answer.status, answer.backend) == (400, None)
    assert world.backends["one"].requests == []


async def test_two_hosts_are_none(world: World) -> None:
    await world.apply(ANY)

    assert (await world.ask("/", ("host", "app.example"), host="app.example")).status == 400
    assert (await world.ask("/", ("host", "evil.example"), host="app.example")).status == 400


async def test_no_host_is_none(world: World) -> None:
    await world.apply(ANY)

    assert (await world.ask("/", host="")).status == 400


@pytest.mark.parametrize("target", ["http://app.example:evil/", "http://app.example:99999/", "http://a,b.app.example/"])
async def test_an_absolute_target_is_looked_at_as_well(world: World, target: str) -> None:
    await world.apply(ANY)

    assert (await world.ask(target, host="app.example")).status == 400


@pytest.mark.parametrize("host", SAME)
async def test_a_host_is_the_same_however_it_is_spelt(world: World, host: str) -> None:
    await world.apply(NAMED)

    for answer in (await world.ask("/", host=host), await over_http_2(world, host)):
        assert answer.said == (200, REACHED, "one")
        assert answer.seen("host") == [host.replace(".:", ":").removesuffix(".")]


@pytest.mark.parametrize("host", ["x.app.example.", "X.app.example.:80", "x.y.app.example."])
async def test_a_host_of_a_wildcard_may_have_the_dot_too(world: World, host: str) -> None:
    await world.apply(NAMED)

    assert (await world.ask("/", host=host)).said == (200, REACHED, "one")


@pytest.mark.parametrize("host", OTHERS)
async def test_addresses_and_plain_names_are_hosts(world: World, host: str) -> None:
    await world.apply(ANY)

    for answer in (await world.ask("/", host=host), await over_http_2(world, host)):
        assert (answer.said, answer.seen("host")) == ((200, REACHED, "one"), [host])


async def test_no_dot_is_in_a_location(world: World) -> None:
    redirect = "- {filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}"
    await world.apply(http_route("to", redirect, host="app.example *.app.example"))

    for host in ("app.example.", "x.app.example."):
        answer = await world.ask("/", host=host)
        assert (answer.status, answer.one("location")) == (302, f"https://{host[:-1]}/")


async def test_junk_is_refused_before_a_rule_answers(world: World) -> None:
    redirect = "- {filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}"
    await world.apply(http_route("to", redirect))

    answer = await world.ask("/", host="app.example:80@evil.com")

    assert (answer.status, answer.one("location")) == (400, None)


async def over_tls(world: World, server_name: str, host: str) -> Answer:
    tls = CA.trusting()
    # Certificates name hosts without the dot.
    tls.check_hostname = False
    return await world.ask("/", host=host, port="https", tls=tls, server_name=server_name)


SERVER_NAMES = ("app.example", "app.example.", "APP.example.", "x.shop.example", "x.shop.example.", "x.y.shop.example.")


@pytest.mark.parametrize("host_dot", ["", "."])
@pytest.mark.parametrize("server_name", SERVER_NAMES)
async def test_a_server_name_may_have_the_dot(world: World, server_name: str, host_dot: str) -> None:
    await world.apply(NAMED)

    answer = await over_tls(world, server_name, server_name.removesuffix(".") + host_dot)

    assert answer.said == (200, REACHED, "one")


@pytest.mark.parametrize("server_name", ["app.example", "app.example."])
@pytest.mark.parametrize("host", ["x.shop.example", "x.shop.example.", "x.shop.example.:443"])
async def test_a_misdirected_request_is_one_with_and_without_the_dot(world: World, server_name: str, host: str) -> None:
    await world.apply(NAMED)

    assert (await over_tls(world, server_name, host)).status == 421


async def test_junk_is_refused_before_it_is_misdirected(world: World) -> None:
    await world.apply(NAMED)

    assert (await over_tls(world, "app.example", "x.shop.example:80@app.example")).status == 400


@pytest.mark.parametrize("server_name", ["other.example.", "example.", "xapp.example.", "shop.example."])
async def test_a_dot_opens_no_other_door(world: World, server_name: str) -> None:
    await world.apply(NAMED)

    with pytest.raises(REFUSED):
        await over_tls(world, server_name, "app.example")


@pytest.mark.parametrize("server_name", ["passed.example", "passed.example."])
async def test_tls_that_is_passed_on_may_have_the_dot(world: World, server_name: str) -> None:
    tls = CA.trusting()
    tls.check_hostname = False
    async with tcp_backend("raw", tls=serving(CA.issue("passed.example"))) as backend:
        passed = http_route(
            "passed",
            "- {backendRefs: [{name: raw, port: 80}]}",
            host="passed.example",
            kind="TLSRoute",
            parent="name: edge, namespace: infra, sectionName: passed",
        )
        await world.apply(service("raw", backend.port), passed)

        assert await greeting(world.port("https"), tls=tls, server_name=server_name) == "raw"
