"""The API server lies to a replica under load, in each of the ways in which one can; then its CRDs go and come back."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping

from conformance.harness import crds
from conformance.scenarios import manifests
from conformance.scenarios.apifault import Request, Stand, standing, unhindered
from conformance.scenarios.lies import Action, Duplicate, EndWatch, Reorder, Reset, Status, Truncate
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import asked, load, stable_routes, target, until_right
from conformance.scenarios.world import SHOP, World

_NAME = "deceived"
_PORT = 7001
_SECONDS = 8.0
"""Of each lie: several times what the first tries again take."""
_RETRY_AFTER = 3
_CHANGED = 5
_MOST_HEALED = 20.0
_MOST_REQUESTS = 60.0
"""A second, of a replica that is turned away: it watches 30 kinds, and waits between its tries."""
_ROUTES = "httproutes.gateway.networking.k8s.io"

_LIES: Mapping[str, Action] = {
    "429, come again in 3 s": Status(status=429, retry_after=_RETRY_AFTER),
    "503": Status(status=503),
    "connections that end": Reset(),
    "answers cut off in a line": Truncate(after=700),
    "watches that end every second": EndWatch(seconds=1.0),
    "events twice": Duplicate(),
    "events in another order": Reorder(),
}


async def liar(world: World) -> tuple[Figure, ...]:
    """Lie about everything in each way in turn while routes change, and wait each time until all of it is served."""
    async with standing(world, _PORT) as stand:
        await world.replicas(_NAME, count=1, api_port=_PORT)
        await world.echoes("echo", "other")
        address = await world.gateway()
        targets = await stable_routes(world, 20, "echo")
        await until_right(world, address, targets)
        healed: dict[str, float] = {}
        asked_for: dict[str, float] = {}
        early: Counter[str] = Counter()
        async with load(world, f"{address}:80", targets, rate=100) as running:
            for number, (name, action) in enumerate(_LIES.items()):
                began = time.time()
                healed[name] = await _lied(world, stand, address, number, action)
                asked_for[name] = sum(began <= each.began < began + _SECONDS for each in stand.requests) / _SECONDS
                early += _too_early(stand, began) if action == _LIES["429, come again in 3 s"] else Counter()
                print(f"  {name}: healed after {healed[name]:.2f} s, {asked_for[name]:.1f} requests/s", flush=True)
        print("".join(f"  too early: {count} x {path}\n" for path, count in early.most_common()), end="", flush=True)
        away, back = await _without_crd(world, address)
    return (
        Figure(what="ways to lie", value=len(healed), at_least=len(_LIES)),
        *running.figures(),
        *(
            Figure(what=f"{name}: all changes served after", value=seconds, unit="s", at_most=_MOST_HEALED)
            for name, seconds in healed.items()
        ),
        Figure(
            what="requests a second meanwhile, most", value=max(asked_for.values()), unit="/s", at_most=_MOST_REQUESTS
        ),
        none_of("requests for the same before the time that Retry-After gave", early.total()),
        Figure(what="CRD of HTTPRoutes deleted: routes are gone after", value=away, unit="s", at_most=30),
        Figure(what="CRD back: a new route is served after", value=back, unit="s", at_most=10),
    )


async def _lied(world: World, stand: Stand, address: str, number: int, action: Action) -> float:
    """Lie for a while, and change routes meanwhile; return the seconds from the truth until they are served."""
    stand.rule = lambda _: action
    stand.cut()
    names = [f"lie-{number}-{at}" for at in range(_CHANGED)]
    for name in names:
        await world.put(manifests.route(SHOP, name, [f"{name}.example"], "echo"))
    await asyncio.sleep(_SECONDS)
    for name in names:
        await world.put(manifests.route(SHOP, name, [f"{name}.example"], "other"))
    stand.rule = unhindered
    began = time.monotonic()
    wanted = [target(f"{name}.example", routes=[name], backends=["other"]) for name in names]
    await until_right(world, address, wanted, within=2 * _MOST_HEALED)
    return time.monotonic() - began


def _too_early(stand: Stand, since: float) -> Counter[str]:
    """Count, by path, requests that came again for the same before the time that the answer before gave.

    The lease is left out: whoever leads must renew it or step down, whatever the API server would like.
    """
    refused: dict[tuple[str, str, str, bool], Request] = {}
    early: Counter[str] = Counter()
    for each in stand.requests:
        if not since <= each.began < since + _SECONDS or "/leases/" in each.path:
            continue
        same = (each.method, each.path, each.selector, each.is_watch)
        before = refused.get(same)
        if before is not None and each.began < before.ended + _RETRY_AFTER - 0.1:
            early[f"{each.method} {each.path} {each.selector}{' (watch)' if each.is_watch else ''}"] += 1
        refused[same] = each
    return early


async def _without_crd(world: World, address: str) -> tuple[float, float]:
    """Take the CRD of HTTPRoutes away and give it back; return when routes were gone, and when a new one was served."""
    objects = crds.manifests(crds.folder(crds.NEWEST))
    [taken] = [each for each in objects if each["metadata"]["name"] == _ROUTES]
    began = time.monotonic()
    await world.api.delete(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{_ROUTES}")

    async def is_gone() -> bool:
        return (await asked(address, "stable-0.example"))[0] == 404

    await world.until(is_gone, "routes of a kind that is gone are gone", within=60)
    away = time.monotonic() - began
    await crds.install(world.api, [taken])
    began = time.monotonic()
    await world.put(manifests.route(SHOP, "again", ["again.example"], "echo"))
    await until_right(world, address, [target("again.example", routes=["again"], backends=["echo"])], within=60)
    return away, time.monotonic() - began
