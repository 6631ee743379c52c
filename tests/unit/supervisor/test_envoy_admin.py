import asyncio
import json
from pathlib import Path

import pytest

from gatewayd.supervisor.envoy_admin import AdminResponse, NoAnswer, active_requests, ask, count_active

STATS = {
    "http.admin.downstream_rq_active": 1,
    "http.web.downstream_rq_active": 2,
    "http.web.downstream_cx_active": 9,
    "tcp.db.downstream_cx_active": 3,
    "listener.0.0.0.0_8080.downstream_cx_active": 9,
}


def stats(values: dict[str, int]) -> bytes:
    return json.dumps({"stats": [*({"name": n, "value": v} for n, v in values.items()), {"histograms": {}}]}).encode()


def test_what_is_under_way_is_requests_and_tcp_connections() -> None:
    assert count_active(stats(STATS)) == 5
    assert count_active(stats({})) == 0


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"stats": [{"name": "a"}]}', b'{"stats": [{"name": 1, "value": {}}]}']
)
def test_stats_that_cannot_be_read(body: bytes) -> None:
    assert isinstance(count_active(body), NoAnswer)


async def serve(path: Path, answer: bytes, asked: list[bytes]) -> asyncio.Server:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n"))
        writer.write(answer)
        writer.close()

    return await asyncio.start_unix_server(handle, path)


async def test_requests_go_over_the_socket(tmp_path: Path) -> None:
    admin, asked, body = tmp_path / "admin.sock", list[bytes](), stats(STATS)
    async with await serve(admin, b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body), asked):
        assert await ask(admin, "POST", "/healthcheck/fail") == AdminResponse(status=200, body=body)
        assert await active_requests(admin) == 5
    assert asked == [
        b"POST /healthcheck/fail HTTP/1.1\r\n",
        b"GET /stats?format=json&filter=downstream_%28rq%7Ccx%29_active%24 HTTP/1.1\r\n",
    ]


async def test_an_admin_that_does_not_answer(tmp_path: Path) -> None:
    assert isinstance(await ask(tmp_path / "none", "GET", "/"), NoAnswer)
    assert isinstance(await active_requests(tmp_path / "none"), NoAnswer)
    async with await serve(tmp_path / "admin.sock", b"nonsense\r\n\r\n", []):
        assert isinstance(await ask(tmp_path / "admin.sock", "GET", "/"), NoAnswer)
