import asyncio
import gc
from contextlib import suppress

import pytest

from gatewayd.ir.limits import ADMIN_CONNECTIONS, ADMIN_HEAD
from gatewayd.telemetry import http_pages
from gatewayd.telemetry.http_pages import health_pages, metrics_pages, served

PAGES = {**health_pages(lambda: ()), **metrics_pages(lambda: b"up 1\n", "text/plain; version=0.0.4")}

HUNG_UP = (ConnectionError, asyncio.IncompleteReadError)


async def exchange(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


async def ask(request_line: str) -> tuple[str, str]:
    """Return the status line and the body."""
    async with served(PAGES, host="127.0.0.1", port=0) as port:
        answer = (await exchange(port, f"{request_line}\r\nhost: x\r\n\r\n".encode())).decode()
    head, _, body = answer.partition("\r\n\r\n")
    return head.split("\r\n", 1)[0], body


async def test_it_is_alive_while_it_answers() -> None:
    assert await ask("GET /healthz HTTP/1.1") == ("HTTP/1.1 200 OK", "ok\n")


async def test_it_is_ready_when_nothing_is_waited_for() -> None:
    assert await ask("GET /readyz HTTP/1.1") == ("HTTP/1.1 200 OK", "ok\n")
    waiting = ["Secret", "HTTPRoute"]
    async with served(health_pages(lambda: tuple(waiting)), host="127.0.0.1", port=0) as port:
        answer = await exchange(port, b"GET /readyz HTTP/1.1\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert answer.endswith(b"waiting for: Secret, HTTPRoute\n")
        waiting.clear()
        assert (await exchange(port, b"GET /readyz HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 200 ")


async def test_metrics_have_their_content_type() -> None:
    async with served(PAGES, host="127.0.0.1", port=0) as port:
        answer = await exchange(port, b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
    head, body = answer.split(b"\r\n\r\n", 1)
    assert b"content-type: text/plain; version=0.0.4" in head
    assert b"content-length: 5" in head
    assert body == b"up 1\n"


async def test_head_has_no_body() -> None:
    assert await ask("HEAD /metrics HTTP/1.1") == ("HTTP/1.1 200 OK", "")


@pytest.mark.parametrize(
    "path",
    ["/", "/metrics/", "/metrics/../healthz", "/metrics?x=1", "//metrics", "/%6detrics", "http://x/metrics", "*"],
)
async def test_only_exact_paths_exist(path: str) -> None:
    assert (await ask(f"GET {path} HTTP/1.1"))[0] == "HTTP/1.1 404 Not Found"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "get", "QUIT"])
async def test_nothing_can_be_changed(method: str) -> None:
    assert (await ask(f"{method} /healthz HTTP/1.1"))[0] == "HTTP/1.1 405 Method Not Allowed"


@pytest.mark.parametrize(
    "line", ["nonsense", "GET /healthz", "GET /healthz HTTP/2", "GET  /healthz HTTP/1.1", "\x16\x03"]
)
async def test_what_is_no_http_is_refused(line: str) -> None:
    assert (await ask(line))[0] == "HTTP/1.1 400 Bad Request"


async def test_a_head_without_end_is_hung_up_on() -> None:
    async with served(PAGES, host="127.0.0.1", port=0) as port:
        # Reset or closed, as the race between our writing and its hanging up goes.
        with suppress(ConnectionError):
            assert await exchange(port, b"GET /healthz HTTP/1.1\r\n" + b"x: y\r\n" * ADMIN_HEAD) == b""
        assert (await exchange(port, b"GET /healthz HTTP/1.1\r\n\r\n")).endswith(b"ok\n")


async def test_who_says_nothing_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_pages, "HEAD_SECONDS", 0.0)
    async with served(PAGES, host="127.0.0.1", port=0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with pytest.raises(HUNG_UP):
            await reader.readexactly(1)
        writer.close()


async def hung_up(reader: asyncio.StreamReader) -> bool:
    with suppress(ConnectionError):
        assert await reader.read() == b""
    return True


async def test_there_is_an_end_to_connections_and_the_oldest_idle_one_makes_room() -> None:
    async with served(PAGES, host="127.0.0.1", port=0) as port:
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(ADMIN_CONNECTIONS)]
        assert (await exchange(port, b"GET /healthz HTTP/1.1\r\n\r\n")).endswith(b"ok\n")
        assert await hung_up(silent[0][0])
        silent[-1][1].write(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert (await silent[-1][0].read()).endswith(b"ok\n")
        for _, each in silent:
            each.close()


async def test_who_holds_many_connections_makes_room_for_who_holds_few() -> None:
    async with served(PAGES, host="127.0.0.1", port=0) as port:
        few = await asyncio.open_connection("127.0.0.1", port)
        many = [
            await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0))
            for _ in range(ADMIN_CONNECTIONS + 10)
        ]
        few[1].write(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert (await few[0].read()).endswith(b"ok\n")
        for _, each in (few, *many):
            each.close()


@pytest.mark.parametrize("attackers", [80, 500, 1_500])
@pytest.mark.parametrize("words", [b"", b"GET /healthz HTTP/1.1\r\n"])
async def test_who_asks_is_answered_however_many_hold_connections(attackers: int, words: bytes) -> None:
    async with served(PAGES, host="127.0.0.1", port=0) as port:

        async def holds() -> None:
            while True:
                with suppress(ConnectionError):
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    try:
                        writer.write(words)
                        await reader.read()
                    finally:
                        writer.close()

        async with asyncio.TaskGroup() as tasks:
            holding = [tasks.create_task(holds()) for _ in range(attackers)]
            for _ in range(20):
                assert (await exchange(port, b"GET /healthz HTTP/1.1\r\n\r\n")).endswith(b"ok\n")
            for task in holding:
                task.cancel()


async def test_metrics_are_not_made_anew_for_each_who_asks() -> None:
    made: list[int] = []

    def text() -> bytes:
        made.append(1)
        return b"up 1\n"

    async with served(metrics_pages(text, "text/plain"), host="127.0.0.1", port=0) as port:
        for _ in range(50):
            assert (await exchange(port, b"GET /metrics HTTP/1.1\r\n\r\n")).endswith(b"up 1\n")
    assert len(made) < 50


async def test_nothing_is_left_when_it_ends() -> None:
    before = asyncio.all_tasks()
    async with served(PAGES, host="127.0.0.1", port=0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET")
        await exchange(port, b"GET /healthz HTTP/1.1\r\n\r\n")
    with pytest.raises(HUNG_UP):
        await reader.readexactly(1)
    writer.close()
    assert asyncio.all_tasks() == before
    with pytest.raises(OSError, match="onnect"):
        await asyncio.open_connection("127.0.0.1", port)
    gc.collect()
