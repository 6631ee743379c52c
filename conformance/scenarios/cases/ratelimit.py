"""The service that counts for all proxies is killed, and stopped, under load: who is refused, who waits, who is not."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from statistics import median

import yaml

from conformance.build import HERE
from conformance.scenarios import manifests
from conformance.scenarios.manifests import Object
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import Answer, Load, Target, asked, load, target, until_right
from conformance.scenarios.world import SHOP, World
from gatewayd.infra import layout

_PAGE = HERE.parent / "docs" / "rate-limit-service.md"
_NAME = "ratelimit"
_AWAY_SECONDS = 10.0
_GRACE = 1.0
"""Seconds around a disturbance whose requests may have met either side of it."""
_TIMEOUT_MS = 100
_ROUTES = ("free", "allow", "deny")


async def ratelimit(world: World) -> tuple[Figure, ...]:
    """Count at two Gateways together; then kill the service under load, let it come again, and stop it for a while."""
    await world.install()
    await world.put(*_parameters())
    await world.echoes("echo")
    first, second = await world.gateway(), await world.gateway(name="other")
    await world.put(*_service())
    await world.available(layout.NAMESPACE, _NAME)
    await world.put(*_routes())
    targets = [target(f"{name}.example", routes=[name], backends=["echo"]) for name in _ROUTES]
    await until_right(world, first, targets)
    together = await _together(world, first, second)
    async with load(world, f"{first}:80", targets, rate=150) as running:
        await asyncio.sleep(5)
        killed = await _killed(world)
        await asyncio.sleep(5)
        stopped = await _stopped(world)
        await asyncio.sleep(5)
    return (
        Figure(
            what="of 20 requests at two Gateways, let through by a limit of 5", value=together, at_least=5, at_most=5
        ),
        Figure(what="requests", value=len(running.answers), at_least=1),
        *_figures(running, "killed", *killed),
        *_figures(running, "stopped", *stopped),
        none_of("failed requests of a route without limits", _failed(running, "free", targets)),
        none_of("failed requests, whenUnavailable: Allow", _failed(running, "allow", targets)),
        none_of("failed requests while the service answers, whenUnavailable: Deny", _strays(running, killed, stopped)),
    )


def _parameters() -> tuple[Object, Object]:
    named = f"{{namespace: {layout.NAMESPACE}, name: {_NAME}, port: 8081, timeout: {_TIMEOUT_MS}ms}}"
    parameters = manifests.config_map(layout.NAMESPACE, "parameters", {"rateLimitService": named})
    return parameters, manifests.gateway_class("gatewayd", parameters)


def _service() -> list[Object]:
    """Return the objects of the page."""
    (fence,) = re.findall(r"^```yaml\n(.*?)^```", _PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return list(yaml.safe_load_all(fence))


def _policy(name: str, requests: int, unavailable: str) -> Object:
    limits = {"limits": [{"name": "all", "requests": requests, "unit": "Day"}], "whenUnavailable": unavailable}
    ref = {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": name}
    return {
        "apiVersion": "gatewayd.io/v1alpha1",
        "kind": "RoutePolicy",
        "metadata": {"namespace": SHOP, "name": name},
        "spec": {"targetRefs": [ref], "default": {"globalLimits": limits}},
    }


def _routes() -> list[Object]:
    names = (*_ROUTES, "few", "known")
    routes = [manifests.route(SHOP, name, [f"{name}.example"], "echo") for name in names]
    for each in routes:
        each["spec"]["parentRefs"] = [{"name": "gateway"}, {"name": "other"}]
    plenty = 1_000_000_000
    limits = (("allow", plenty, "Allow"), ("deny", plenty, "Deny"), ("few", 5, "Deny"), ("known", 1, "Deny"))
    return [*routes, *(_policy(*each) for each in limits)]


async def _together(world: World, first: str, second: str) -> int:
    """Ask two Gateways in turn for what is limited to 5 a day; return how many got through.

    The last limit that was written is reached at both of them by then, so the service and they know of all.
    """
    for address in (first, second):

        async def is_known(at: str = address) -> bool:
            return (await asked(at, "known.example"))[0] == 429

        await world.until(is_known, f"limits are in force at {address}")
    statuses = [(await asked(address, "few.example"))[0] for _ in range(10) for address in (first, second)]
    return sum(each == 200 for each in statuses)


async def _processes(world: World) -> list[int]:
    pods = await world.pods(layout.NAMESPACE, f"app={_NAME}")
    return [process for pod in pods for process in pod.processes(b"/ratelimit")]


async def _signal(world: World, number: signal.Signals) -> None:
    for process in await _processes(world):
        with suppress(ProcessLookupError):
            os.kill(process, number)


async def _killed(world: World) -> tuple[float, float]:
    """Kill the service with -9, and let it be gone for a while; return since when, and until when."""
    deployment = next(each for each in _service() if each["kind"] == "Deployment")
    began = time.time()
    await _signal(world, signal.SIGKILL)
    await world.put({**deployment, "spec": {**deployment["spec"], "replicas": 0}})
    await asyncio.sleep(_AWAY_SECONDS)
    over = time.time()
    await world.put({**deployment, "spec": {**deployment["spec"], "replicas": 1}})
    await world.available(layout.NAMESPACE, _NAME)
    return began, over


async def _stopped(world: World) -> tuple[float, float]:
    """Stop the service, so that it has connections and answers none; return since when, and until when."""
    began = time.time()
    await _signal(world, signal.SIGSTOP)
    await asyncio.sleep(_AWAY_SECONDS)
    over = time.time()
    await _signal(world, signal.SIGCONT)
    return began, over


def _of(running: Load, name: str) -> list[Answer]:
    return [each for each in running.answers if each.target == _ROUTES.index(name)]


def _within(answers: Sequence[Answer], since: float, until: float) -> list[Answer]:
    return [each for each in answers if since + _GRACE < each.began < until - _GRACE]


def _failed(running: Load, name: str, targets: Sequence[Target]) -> int:
    return sum(not each.is_right(targets[each.target]) for each in _of(running, name))


def _figures(running: Load, how: str, since: float, until: float) -> tuple[Figure, ...]:
    allowed, denied = (_within(_of(running, name), since, until) for name in ("allow", "deny"))
    statuses = Counter(each.status for each in denied)
    again = [each.began + each.seconds for each in _of(running, "deny") if each.status == 200 and each.began > until]
    return (
        none_of(
            f"{how}: requests that got through uncounted, whenUnavailable: Deny",
            sum(each.status == 200 for each in denied),
        ),
        none_of(
            f"{how}: answers but 503, whenUnavailable: Deny", sum(each.status not in (200, 503) for each in denied)
        ),
        Figure(what=f"{how}: refused with 503 meanwhile", value=statuses[503], at_least=1),
        Figure(
            what=f"{how}: latency, median, whenUnavailable: Allow",
            value=median(each.seconds * 1000 for each in allowed),
            unit="ms",
            at_most=2 * _TIMEOUT_MS,
        ),
        Figure(what=f"{how}: from its return to the first request let in", value=min(again) - until, unit="s"),
    )


def _strays(running: Load, *away: tuple[float, float]) -> int:
    """Count what Deny has refused while the service was there: not after it was gone and before it answers again."""
    denied = _of(running, "deny")

    def is_excused(answer: Answer) -> bool:
        for since, until in away:
            again = min((each.began for each in denied if each.status == 200 and each.began > until), default=until)
            if since - _GRACE < answer.began < again + _GRACE:
                return True
        return False

    return sum(each.status != 200 and not is_excused(each) for each in denied)
