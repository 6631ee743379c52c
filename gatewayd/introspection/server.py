"""The service Introspection of a run: answers the owner of the Unix socket, and nobody else."""

from collections.abc import Callable
from typing import TypeAlias

import grpc

from gatewayd.api.meta import ObjectKey
from gatewayd.introspection.messages import GET_STATUS, GET_WHY, SERVICE, encoded, why_asked, why_encoded
from gatewayd.introspection.status import Status
from gatewayd.why import Step, UnknownKindError

_Context: TypeAlias = grpc.aio.ServicerContext
Why: TypeAlias = Callable[[str, ObjectKey], tuple[Step, ...]]


def handlers(status: Callable[[], Status], why: Why) -> tuple[grpc.GenericRpcHandler, ...]:
    """Return what to serve beside ADS; `status` and `why` are asked at each call."""

    async def get_status(_request: bytes, context: _Context) -> bytes:
        await _only_the_owner(context)
        return encoded(status())

    async def get_why(request: bytes, context: _Context) -> bytes:
        await _only_the_owner(context)
        kind, namespace, name = why_asked(request)
        try:
            return why_encoded(why(kind, ObjectKey(namespace, name)))
        except UnknownKindError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
            raise

    methods = {
        GET_STATUS: grpc.unary_unary_rpc_method_handler(get_status),
        GET_WHY: grpc.unary_unary_rpc_method_handler(get_why),
    }
    return (grpc.method_handlers_generic_handler(SERVICE, methods),)


async def _only_the_owner(context: _Context) -> None:
    if not context.peer().startswith("unix:"):
        await context.abort(grpc.StatusCode.PERMISSION_DENIED, "introspection is for the Unix socket alone")
