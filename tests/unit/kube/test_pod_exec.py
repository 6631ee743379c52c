import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from gatewayd.kube.api_errors import ApiError
from gatewayd.kube.client import KubeClient, Where
from gatewayd.kube.pod_exec import CommandFailedError, run_in_pod
from tests.fakes.api_server import access
from tests.fakes.pod_ports import NAMESPACE, Pods, pods_served

POD = Where(api_version="v1", plural="pods", namespace=NAMESPACE, name="one")


def run(work: Coroutine[Any, Any, bytes]) -> bytes:
    return asyncio.run(asyncio.wait_for(work, 60))


async def ran(pods: Pods, *command: str) -> bytes:
    async with pods_served(pods) as url:
        client = KubeClient(access(url))
        try:
            return await run_in_pod(client, POD, "envoy", command)
        finally:
            await client.close()


def test_what_a_command_writes_comes_back_whole() -> None:
    pods = Pods(ports={"one": 1}, run=lambda command: (" ".join(command).encode() * 1000, ""))

    assert run(ran(pods, "say", "it loud")) == b"say it loud" * 1000


def test_a_command_that_fails_says_why() -> None:
    pods = Pods(ports={"one": 1}, run=lambda _command: (b"half", "command terminated with exit code 2"))

    with pytest.raises(CommandFailedError, match=r"^command terminated with exit code 2: its words"):
        run(ran(pods, "say"))


@pytest.mark.parametrize(("status", "words"), [("", "it was cut off"), ("no status", "no status"), ("{}", "failed")])
def test_a_command_of_which_nobody_says_how_it_ended_has_failed(status: str, words: str) -> None:
    pods = Pods(ports={"one": 1}, run=lambda _command: (b"half", ""), ended=lambda _failure: status)

    with pytest.raises(CommandFailedError, match=f"^{words}$"):
        run(ran(pods, "say"))


def test_who_may_not_is_told() -> None:
    with pytest.raises(ApiError) as caught:
        run(ran(Pods(ports={"one": 1}, forbidden=frozenset({"one"})), "say"))
    assert str(caught.value).startswith("403 Forbidden: /api/v1/namespaces/gatewayd-system/pods/one/exec is refused")
