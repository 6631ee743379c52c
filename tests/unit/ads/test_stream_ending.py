"""Streams that we end."""

import asyncio

import grpc
import pytest

from gatewayd.ads.protocol.subscription import ExhaustedError, ProtocolError
from gatewayd.ads.stream_ending import (
    Cause,
    EndedStream,
    Ending,
    ForbiddenError,
    StalledError,
    StrangerError,
    conclude,
    cut_off,
    ended_for,
)
from gatewayd.ir.fleet import GatewayFleet

WHY = StalledError("too slow")


async def stream(ending_of: asyncio.Future[Ending], waiting: asyncio.Event) -> str:
    ending = Ending()
    ending_of.set_result(ending)
    with ending.caught():
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.Event().wait())
            await waiting.wait()
            return "by client"
    return str(ending.problem)


async def begun() -> tuple[asyncio.Task[str], Ending, asyncio.Event]:
    ending_of, waiting = asyncio.get_running_loop().create_future(), asyncio.Event()
    task = asyncio.create_task(stream(ending_of, waiting))
    return task, await ending_of, waiting


async def test_it_is_interrupted_and_knows_why() -> None:
    task, ending, _ = await begun()
    ending.end(WHY)
    ending.end(StalledError("again"))
    assert await task == "too slow"


async def test_an_interruption_by_somebody_else_goes_on() -> None:
    task, ending, _ = await begun()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ending.problem is None


async def test_one_by_both_goes_on() -> None:
    task, ending, _ = await begun()
    ending.end(WHY)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_has_ended_is_not_interrupted() -> None:
    ending = Ending()
    with ending.caught():
        pass
    ending.end(WHY)
    assert ending.problem is None


@pytest.mark.parametrize(
    ("problem", "cause"),
    [
        (ProtocolError("x"), "malformed"),
        (ExhaustedError("x"), "exhausted"),
        (WHY, "stalled"),
        (StrangerError("x"), "forbidden"),
        (ForbiddenError("x"), "forbidden"),
    ],
)
def test_every_end_has_a_cause(problem: ProtocolError, cause: str) -> None:
    gateway = GatewayFleet(namespace="shop", name="gw")
    assert ended_for(problem, gateway, "pod") == EndedStream(gateway=gateway, node="pod", cause=Cause(cause))


async def _schedule_rpc_coro(handler: "asyncio.Task[bool]") -> None:
    """Wait as gRPC does for the client of a call, whose handler it knows."""
    await asyncio.Event().wait()
    await handler


async def test_what_waits_for_the_client_of_one_call_is_cut_off_and_no_other() -> None:
    handlers = [asyncio.create_task(asyncio.Event().wait()) for _ in range(2)]
    waiting = [asyncio.create_task(_schedule_rpc_coro(handler)) for handler in handlers]
    await asyncio.sleep(0)
    assert cut_off(handlers[0])
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert [task.cancelled() for task in waiting] == [True, False]
    for task in (*handlers, *waiting):
        task.cancel()
    assert not cut_off(asyncio.current_task())


class Concluded:
    """What gRPC keeps of a call."""

    def __init__(self) -> None:
        self.code: grpc.StatusCode | None = None
        self.details = ""

    def set_code(self, code: grpc.StatusCode) -> None:
        self.code = code

    def set_details(self, details: str) -> None:
        self.details = details


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (ProtocolError("odd"), grpc.StatusCode.INVALID_ARGUMENT),
        (StalledError("odd"), grpc.StatusCode.DEADLINE_EXCEEDED),
        (ExhaustedError("odd"), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (ForbiddenError("odd"), grpc.StatusCode.PERMISSION_DENIED),
        (None, None),
        (ValueError("odd"), None),
    ],
)
def test_a_call_ends_with_what_is_wrong_with_it(problem: object, code: grpc.StatusCode | None) -> None:
    call = Concluded()
    conclude(call, problem)
    assert (call.code, call.details) == (code, "odd" if code else "")
