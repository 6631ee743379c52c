"""The service Introspection of a run: answers the owner of the Unix socket, and nobody else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

import grpc

from gatewayd.api.meta import ObjectKey
from gatewayd.explain.steps import UnknownKindError
from gatewayd.introspection.messages import (
    GET_PLACES,
    GET_STATUS,
    GET_WHY,
    SERVICE,
    RunChain,
    pieces,
    places_asked,
    places_encoded,
    why_asked,
    why_encoded,
)
from gatewayd.introspection.places import PlaceOfRule
from gatewayd.introspection.status import Status

_Context: TypeAlias = grpc.aio.ServicerContext
Why: TypeAlias = Callable[[str, ObjectKey], RunChain]


Ask: TypeAlias = Callable[[], Awaitable[Status]]


def handlers(status: Ask, why: Why, place: PlaceOfRule) -> tuple[grpc.GenericRpcHandler, ...]:
    """Return what to serve beside ADS; `status`, `why` and `place` are asked at each call."""

    async def get_status(_request: bytes, _context: _Context) -> bytes:
        return await _encoded(await status())

    async def get_why(request: bytes, context: _Context) -> bytes:
        kind, namespace, name = why_asked(request)
        try:
            return why_encoded(why(kind, ObjectKey(namespace, name)))
        except UnknownKindError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
            raise

    async def get_places(request: bytes, _context: _Context) -> bytes:
        return places_encoded(map(place, places_asked(request)))

    methods = {GET_STATUS: get_status, GET_WHY: get_why, GET_PLACES: get_places}
    served = {name: _for_the_owner(method) for name, method in methods.items()}
    return (grpc.method_handlers_generic_handler(SERVICE, served),)


async def _encoded(status: Status) -> bytes:
    """Return a serialised status; proxies have their turn while it is made."""
    message = bytearray()
    for piece in pieces(status):
        message += piece
        await asyncio.sleep(0)
    return bytes(message)


def _for_the_owner(answer: Callable[[bytes, _Context], Awaitable[bytes]]) -> grpc.RpcMethodHandler:
    """Return the handler of a call that takes nothing from anybody else: as a stream, it is read when it says so."""

    async def handle(_: AsyncIterator[bytes], context: _Context) -> None:
        await _only_the_owner(context)
        request = await context.read()
        if request is not grpc.aio.EOF:
            await context.write(await answer(request, context))

    return grpc.stream_stream_rpc_method_handler(handle)


async def _only_the_owner(context: _Context) -> None:
    if not context.peer().startswith("unix:"):
        await context.abort(grpc.StatusCode.PERMISSION_DENIED, "introspection is for the Unix socket alone")
