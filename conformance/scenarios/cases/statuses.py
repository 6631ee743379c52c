"""A thousand routes made and taken away: one write of its status for each, few for the Gateway, right counts."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from conformance.scenarios import manifests
from conformance.scenarios.manifests import GATEWAY_API
from conformance.scenarios.meanwhile import meanwhile
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.world import SHOP, World

_ROUTES = 1000
_AT_ONCE = 20
_GATEWAY_WRITES = 30


async def statuses(world: World) -> tuple[Figure, ...]:
    """Count events of every object, which writes that change it cause, and requests, which the others cause too."""
    await world.install()
    await world.echoes("echo")
    await world.gateway()
    await asyncio.sleep(2)
    requests = await _requests(world)
    async with _counted(world, "HTTPRoute") as routes, _counted(world, "Gateway") as gateways:
        began = time.monotonic()
        await _each(world, made=True)
        written = time.monotonic() - began
        await world.until(lambda: _attached(world, _ROUTES), "all routes are attached", within=120)
        await world.until(lambda: _all_accepted(world), "all routes are accepted", within=120)
        attached = time.monotonic() - began
        await asyncio.sleep(3)
        created = Counter(routes)
        began = time.monotonic()
        await _each(world, made=False)
        await world.until(lambda: _attached(world, 0), "no route is attached", within=120)
        detached = time.monotonic() - began
        await asyncio.sleep(3)
    sent = {name: value - requests.get(name, 0) for name, value in (await _requests(world)).items()}
    print(f"  requests: { ({name: value for name, value in sent.items() if value}) }")
    per_route = Counter(created.values())
    print(f"  status writes of a route -> routes: {dict(per_route)}")
    return (
        Figure(what="routes made", value=len(created), at_least=_ROUTES),
        Figure(what="status writes of a route, most", value=max(created.values()), at_most=1),
        Figure(what="status writes of a route, fewest", value=min(created.values()), at_least=1),
        Figure(what="status requests for routes, all", value=_sum(sent, "httproutes"), at_most=_ROUTES),
        none_of("of these, refused by a conflict", _sum(sent, "httproutes", "409")),
        Figure(what="status writes of the Gateway", value=sum(gateways.values()), at_most=_GATEWAY_WRITES),
        Figure(what="status requests for the Gateway", value=_sum(sent, "gateways"), at_most=_GATEWAY_WRITES),
        Figure(what="making the routes took", value=written, unit="s"),
        Figure(what="until all attached and accepted", value=attached, unit="s"),
        Figure(what="until none attached", value=detached, unit="s"),
    )


async def _each(world: World, *, made: bool) -> None:
    gate = asyncio.Semaphore(_AT_ONCE)
    collection = manifests.collection(GATEWAY_API, "HTTPRoute", SHOP)

    async def one(number: int) -> None:
        item = manifests.route(SHOP, f"route-{number}", [f"route-{number}.example"], "echo")
        async with gate:
            await (world.api.create(collection, item) if made else world.delete(item))

    await asyncio.gather(*(one(number) for number in range(_ROUTES)))


async def _attached(world: World, count: int) -> bool:
    found = await world.api.get(manifests.path(manifests.gateway(SHOP, "gateway")))
    await asyncio.sleep(0.2)
    return [each["attachedRoutes"] for each in found["status"]["listeners"]] == [count]


async def _all_accepted(world: World) -> bool:
    found = await world.api.get(manifests.collection(GATEWAY_API, "HTTPRoute", SHOP))
    await asyncio.sleep(0.5)
    return all(each.get("status", {}).get("parents") for each in found["items"])


@asynccontextmanager
async def _counted(world: World, kind: str) -> AsyncIterator[Counter[str]]:
    """Count, by object, the changes that a watch tells of after the object's first sight."""
    counts: Counter[str] = Counter()
    seen: set[str] = set()

    async def follow() -> None:
        async for change in world.api.changes(manifests.collection(GATEWAY_API, kind, SHOP)):
            uid = change.object["metadata"]["uid"]
            if change.kind == "gone":
                continue
            counts[uid] += uid in seen
            seen.add(uid)

    async with meanwhile(follow()):
        await asyncio.sleep(1)
        yield counts


async def _requests(world: World) -> Mapping[str, float]:
    """Return the API server's count of status requests by metric."""
    found = await world.api_metrics()
    return {
        name: value
        for name, value in found.items()
        if name.startswith("apiserver_request_total{") and 'subresource="status"' in name and "gateway" in name
    }


def _sum(requests: Mapping[str, float], resource: str, code: str = "") -> float:
    return sum(
        value
        for name, value in requests.items()
        if f'resource="{resource}"' in name and (not code or f'code="{code}"' in name)
    )
