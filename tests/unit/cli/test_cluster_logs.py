"""`gatewayd logs` on a cluster, from the logs of its proxies' pods."""

import asyncio
import json
from pathlib import Path

import pytest

from gatewayd.cli.asked_proxies import ProxyChoice
from gatewayd.cli.cluster_logs import ClusterLines
from gatewayd.kube.client import KubeClient
from gatewayd.kube.kubeconfig import kubeconfig_access
from tests.fakes.pod_ports import NAMESPACE, Pods, in_background, pods_served, written_kubeconfig
from tests.unit.cli.command import Gatewayd
from tests.unit.cli.test_asked_proxies import pods

DEADLINE = 10.0


def line(second: int, status: int, route: str = "cart", gateway: str = f"{NAMESPACE}/gw") -> str:
    time = f"2026-01-01T00:00:0{second}.000Z"
    fields = {"time": time, "status": status, "route": f"httproute/shop/{route}/rule/0/match/0", "gateway": gateway}
    return f"{time} {json.dumps(fields)}"


def proxies(**more: object) -> Pods:
    logs = {
        "gw-1": [line(1, 200), "2026-01-01T00:00:02Z [warning] envoy says something", line(4, 503)],
        "gw-2": [line(3, 404, "blog")],
    }
    return pods(logs=logs, **more)


def statuses(text: str) -> list[int]:
    return [json.loads(each)["status"] for each in text.splitlines()]


def test_lines_of_all_proxies_by_time(gatewayd: Gatewayd, tmp_path: Path) -> None:
    with in_background(pods_served(proxies())) as url:
        file = written_kubeconfig(tmp_path, str(url))
        every = gatewayd("logs", "-n", NAMESPACE, "--kubeconfig", file, "-o", "json")
        some = gatewayd(
            "logs", "--gateway", f"{NAMESPACE}/gw", "--kubeconfig", file, "-o", "json", "--route", "httproute/shop/cart"
        )
        none = gatewayd("logs", "--gateway", f"{NAMESPACE}/other", "--kubeconfig", file)
        table = gatewayd("logs", "-n", NAMESPACE, "--kubeconfig", file, "--status", "5xx")
    assert every.code == 0, every.err
    assert statuses(every.out) == [200, 404, 503]
    assert statuses(some.out) == [200, 503]
    assert (none.code, "no proxies of such a Gateway run" in none.err) == (3, True)
    assert "httproute/shop/cart" in table.out.splitlines()[1]


def test_a_proxy_whose_log_may_not_be_read_does_not_hide_the_others(gatewayd: Gatewayd, tmp_path: Path) -> None:
    with in_background(pods_served(proxies(forbidden=frozenset({"gw-2"})))) as url:
        ran = gatewayd("logs", "-n", NAMESPACE, "--kubeconfig", written_kubeconfig(tmp_path, str(url)), "-o", "json")
    assert statuses(ran.out) == [200, 503]
    assert "proxy gw-2: 403" in ran.err


@pytest.mark.asyncio
async def test_what_comes_is_followed(tmp_path: Path) -> None:
    served = proxies()
    async with pods_served(served) as url:
        client = KubeClient(await kubeconfig_access(written_kubeconfig(tmp_path, url)))
        tail = ClusterLines(client, ProxyChoice(namespace=NAMESPACE))
        logs = await tail.read()
        assert len(list(tail.lines())) == 4
        served.logs["gw-2"].append(line(5, 500))
        following = asyncio.create_task(tail.follow(logs))
        came: list[bytes] = []
        async with asyncio.timeout(DEADLINE):
            while not came:
                await asyncio.sleep(0.01)
                came += tail.lines()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await client.close()
    assert [json.loads(each)["status"] for each in came] == [500]
