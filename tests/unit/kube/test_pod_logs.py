"""The log of a pod, from an API server that has one. On a real clock: there is nothing to wait for."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gatewayd.kube.api_errors import ApiError
from gatewayd.kube.client import KubeClient, Where
from gatewayd.kube.pod_logs import PodLog
from tests.fakes.api_server import access
from tests.fakes.pod_ports import NAMESPACE, Pods, pods_served

DEADLINE = 60
POD = Where(api_version="v1", plural="pods", namespace=NAMESPACE, name="gw-1")


def stamped(*numbers: int) -> list[str]:
    return [f"2026-01-01T00:00:0{number}.5Z line {number}" for number in numbers]


def on(pods: Pods, work: Callable[[PodLog], Awaitable[None]]) -> None:
    async def run() -> None:
        async with pods_served(pods) as url:
            client = KubeClient(access(url))
            try:
                await work(PodLog(client, POD, "envoy"))
            finally:
                await client.close()

    asyncio.run(asyncio.wait_for(run(), DEADLINE))


def test_each_line_is_read_once() -> None:
    pods = Pods(ports={}, logs={"gw-1": stamped(1, 2, 3)})

    async def work(log: PodLog) -> None:
        assert await log.latest(2) == (b"line 2", b"line 3")
        assert [line async for line in log.following()] == []
        # Of one second, with another number of digits.
        pods.logs["gw-1"] += ["2026-01-01T00:00:03.51Z line 4", *stamped(5)]
        assert [line async for line in log.following()] == [b"line 4", b"line 5"]
        assert [line async for line in log.following()] == []

    on(pods, work)


def test_a_log_that_begins_later_is_read_whole() -> None:
    pods = Pods(ports={}, logs={"gw-1": []})

    async def work(log: PodLog) -> None:
        assert await log.latest(10) == ()
        pods.logs["gw-1"] += stamped(1)
        assert [line async for line in log.following()] == [b"line 1"]

    on(pods, work)


def test_who_may_not_read_it_is_told() -> None:
    async def work(log: PodLog) -> None:
        with pytest.raises(ApiError, match="403"):
            await log.latest(1)

    on(Pods(ports={}, forbidden=frozenset({"gw-1"})), work)
