"""An endpoint fails under load, and comes back: killed, and stopped so that it takes connections and answers nothing.

Kubernetes says all the time that it is ready, so that it is the proxies alone who find out.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from conformance.scenarios import manifests
from conformance.scenarios.manifests import Object
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import Answer, Load, load, target, until_right
from conformance.scenarios.world import SHOP, World

_NAME, _STAYS, _FAILS = "pair", "alpha", "beta"
_TRY_SECONDS = 0.5
"""How long a try may take; one that takes longer is made again at the other endpoint."""
_QUIET_SECONDS = 5.0
_GRACE = 1.0
"""Seconds after a disturbance whose requests may have met either side of it."""


async def endpoints(world: World) -> tuple[Figure, ...]:
    """Let one of two endpoints fail in two ways, and come back."""
    await world.install()
    await world.echoes(_STAYS, _FAILS)
    address = await world.gateway()
    await world.put(_service(), await _slice(world), manifests.route(SHOP, _NAME, [f"{_NAME}.example"], _NAME))
    await world.put(*_policies())
    targets = [target(f"{_NAME}.example", routes=[_NAME], backends=[_STAYS, _FAILS])]
    await until_right(world, address, targets)
    await _until_good(world, 2)
    async with load(world, f"{address}:80", targets, rate=150) as running:
        await asyncio.sleep(_QUIET_SECONDS)
        killed = time.time()
        await _signal(world, signal.SIGKILL)
        await _until_running(world)
        await _until_good(world, 2)
        await asyncio.sleep(_QUIET_SECONDS)
        stopped = time.time()
        await _signal(world, signal.SIGSTOP)
        left = await _until_good(world, 1)
        out = time.time()
        await asyncio.sleep(_QUIET_SECONDS)
        going = time.time()
        await _signal(world, signal.SIGCONT)
        back = await _until_good(world, 2)
        returned = time.time()
        await asyncio.sleep(_QUIET_SECONDS)
    answers = running.answers
    return (
        Figure(what="requests", value=len(answers), at_least=1),
        none_of("failed requests", len(running.wrong())),
        Figure(what="killed: longest answer", value=_longest(answers, killed, stopped), unit="ms"),
        Figure(what="stopped: until it gets nothing more", value=left, unit="s", at_most=10),
        Figure(what="stopped: longest answer", value=_longest(answers, stopped, going), unit="ms"),
        none_of("stopped: answers of it meanwhile", _by_it(running, out + _GRACE, going)),
        Figure(what="its return: until it gets something", value=back, unit="s", at_most=10),
        Figure(what="its return: answers of it in 5 s", value=_by_it(running, returned, time.time()), at_least=1),
    )


def _service() -> Object:
    """Return a Service whose slice is written here."""
    metadata = {"namespace": SHOP, "name": _NAME}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 80}]}}


async def _slice(world: World) -> Object:
    addresses = [pod.address for name in (_STAYS, _FAILS) for pod in await world.pods(SHOP, f"app={name}")]
    return manifests.endpoint_slice(SHOP, _NAME, _NAME, addresses)


def _policies() -> tuple[Object, Object]:
    """Return a BackendPolicy that has endpoints asked for their health, and a RoutePolicy that tries again."""
    health = {"http": {"path": "/ready"}, "interval": "1s", "timeout": "500ms", "unhealthyAfter": 2, "healthyAfter": 1}
    timeouts = {"request": "5s", "backendRequest": f"{_TRY_SECONDS * 1000:.0f}ms"}
    retry = {"attempts": 3, "codes": [503, 504]}
    return (
        _policy("BackendPolicy", {"group": "", "kind": "Service"}, {"activeHealth": health}),
        _policy(
            "RoutePolicy",
            {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"},
            {"timeouts": timeouts, "retry": retry},
        ),
    )


def _policy(kind: str, of: Object, sections: Object) -> Object:
    return {
        "apiVersion": "gatewayd.io/v1alpha1",
        "kind": kind,
        "metadata": {"namespace": SHOP, "name": _NAME},
        "spec": {"targetRefs": [{**of, "name": _NAME}], "default": sections},
    }


async def _signal(world: World, number: signal.Signals) -> None:
    for process in await _processes(world):
        with suppress(ProcessLookupError):
            os.kill(process, number)


async def _processes(world: World) -> list[int]:
    pods = await world.pods(SHOP, f"app={_FAILS}")
    return [process for pod in pods for process in pod.processes(b"/echo-basic")]


async def _until_running(world: World) -> None:
    async def runs() -> bool:
        return bool(await _processes(world)) and all(pod.ready for pod in await world.pods(SHOP, f"app={_FAILS}"))

    await world.until(runs, f"{_FAILS} runs again")


async def _until_good(world: World, count: int) -> float:
    """Wait until all proxies take so many endpoints for good ones; return the seconds that it took."""

    async def are_good() -> bool:
        return all([await _good(pod) == count for pod in await world.proxies()])

    return await world.until(are_good, f"{count} endpoints are good")


async def _good(pod: Any) -> int:
    found = json.loads(await pod.admin("clusters?format=json"))
    hosts = [
        host
        for cluster in found["cluster_statuses"]
        if cluster["name"].startswith(f"{SHOP}/{_NAME}/")
        for host in cluster.get("host_statuses", ())
    ]
    return sum(not each["health_status"].get("failed_active_health_check", False) for each in hosts)


def _by_it(running: Load, since: float, until: float) -> int:
    return sum(each.pod.startswith(f"{_FAILS}-") for each in running.answers if since < each.began < until)


def _longest(answers: Sequence[Answer], since: float, until: float) -> float:
    return max(each.seconds * 1000 for each in answers if since < each.began < until)
