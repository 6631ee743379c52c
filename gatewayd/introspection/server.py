"""The service Introspection of a run: answers the owner of the Unix socket, and nobody else."""

from collections.abc import Callable
from typing import TypeAlias

import grpc

from gatewayd.introspection.messages import GET_STATUS, SERVICE, encoded
from gatewayd.introspection.status import Status

_Context: TypeAlias = grpc.aio.ServicerContext


def handlers(status: Callable[[], Status]) -> tuple[grpc.GenericRpcHandler, ...]:
    """Return what to serve beside ADS; `status` is asked at each call."""

    async def get_status(_request: bytes, context: _Context) -> bytes:
        if not context.peer().startswith("unix:"):
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "introspection is for the Unix socket alone")
        return encoded(status())

    methods = {GET_STATUS: grpc.unary_unary_rpc_method_handler(get_status)}
    return (grpc.method_handlers_generic_handler(SERVICE, methods),)
