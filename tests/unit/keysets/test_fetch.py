"""One request, against a server that answers as it is told; tests/feature/test_policy_key_sets.py has the rest."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from gatewayd.ir.backend import Endpoint, Protocol, Upstream
from gatewayd.ir.key_sets import KeySetSource, KeySetTarget
from gatewayd.keysets import fetch as fetching
from gatewayd.keysets.fetch import MOST_BYTES, Fetched, NotFetched, fetch
from gatewayd.untrusted.key_sets import public_keys

KEYS = """{"keys": [{"kty": "EC", "crv": "P-256", "kid": "one", "x5c": ["left out"],
  "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"""
TURNS = 10
"""Of the loop, in which what the client has let go of is closed."""
VIA = Upstream(kind="Service", namespace="shop", name="idp", port=80, protocol=Protocol.HTTP1)


@asynccontextmanager
async def answering(*parts: str, status: int = 200, head: str = "", stall: bool = False) -> AsyncIterator[KeySetTarget]:
    """Answer each request with a body in parts, and with no end where it stalls."""
    over = asyncio.Event()
    served: list[asyncio.Task[None]] = []

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.get_running_loop().create_task(serve(reader, writer)))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            size = sum(map(len, parts)) + stall
            writer.write(f"HTTP/1.1 {status} x\r\n{head}content-length: {size}\r\n\r\n".encode())
            for part in parts:
                writer.write(part.encode())
            if stall:
                await over.wait()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    endpoint = Endpoint(address="127.0.0.1", port=port, draining=False)
    try:
        yield target(endpoints=(endpoint,))
    finally:
        over.set()
        await asyncio.gather(*served, return_exceptions=True)
        server.close()
        await server.wait_closed()
        for _ in range(TURNS):
            await asyncio.sleep(0)


def target(
    uri: str = "http://idp.example/keys", via: Upstream | None = VIA, endpoints: tuple[Endpoint, ...] = ()
) -> KeySetTarget:
    return KeySetTarget(source=KeySetSource(uri=uri, via=via), endpoints=endpoints)


@pytest.mark.parametrize(
    ("head", "max_age"),
    [
        ("", None),
        ("cache-control: public, max-age=90\r\n", 90),
        ('Cache-Control: MAX-AGE="90"\r\n', 90),
        ("cache-control: s-maxage=90\r\n", None),
        ("cache-control: max-age=soon\r\n", None),
    ],
)
async def test_keys_come_as_they_are_checked_with_their_age(head: str, max_age: int | None) -> None:
    async with answering(KEYS[:20], KEYS[20:], head=head) as asked:
        found = await fetch(asked)
    assert found == Fetched(keys=str(public_keys(KEYS)), max_age=max_age)
    assert "x5c" not in found.keys


@pytest.mark.parametrize(
    ("body", "status", "head", "why"),
    [
        ("hunter2", 200, "", "the answer is not JSON"),
        ('{"keys": [{"kty": "oct", "k": "hunter2"}]}', 200, "", "the answer has a private key, or a shared secret"),
        (KEYS, 404, "", "the answer is 404; wanted is a 200, without redirects"),
        (KEYS, 301, "location: /other\r\n", "the answer is 301; wanted is a 200, without redirects"),
        ("x" * (MOST_BYTES + 1), 200, "", f"the answer has more than {MOST_BYTES} bytes"),
        (KEYS, 200, "content-encoding: gzip\r\n", None),
    ],
)
async def test_what_is_no_key_set_is_told_without_a_word_of_it(
    body: str, status: int, head: str, why: str | None
) -> None:
    async with answering(body, status=status, head=head) as asked:
        found = await fetch(asked)
    assert found == (NotFetched(why=why) if why is not None else Fetched(keys=str(public_keys(KEYS)), max_age=None))


async def test_nobody_is_waited_for_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fetching.SECONDS == 5.0
    monkeypatch.setattr(fetching, "SECONDS", 0.05)
    async with answering(KEYS[:20], stall=True) as asked:
        assert await fetch(asked) == NotFetched(why="no answer within 0 s")


@pytest.mark.parametrize("uri", ["http://127.0.0.1/keys", "https://10.0.0.1/keys"])
async def test_an_address_is_no_host(uri: str) -> None:
    for via in (VIA, None):
        assert await fetch(target(uri, via)) == NotFetched(why="the host is an address; allowed: a name")


async def test_a_backend_without_endpoints_is_not_reached() -> None:
    assert await fetch(target()) == NotFetched(why="the backend has no endpoints")


async def test_plain_text_is_not_taken_for_tls() -> None:
    async with answering(KEYS) as asked:
        found = await fetch(target("https://idp.example/keys", endpoints=asked.endpoints))
    assert isinstance(found, NotFetched)
    assert json.dumps(found.why).isascii()
