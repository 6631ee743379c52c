import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gatewayd.agent import envoy
from gatewayd.agent.envoy import Health, bound, health, is_there
from gatewayd.ir.mesh import ListeningPort

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:3A99 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:3AFC 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
"""


@asynccontextmanager
async def answering(said: bytes | None) -> AsyncIterator[int]:
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"GET /ready HTTP/1.1\r\n")
        if said is None:
            await over.wait()
        writer.write(said or b"")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        over.set()
        server.close()


@pytest.mark.parametrize(
    ("said", "known"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", Health.SERVES),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", Health.AWAY),
        (b"", Health.AWAY),
        (b"nonsense\r\n", Health.AWAY),
    ],
)
async def test_an_answer_tells_whether_it_serves(said: bytes, known: Health) -> None:
    async with answering(said) as port:
        assert await health(port) is known


async def test_one_that_does_not_answer_is_not_one_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envoy, "PATIENCE", 0.01)
    async with answering(None) as port:
        assert await health(port) is Health.SILENT


async def test_where_nobody_listens_there_is_none() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert await health(free.getsockname()[1]) is Health.AWAY


async def test_one_that_does_not_serve_is_there_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    async with answering(b"HTTP/1.1 503 Service Unavailable\r\n\r\n") as port:
        assert await is_there(port)
    assert not await is_there(port)

    async def silent(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio, "open_connection", silent)
    monkeypatch.setattr(envoy, "PATIENCE", 0.01)
    assert await is_there(port)


def test_ports_that_are_listened_on(tmp_path: Path) -> None:
    table = tmp_path / "tcp"
    table.write_text(TABLE)
    # 15100 is a connection's, and 15101 nobody's.
    tables = {4: table, 6: tmp_path / "tcp6"}
    asked = [ListeningPort(version, port) for version in tables for port in (15001, 15100, 15101)]
    assert bound(asked, tables) == {ListeningPort(4, 15001)}


def test_ports_of_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as here:
        port = ListeningPort(4, here.getsockname()[1])
        assert bound((port, port._replace(version=6))) == {port}
    assert bound((port,)) == frozenset()
