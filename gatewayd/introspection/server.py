"""The service Introspection of a run: answers the owner of its Unix socket, or whoever is on a pod's loopback.

Nobody else: beside ADS it shares a server with ports that proxies come to.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, NamedTuple, TypeAlias

import grpc

from gatewayd.ads.listen import start_whole
from gatewayd.api.meta import ObjectKey
from gatewayd.explain.steps import UnknownKindError
from gatewayd.introspection.explanation import GET_EXPLANATION, explanation_asked, explanation_encoded
from gatewayd.introspection.messages import (
    GET_PLACES,
    GET_STATUS,
    GET_WHY,
    OPEN_PAGE,
    SERVICE,
    SET_LOG_LEVEL,
    level_asked,
    level_encoded,
    page_encoded,
    pieces,
    places_asked,
    places_encoded,
    why_asked,
    why_encoded,
)
from gatewayd.introspection.names import GET_NAMES, names_asked, names_encoded
from gatewayd.introspection.places import PlaceOfRule
from gatewayd.introspection.published import GET_CONFIG, choice_asked, published_encoded
from gatewayd.introspection.run_answers import RunAnswers
from gatewayd.introspection.status import Status
from gatewayd.settings import LOG_LEVELS
from gatewayd.telemetry import logs

_Context: TypeAlias = grpc.aio.ServicerContext
_Answer: TypeAlias = Callable[[bytes, _Context], Awaitable[bytes]]
Ask: TypeAlias = Callable[[], Awaitable[Status]]

_GRACE: Final = 1.0


class Answers(NamedTuple):
    """Who is asked at each call."""

    status: Ask
    place: PlaceOfRule
    run: RunAnswers
    page: Callable[[], Awaitable[str]]


class Door(NamedTuple):
    """Through which connections questions come: what the name of their peer begins with, and what others are told."""

    prefixes: tuple[str, ...]
    refusal: str


SOCKET_DOOR: Final = Door(("unix:",), "introspection is for the Unix socket alone")
LOOPBACK_DOOR: Final = Door(("ipv4:127.0.0.1:", "ipv6:%5B::1%5D:"), "introspection is for the loopback alone")


@asynccontextmanager
async def on_loopback(answers: Answers, port: int) -> AsyncIterator[None]:
    """Answer on 127.0.0.1 of a pod, where whoever may forward its ports comes from. Raises OSError without the port."""
    server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    server.add_generic_rpc_handlers(handlers(answers, LOOPBACK_DOOR))
    try:
        server.add_insecure_port(f"127.0.0.1:{port}")
    except RuntimeError as error:
        raise OSError(f"127.0.0.1:{port}: {error}") from error
    try:
        await start_whole(server)
        yield
    finally:
        await server.stop(_GRACE)


def handlers(answers: Answers, door: Door = SOCKET_DOOR) -> tuple[grpc.GenericRpcHandler, ...]:
    """Return what to serve to those who come through a door."""

    async def get_why(request: bytes, context: _Context) -> bytes:
        kind, namespace, name = why_asked(request)
        try:
            return why_encoded(answers.run.why(kind, ObjectKey(namespace, name)))
        except UnknownKindError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
            raise

    async def get_places(request: bytes, _context: _Context) -> bytes:
        return places_encoded(map(answers.place, places_asked(request)))

    async def get_names(request: bytes, _context: _Context) -> bytes:
        return names_encoded(answers.run.names(names_asked(request)))

    async def get_explanation(request: bytes, _context: _Context) -> bytes:
        return explanation_encoded(answers.run.explain(*explanation_asked(request)))

    async def get_config(request: bytes, _context: _Context) -> bytes:
        return b"".join([published_encoded(some) async for some in answers.run.config(choice_asked(request))])

    async def open_page(_request: bytes, _context: _Context) -> bytes:
        return page_encoded(await answers.page())

    methods: dict[str, _Answer] = {
        GET_STATUS: partial(_status, answers.status),
        GET_WHY: get_why,
        GET_PLACES: get_places,
        GET_NAMES: get_names,
        GET_EXPLANATION: get_explanation,
        GET_CONFIG: get_config,
        SET_LOG_LEVEL: _set_log_level,
        OPEN_PAGE: open_page,
    }
    served = {name: _guarded(method, door) for name, method in methods.items()}
    return (grpc.method_handlers_generic_handler(SERVICE, served),)


async def without_page() -> str:
    """Return the answer of who has no page to open."""
    return ""


async def _set_log_level(request: bytes, context: _Context) -> bytes:
    level = level_asked(request)
    if level and level not in LOG_LEVELS:
        allowed = ", ".join(LOG_LEVELS)
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"level {level!r} is not known; allowed: {allowed}")
    if level:
        logs.set_level(level)
    return level_encoded(logs.current_level())


async def _status(ask: Ask, _request: bytes, _context: _Context) -> bytes:
    """Answer with a status; proxies have their turn while it is written."""
    message = bytearray()
    for piece in pieces(await ask()):
        message += piece
        await asyncio.sleep(0)
    return bytes(message)


def _guarded(answer: _Answer, door: Door) -> grpc.RpcMethodHandler:
    """Return the handler of a call that takes nothing from anybody else: as a stream, it is read when it says so."""

    async def handle(_: AsyncIterator[bytes], context: _Context) -> None:
        await _let_in(context, door)
        request = await context.read()
        if request is not grpc.aio.EOF:
            await context.write(await answer(request, context))

    return grpc.stream_stream_rpc_method_handler(handle)


async def _let_in(context: _Context, door: Door) -> None:
    if not context.peer().startswith(door.prefixes):
        await context.abort(grpc.StatusCode.PERMISSION_DENIED, door.refusal)
