import asyncio

from gatewayd.kube.client import KubeClient
from gatewayd.kube.labelled_pods import pod_nodes, running_pods
from tests.fakes.api_server import access
from tests.fakes.pod_ports import NAMESPACE, NODE_PROXIES, Pods, pods_served


def test_pods_that_run_are_found() -> None:
    async def work() -> None:
        async with pods_served(Pods(ports={"two": 2, "one": 1})) as url:
            client = KubeClient(access(url))
            gatewayd = await running_pods(client, NAMESPACE, "app.kubernetes.io/name=gatewayd")
            assert tuple(pod.where.name for pod in gatewayd) == ("one", "two")
            assert await running_pods(client, NAMESPACE, "app.kubernetes.io/name=other") == ()
            await client.close()

    asyncio.run(asyncio.wait_for(work(), 60))


def test_pods_that_have_ended_or_are_ending_are_on_no_node() -> None:
    async def work() -> None:
        async with pods_served(Pods(ports={}, nodes={"a": "worker-1", "b": ""})) as url:
            client = KubeClient(access(url))
            assert await pod_nodes(client, NAMESPACE, NODE_PROXIES) == {"a": "worker-1", "b": ""}
            await client.close()

    asyncio.run(asyncio.wait_for(work(), 60))
