"""How we end a stream that its client does not end.

In: what is wrong, from whoever notices. Out: the task of the stream is interrupted wherever it waits, and can say why.
"""

import asyncio
import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

import grpc

from gatewayd.ads.protocol.subscription import ExhaustedError, ProtocolError
from gatewayd.ir.fleet import FleetKey

_WAITS_FOR_CLIENT = "_schedule_rpc_coro"


class StalledError(ProtocolError):
    """A client that does not take what it is sent: its stream is closed."""


class StrangerError(ProtocolError):
    """A client of which nobody knows who it is."""


class ForbiddenError(ProtocolError):
    """A client that is known, and may have nothing."""


class Cause(StrEnum):
    """Why a stream has ended that a client would have gone on with, in a word for metrics and logs."""

    STALLED = "stalled"
    """It takes no response."""
    SILENT = "silent"
    """It was sent a response, and its connection was gone before it said anything: as a rule, no ping was answered."""
    EXHAUSTED = "exhausted"
    """It asks for more than there is for its Gateway."""
    FORBIDDEN = "forbidden"
    """Its Gateway is gone, or is another one."""
    MALFORMED = "malformed"
    """It says what the protocol does not allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedStream:
    """A stream of a known Gateway that was cut for a cause; `node` is what the client calls itself, "" before that."""

    gateway: FleetKey
    node: str
    cause: Cause


OnEnded: TypeAlias = Callable[[EndedStream], None]


_CODES: Final[Mapping[type[ProtocolError], tuple[grpc.StatusCode, Cause]]] = {
    ProtocolError: (grpc.StatusCode.INVALID_ARGUMENT, Cause.MALFORMED),
    ExhaustedError: (grpc.StatusCode.RESOURCE_EXHAUSTED, Cause.EXHAUSTED),
    StalledError: (grpc.StatusCode.DEADLINE_EXCEEDED, Cause.STALLED),
    StrangerError: (grpc.StatusCode.UNAUTHENTICATED, Cause.FORBIDDEN),
    ForbiddenError: (grpc.StatusCode.PERMISSION_DENIED, Cause.FORBIDDEN),
}


def ended_for(problem: ProtocolError, gateway: FleetKey, node: str) -> EndedStream:
    """Return what there is to tell of a stream that ends with this problem."""
    return EndedStream(gateway=gateway, node=node, cause=_CODES[type(problem)][1])


def conclude(context: grpc.aio.ServicerContext, problem: object) -> None:
    """Let a call end with what is wrong with it, if that is a ProtocolError.

    Nothing is raised: gRPC keeps what was, and so the frames of its traceback.
    """
    if isinstance(problem, ProtocolError):
        context.set_code(_CODES[type(problem)][0])
        context.set_details(str(problem))


class Ending:
    """The end of one stream. `problem` is why it was ended, None while it was not. Made in the stream's own task."""

    __slots__ = ("_is_open", "_task", "problem")

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        self._is_open = True
        self.problem: ProtocolError | None = None

    def end(self, problem: ProtocolError) -> None:
        """Interrupt the stream; the first problem counts, and none once the stream has ended."""
        if self.problem is None and self._is_open and self._task is not None:
            self.problem = problem
            self._task.cancel()

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Go on after the interruption; one by somebody else goes on as it is.

        A TaskGroup's frame refers to what it raises: a cycle, by which all that the stream had would stay for a while.
        """
        try:
            yield
        except asyncio.CancelledError as error:
            error.__traceback__ = None
            if self.problem is None or self._task is None or self._task.uncancel():
                raise
        finally:
            self._is_open = False


def cut_off(handler: "asyncio.Task[Any] | None") -> bool:
    """Let gRPC reset the stream of a handler that takes not even a status; return whether it could be found.

    A server of `grpc.aio` cannot cancel a call. It keeps one, with the copy of the response that the client does not
    read, for as long as a task of its own waits for the client to end it; that task refers to the handler's.
    """
    for task in asyncio.all_tasks():
        coroutine = task.get_coro()
        if getattr(coroutine, "__name__", "") == _WAITS_FOR_CLIENT and _refers(coroutine, handler):
            return task.cancel()
    return False


def _refers(coroutine: object, task: object) -> bool:
    """Return whether a coroutine has a task among its variables; Cython keeps those in an object beside it."""
    variables = gc.get_referents(coroutine)
    return task in variables or any(task in gc.get_referents(each) for each in variables if gc.is_tracked(each))
