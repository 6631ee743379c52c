import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from gatewayd.kube.client import KubeClient
from gatewayd.kube.replica_sockets import replica_sockets
from tests.fakes.api_server import access
from tests.fakes.pod_ports import NAMESPACE, Pods, pods_served


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 60))


def test_a_replica_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    async def work() -> None:
        pods = Pods(ports={"one": 1, "two": 2}, forbidden=frozenset({"two"}))
        async with pods_served(pods) as url:
            client = KubeClient(access(url))
            async with replica_sockets(client, NAMESPACE, ("one", "two"), 18002, tmp_path) as replicas:
                assert list(replicas.sockets) == ["one"]
                assert replicas.lost["two"].startswith("403")
            await client.close()

    run(work())
