"""The page over HTTP: who is let in, what the browser may do, and what is sent when something changes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from gatewayd.page.fragments import MOST_ROWS, PARTS
from gatewayd.page.server import page_served
from tests.unit.page.looked_at import LookedAt, many_routes

DEADLINE = 20.0


@asynccontextmanager
async def served(looked_at: LookedAt) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """Give a client that has followed the printed address, and the address of the page."""
    async with asyncio.timeout(DEADLINE), page_served(looked_at.page, 0) as address:
        origin = address.partition("?")[0].rstrip("/")
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
            async with client.get(address) as response:
                assert (response.status, str(response.url)) == (200, f"{origin}/")
            yield client, origin


async def test_the_page_has_everything_and_loads_nothing_from_elsewhere() -> None:
    async with served(LookedAt()) as (client, origin), client.get(f"{origin}/") as response:
        text = await response.text()
        policy = response.headers["Content-Security-Policy"]
    assert "HTTPRoute default/shop" in text
    assert "http://" not in text.replace('placeholder="http://shop.example/cart"', "")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/", "/events", "/explain", "/page.js", "/none"])
async def test_without_the_token_there_is_nothing(path: str) -> None:
    async with served(LookedAt()) as (_, origin), aiohttp.ClientSession() as stranger:
        for query in ("", "?token=", "?token=wrong"):
            async with stranger.get(f"{origin}{path}{query}") as response:
                assert response.status == 401
                assert "shop" not in await response.text()


async def test_a_second_run_does_not_lock_out_the_first() -> None:
    async with served(LookedAt()) as (client, origin), page_served(LookedAt().page, 0) as other:
        async with client.get(other) as response:
            assert response.status == 200
        async with client.get(f"{origin}/") as response:
            assert response.status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example:80", ""])
async def test_under_another_name_there_is_nothing(host: str) -> None:
    async with served(LookedAt()) as (client, origin), client.get(f"{origin}/", headers={"Host": host}) as response:
        assert response.status == 421


async def test_only_reading_is_allowed() -> None:
    async with served(LookedAt()) as (client, origin):
        for method in ("POST", "PUT", "DELETE"):
            async with client.request(method, f"{origin}/") as response:
                assert response.status == 405
        async with client.get(f"{origin}/../../etc/passwd") as response:
            assert response.status == 404


async def test_files_come_from_here() -> None:
    async with served(LookedAt()) as (client, origin):
        for path, kind in (("/page.js", "text/javascript"), ("/page.css", "text/css")):
            async with client.get(f"{origin}{path}") as response:
                assert response.status == 200
                assert response.content_type == kind


async def test_a_request_is_explained() -> None:
    query = {"url": "http://shop.example:8080/cart"}
    async with served(LookedAt()) as (client, origin), client.get(f"{origin}/explain", params=query) as response:
        assert "takes it" in await response.text()


async def test_a_change_sends_the_parts_that_differ_and_few_rows() -> None:
    text = many_routes(300)
    looked_at = LookedAt(text=text)
    before, middle, after = text.partition("hostnames: [h0.example]\n  rules: [{backendRefs: [{name: ")
    assert after.startswith("cart")
    async with served(looked_at) as (client, origin), client.get(f"{origin}/events") as stream:
        assert stream.content_type == "text/event-stream"
        assert set(await parts_until(stream, set(PARTS))) == set(PARTS)
        looked_at.save(before + middle + after.replace("cart", "none", 1))
        differing = {"problems", "rows", "columns", "saved"}  # without an Envoy no route is well, before or after
        changed = await parts_until(stream, differing)
    assert set(changed) == differing
    assert changed["rows"].count("<tr") == MOST_ROWS + 1
    assert "does not exist" in changed["rows"].split("<tr")[2]


async def test_a_port_that_somebody_has_is_an_error() -> None:
    async with served(LookedAt()) as (_, origin):
        with pytest.raises(OSError, match="address already in use"):
            async with page_served(LookedAt().page, int(origin.rpartition(":")[2])):
                pass


async def parts_until(stream: aiohttp.ClientResponse, names: set[str]) -> dict[str, str]:
    """Return the parts that a stream sends next, until all that must come have come."""
    parts: dict[str, str] = {}
    while not names <= parts.keys():
        kind, data, end = [await stream.content.readline() for _ in range(3)]
        assert (kind, end) == (b"event: part\n", b"\n")
        part = json.loads(data.removeprefix(b"data: "))
        parts[part["id"]] = part["html"]
    return parts
