"""`gatewayd ask` on a cluster: a request goes through a port of a proxy's pod, whose log says which rule took it."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from gatewayd.introspection.rows import whole_board
from gatewayd.introspection.server import Answers, on_loopback
from gatewayd.introspection.status import Status
from tests.fakes.pod_ports import Pods, in_background, pods_served, written_kubeconfig
from tests.unit.cli.command import Gatewayd
from tests.unit.cli.test_asked_run import free_port
from tests.unit.cli.test_entrances import row
from tests.unit.introspection.answering import ANSWERS
from tests.unit.introspection.statuses import STATUS

BOARD = whole_board(
    gateways=(row("shop/other", "http :80"), row("shop/gw", "http :80")), routes=(), problems=(), notices=()
)
TAKEN = "httproute/shop/it/rule/0/match/0"


class Proxy:
    """Answers 200, and writes of each request that another client had the same a moment before."""

    def __init__(self, pods: Pods, route: str | None) -> None:
        self._log = pods.logs["gw-1"]
        self._route = route

    async def answer(self, request: web.Request) -> web.Response:
        for client in ("10.1.1.1:5", "127.0.0.1:6"):
            time = f"2026-01-01T00:00:{len(self._log):02}.000Z"
            route = self._route if client.startswith("127") else "httproute/shop/wrong/rule/0/match/0"
            fields = {"client": client, "method": request.method, "path": request.path_qs, "route": route}
            self._log.append(f"{time} {json.dumps({**fields, 'upstream': '10.0.0.9:80', 'status': 200})}")
        return web.Response(text="hello", headers={"x-host": request.host})


async def _status() -> Status:
    return replace(STATUS, board=BOARD)


@asynccontextmanager
async def cluster(pods: Pods, port: int, route: str | None) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", Proxy(pods, route).answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", pods.proxies["gw-1"])
    await site.start()
    async with on_loopback(Answers(_status, ANSWERS.place, ANSWERS.run, ANSWERS.page), port), pods_served(pods) as url:
        yield url
    await runner.cleanup()


@pytest.fixture
def pods() -> Pods:
    labels = {"app.kubernetes.io/managed-by": "gatewayd", "gateway.networking.k8s.io/gateway-name": "gw"}
    logs = {"gw-1": [f"2026-01-01T00:00:00.000Z {json.dumps({'client': '127.0.0.1:1', 'path': '/cart'})}"]}
    return Pods(ports={"one": free_port()}, proxies={"gw-1": free_port()}, labels=labels, logs=logs)


@pytest.fixture
def kubeconfig(pods: Pods, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    with in_background(cluster(pods, pods.ports["one"], getattr(request, "param", TAKEN))) as url:
        yield written_kubeconfig(tmp_path, str(url))


def test_the_gateway_that_takes_it_is_asked_through_a_pod(gatewayd: Gatewayd, kubeconfig: Path, pods: Pods) -> None:
    ran = gatewayd("ask", "http://shop.example/cart?a=1", "--kubeconfig", kubeconfig, "--body")

    assert ran.code == 0, ran.err
    assert "by HTTPRoute shop/it spec.rules[0], from 10.0.0.9:80" in ran.out
    assert ran.out.splitlines()[2:] == ["as explain foretells", "", "hello"]
    assert ("gw-1", "80") in pods.asked_for


@pytest.mark.parametrize("kubeconfig", ["httproute/shop/other/rule/1/match/0"], indirect=True)
def test_another_rule_than_was_foretold(gatewayd: Gatewayd, kubeconfig: Path) -> None:
    ran = gatewayd("ask", "http://shop.example/cart", "--kubeconfig", kubeconfig, "-o", "json")

    told = json.loads(ran.out)
    assert (ran.code, told["agrees"]) == (1, False)
    assert told["answered"] == "HTTPRoute shop/other spec.rules[1]"
    assert told["foretold"] == "HTTPRoute shop/it spec.rules[0]"


def test_a_pod_that_may_not_be_read(gatewayd: Gatewayd, kubeconfig: Path, pods: Pods) -> None:
    pods.forbidden = frozenset({"gw-1"})

    ran = gatewayd("ask", "http://shop.example/cart", "--kubeconfig", kubeconfig)

    assert ran.code == 3
    assert "proxy gw-1 of shop/gw: 403" in ran.err
    assert "the rights to get pods/log, and to get and create pods/portforward, in namespace shop" in ran.err


def test_a_gateway_and_a_port_that_are_none(gatewayd: Gatewayd, kubeconfig: Path) -> None:
    nobody = gatewayd("ask", "http://shop.example/", "--gateway", "shop/none", "--kubeconfig", kubeconfig)
    no_port = gatewayd("ask", "http://shop.example:81/", "--kubeconfig", kubeconfig)

    assert (nobody.code, "no listener of Gateway shop/none has port 80" in nobody.err) == (1, True)
    assert (no_port.code, "no listener of any Gateway has port 81; there are: 80" in no_port.err) == (1, True)
