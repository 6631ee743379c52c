"""RoutePolicy, sections body, compression and fault: each is there from one change to the next, without a drain."""

import asyncio
import gzip

import pytest

from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import drains, policy, target
from tests.feature.harness.world import DEADLINE, World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

SHOP = http_route(
    "shop",
    """
- {name: open, matches: [{path: {value: /open}}], backendRefs: [{name: one, port: 80}]}
- {name: rest, backendRefs: [{name: one, port: 80}]}
""",
    host="shop.example",
)
EDGE = target("Gateway", "edge")


def passage(section: str, *, name: str = "passage", at: str = EDGE, namespace: str = "infra") -> str:
    return policy("RoutePolicy", name, at, f"default: {{{section}}}", namespace=namespace)


async def test_the_first_use_of_each_drains_nothing_and_the_last_leaves_nothing(world: World) -> None:
    await world.apply(SHOP)
    before = await drains(world)

    await world.apply(passage("body: {maxBytes: 10}, compression: {}, fault: {delay: {duration: 1ms}}"))

    accepting = ("accept-encoding", "gzip")
    assert (await world.ask("/", method="PUT", body=b"x" * 11)).status == 413
    squeezed = await world.ask("/", accepting, method="PUT", body=b"x" * 10)
    assert (squeezed.status, squeezed.one("content-encoding")) == (200, "gzip")
    assert gzip.decompress(squeezed.body).startswith(b"{")

    await world.remove("RoutePolicy infra/passage")
    plain = await world.ask("/", accepting, method="PUT", body=b"x" * 11)
    assert (plain.status, plain.one("content-encoding")) == (200, None)
    assert await drains(world) == before


async def test_a_body_may_be_longer_than_what_a_connection_holds(world: World) -> None:
    most = 3_000_000
    await world.apply(SHOP, passage(f"body: {{maxBytes: {most}}}"))
    assert (await world.ask("/", method="PUT", body=b"x" * most)).status == 200
    assert (await world.ask("/", method="PUT", body=b"x" * (most + 1))).status == 413


@pytest.mark.parametrize("length", ["content-length: 11", "transfer-encoding: chunked"])
async def test_a_body_that_comes_as_a_whole_counts_too(world: World, length: str) -> None:
    await world.apply(SHOP, passage("body: {maxBytes: 10}"))
    body = "b\r\nxxxxxxxxxxx\r\n0\r\n\r\n" if "chunked" in length else "xxxxxxxxxxx"
    reader, writer = await asyncio.open_connection("127.0.0.1", world.port("http"))
    writer.write(f"PUT / HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n{length}\r\n\r\n{body}".encode())
    async with asyncio.timeout(DEADLINE):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 Payload Too Large\r\n")
    assert answer.endswith(b"\r\n\r\nPayload Too Large")


async def test_only_what_is_worth_it_is_compressed(world: World) -> None:
    accepting, typed = ("accept-encoding", "gzip, zstd, br"), ("x-echo-headers", '{"content-type": "text/x-log"}')
    await world.apply(SHOP, passage("compression: {algorithms: [zstd, gzip]}"))
    assert (await world.ask("/", accepting, typed)).one("content-encoding") is None
    await world.apply(SHOP, passage("compression: {algorithms: [zstd, gzip], contentTypes: [text/x-log]}"))
    assert (await world.ask("/", accepting, typed)).one("content-encoding") == "zstd"
    await world.apply(SHOP, passage("compression: {algorithms: [zstd, gzip]}"))
    assert (await world.ask("/", accepting)).one("content-encoding") == "zstd"
    await world.apply(SHOP, passage("compression: {algorithms: [zstd, gzip], minBytes: 100000}"))
    assert (await world.ask("/", accepting)).one("content-encoding") is None


@pytest.mark.parametrize("status", [400, 503])
async def test_an_abort_says_that_it_is_one(world: World, status: int) -> None:
    await world.apply(SHOP, passage(f"fault: {{abort: {{status: {status}}}}}"))
    aborted = await world.ask("/")
    assert aborted.status == status
    assert aborted.body == (b"Bad Request" if status == 400 else b"fault filter abort")


async def test_a_rule_can_be_spared(world: World) -> None:
    await world.apply(
        SHOP,
        passage("fault: {abort: {status: 503}}, body: {maxBytes: 1}, compression: {}"),
        passage(
            "fault: {mode: Disabled}, body: {mode: Disabled}, compression: {mode: Disabled}",
            name="spared",
            at=target("HTTPRoute", "shop", "open"),
            namespace="shop",
        ),
    )
    spared = await world.ask("/open", ("accept-encoding", "gzip"), method="PUT", body=b"xx")
    assert (spared.status, spared.one("content-encoding")) == (200, None)
    assert (await world.ask("/")).status == 503


async def test_those_who_may_not_come_in_are_told_so_before_anything_else(world: World) -> None:
    closed = policy(
        "AccessPolicy", "floor", EDGE, "override: {clients: {deny: [{cidr: 127.0.0.2}]}}", namespace="infra"
    )
    await world.apply(SHOP, closed, passage("fault: {abort: {status: 503}}, body: {maxBytes: 1}"))
    assert (await world.ask("/", source="127.0.0.2", method="PUT", body=b"xx")).status == 403


async def test_an_error_page_is_for_errors_of_the_proxy_and_of_backends(world: World) -> None:
    pages = "pages: [{codes: [429, 503], body: '100% sorry', contentType: text/html}]"
    limits = "limits: [{requests: 1, unit: Hour}]"
    await world.apply(SHOP)
    before = await drains(world)
    await world.apply(passage(f"errorPages: {{{pages}}}, rateLimit: {{{limits}}}"))

    failing = await world.ask("/", ("x-echo-status", "503"))
    assert (failing.status, failing.body, failing.one("content-type")) == (503, b"100% sorry", "text/html")
    limited = await world.ask("/")
    assert (limited.status, limited.body, limited.one("content-type")) == (429, b"100% sorry", "text/html")
    other = await world.ask("/open", ("x-echo-status", "500"))
    assert (other.status, other.body) != (500, b"100% sorry")
    assert await drains(world) == before
