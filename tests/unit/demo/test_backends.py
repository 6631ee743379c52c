import asyncio

from gatewayd.demo.backends import LOOPBACK, serve_backends

GET = b"GET /hello HTTP/1.1\r\nhost: a\r\n\r\n"


async def talk(port: int, *requests: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        writer.write(b"".join(requests))
        writer.write_eof()
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()
        await writer.wait_closed()


async def test_each_says_who_it_is_and_what_was_asked() -> None:
    async with serve_backends(["one", "two"]) as ports:
        one, two = await talk(ports["one"], GET), await talk(ports["two"], GET)

    assert one.startswith(b"HTTP/1.1 200 OK\r\n")
    assert one.endswith(b"hello from one: GET /hello\n")
    assert b"x-backend: two\r\n" in two


async def test_several_requests_on_one_connection_with_bodies() -> None:
    post = b"POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc"
    async with serve_backends(["one"]) as ports:
        answer = await talk(ports["one"], post, GET)

    assert answer.count(b"HTTP/1.1 200 OK") == 2


async def test_head_has_no_body() -> None:
    async with serve_backends(["one"]) as ports:
        answer = await talk(ports["one"], b"HEAD / HTTP/1.1\r\nhost: a\r\n\r\n")

    assert answer.endswith(b"\r\n\r\n")


async def test_what_is_not_understood_ends_the_connection() -> None:
    chunked = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"
    async with serve_backends(["one"]) as ports:
        answers = [await talk(ports["one"], each) for each in (chunked, b"nonsense\r\n\r\n", b"GET")]

    assert answers == [b"", b"", b""]
