"""Two replicas, each by itself, name the same versions for the same objects."""

from __future__ import annotations

import asyncio

from conformance.scenarios import manifests, witness
from conformance.scenarios.cases.restart import differing
from conformance.scenarios.certificates import Maker
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import stable_routes
from conformance.scenarios.world import SHOP, World


async def replicas(world: World) -> tuple[Figure, ...]:
    """Let one replica see everything grow, and the other find it all at its start."""
    await world.replicas("early", count=1)
    await world.echoes("echo", "other")
    maker = Maker(world.folder)
    await world.put(maker.secret(SHOP, "site", "site.example"))
    await world.gateway(manifests.http_listener(), manifests.https_listener("site.example", "site"))
    await stable_routes(world, 100, "echo")
    for number in range(0, 100, 3):
        await world.delete(manifests.route(SHOP, f"stable-{number}", ["x"], "echo"))
    for number in range(1, 100, 3):
        await world.put(manifests.route(SHOP, f"stable-{number}", [f"moved-{number}.example"], "other"))
    await world.replicas("late", count=1)
    await asyncio.sleep(3)
    early, late = [(await world.control_plane(name))[0] for name in ("early", "late")]
    left, right = [witness.versions(await witness.served(world, each)) for each in (early, late)]
    hashes = [
        {name: value for name, value in (await world.metrics(each)).items() if name.startswith("gatewayd_config_hash")}
        for each in (early, late)
    ]
    return (
        Figure(what="resources", value=len(left), at_least=5),
        Figure(what="types of resources", value=len({kind for kind, _ in left}), at_least=5),
        none_of("resources whose version differs between the replicas", differing(left, right)),
        Figure(what="config hashes in the metrics", value=len(hashes[0]), at_least=1),
        none_of("config hashes that differ", sum(hashes[0].get(name) != value for name, value in hashes[1].items())),
    )
