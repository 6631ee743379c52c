import asyncio
from pathlib import Path

from gatewayd.supervisor.access_log import bound, earlier, set_aside


def test_a_small_log_stays(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    assert not set_aside(log)
    log.write_bytes(b"a\n")
    assert not set_aside(log)
    assert log.read_bytes() == b"a\n"


def test_a_large_log_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    for text in (b"first\n", b"second\n"):
        log.write_bytes(text)
        assert set_aside(log, largest=2)
    assert not log.exists()
    assert earlier(log).read_bytes() == b"second\n"


def test_what_cannot_be_renamed_grows_on(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"a\n")
    (earlier(log) / "x").mkdir(parents=True)
    assert not set_aside(log, largest=1)


async def test_envoy_is_told_to_begin_a_new_one(tmp_path: Path) -> None:
    log, admin, asked = tmp_path / "access.log", tmp_path / "admin", asyncio.Queue[bytes]()
    with log.open("wb") as file:
        file.truncate(1 << 30)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.put_nowait(await reader.readuntil(b"\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_unix_server(handle, admin):
        looking = asyncio.create_task(bound(log, admin))
        async with asyncio.timeout(10):
            assert await asked.get() == b"POST /reopen_logs HTTP/1.1\r\n"
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    assert earlier(log).exists()
