"""What a client may ask a connection to become: a WebSocket; any other wish is ignored and the request served.

https://www.rfc-editor.org/rfc/rfc9110#section-7.8
"""

import asyncio

import pytest

from gatewayd.explain.request import Sent
from gatewayd.explain.trace import Taken, Translated, traces
from gatewayd.ir.filters import Header
from tests.feature.harness import http2
from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one",)
ROUTE = http_route("up", "- {filters: [<route:up>], backendRefs: [{name: one, port: 80}]}", host="up.example")
SETTINGS = ("HTTP2-Settings", "AAMAAABkAAQAAP__")
UNKNOWN = (
    "TLS/1.2",
    "TLS/1.0",
    "h2c",
    "HTTP/2.0",
    "foo",
    "foo, bar/1",
    "h2c, foo",
    "connect-udp",
    "connect-ip",
    "CONNECT",
    "websocket/13",
    "websockets",
    "web socket",
    "xwebsocket",
    "",
    ",",
)
CONNECTIONS = ("Upgrade", "upgrade, keep-alive", "keep-alive,Upgrade", "Upgrade, HTTP2-Settings", "close, upgrade")


@pytest.mark.parametrize("connection", CONNECTIONS)
@pytest.mark.parametrize("upgrade", UNKNOWN)
async def test_an_upgrade_that_is_not_known_is_ignored(world: World, upgrade: str, connection: str) -> None:
    await world.apply(ROUTE)

    answer = await world.ask("/x", ("Connection", connection), ("Upgrade", upgrade), SETTINGS, host="up.example")

    assert answer.said == (200, "up", "one")
    assert [answer.seen(name) for name in ("connection", "upgrade", "http2-settings")] == [[], [], []]


async def test_the_body_of_such_a_request_is_served_too(world: World) -> None:
    await world.apply(ROUTE)

    headers = (("Connection", "Upgrade"), ("Upgrade", "TLS/1.2"))
    answer = await world.ask("/x", *headers, host="up.example", method="POST", body=b"hello")

    assert (answer.said, answer.echo["body"]) == ((200, "up", "one"), "hello")


async def test_several_lines_of_it(world: World) -> None:
    await world.apply(ROUTE)

    lines = (("Connection", "keep-alive"), ("Connection", "Upgrade"), ("Upgrade", "foo"), ("Upgrade", "TLS/1.2"))
    answer = await world.ask("/x", *lines, host="up.example")

    assert (answer.said, answer.seen("upgrade")) == ((200, "up", "one"), [])


async def test_the_connection_goes_on(world: World) -> None:
    await world.apply(ROUTE)

    connection = await world.connect()
    for _ in range(3):
        headers = (("Connection", "Upgrade"), ("Upgrade", "TLS/1.2"))
        assert (await connection.ask("/x", *headers, host="up.example")).said == (200, "up", "one")
    await connection.close()


@pytest.mark.parametrize("upgrade", ["websocket", "WebSocket", "websocket, foo", "foo, websocket", "h2c, websocket"])
@pytest.mark.parametrize("connection", CONNECTIONS[:4])
async def test_a_websocket_is_one_whatever_else_is_wished_for(world: World, upgrade: str, connection: str) -> None:
    await world.apply(ROUTE)

    opened = await world.connect()
    wish = (("Connection", connection), ("Upgrade", upgrade), ("Sec-WebSocket-Key", "MDEyMzQ1Njc4OWFiY2RlZg=="))
    answer = await opened.ask("/chat", *wish, SETTINGS, host="up.example")

    assert (answer.status, answer.backend) == (101, "one")
    seen = world.backends["one"].requests[-1]
    assert (seen.all("upgrade")[0].lower(), seen.all("http2-settings")) == ("websocket", [])
    opened.writer.write(b"ping")
    async with asyncio.timeout(10):
        assert await opened.reader.readexactly(4) == b"ping"
    await opened.close()


async def test_connect_stays_refused(world: World) -> None:
    await world.apply(ROUTE)

    assert (await world.ask("up.example:443", host="up.example:443", method="CONNECT")).status == 404


async def test_http_2_has_no_such_headers(world: World) -> None:
    await world.apply(ROUTE)

    connection = await http2.connect(world.port("http"))
    answer = await connection.ask("/", ("http2-settings", SETTINGS[1]), host="up.example", scheme="http")
    await connection.close()

    assert (answer.said, answer.seen("http2-settings")) == ((200, "up", "one"), [])


async def test_explain_says_so(world: World) -> None:
    await world.apply(ROUTE)
    wish = (Header(name="Connection", value="Upgrade"), Header(name="Upgrade", value="TLS/1.2"))
    sent = Sent(scheme="http", method="GET", host="up.example", target="/x", headers=wish)
    translated = Translated(engine=world.reconciler.store.engine, configs=tuple(world.reconciler.configs.values()))

    (trace,) = traces(translated, sent, world.port("http"))

    assert isinstance(trace.end, Taken)
    assert trace.remarks == ("upgrade to TLS/1.2 is ignored, the request is served without it; websocket is passed on",)
