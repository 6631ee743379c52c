"""Everything that this tree writes, as text: into a cluster, for an installation, and what it sends proxies.

A cluster of the simulation, with one replica, one Gateway and one route, is left to itself for a minute.
"""

import asyncio
import json
import logging
from collections.abc import Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog
import yaml

from gatewayd.infra.installation import Installation, installation
from gatewayd.offline.translate import offline, standalone_environment
from gatewayd.store import Delta
from gatewayd.xds.resource import XDS_TYPES, Snapshot
from tests.fakes.documents import GATEWAY_API, Json
from tests.fakes.skipping_loop import SkippingLoop
from tests.simulation import plan
from tests.simulation.api_state import Key
from tests.simulation.workloads import WORKLOADS
from tests.simulation.world import NAMESPACE, World
from tests.unit.translator.manifests import delta

FOLDER: Final = Path(__file__).parent
MINUTE: Final = 60.0
CASES: Final = (
    "attachment/_defaults",
    "attachment/namespaces",
    "filters/_defaults",
    "filters/cors",
    "filters/headers",
    "filters/mirrors",
    "filters/redirects",
    "filters/rewrites",
    "grpc/_defaults",
    "grpc/methods",
    "http/_defaults",
    "http/matches",
    "http/sessions",
    "http/timeouts-and-retries",
    "http/weights",
    "l4/_defaults",
    "l4/passthrough",
    "l4/tcp",
    "l4/udp",
    "listeners/_defaults",
    "listeners/listener-sets",
    "tls/_defaults",
    "tls/terminate",
)
"""The goldens whose manifests a release keeps, with the versions of what it made of them."""

T = TypeVar("T")
Versions = Mapping[str, Mapping[str, str]]


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run on virtual time."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(work)


def _people(world: World) -> None:
    """Write what people write before gatewayd does anything."""
    plan.put(
        world, _key("gatewayclasses", "gatewayd", ""), "GatewayClass", {"controllerName": "gatewayd.io/controller"}
    )
    for name in ("shop", NAMESPACE):
        plan.put(world, plan.key("", "namespaces", name, ""), "Namespace", {})
    listeners = [{"name": "http", "port": 80, "protocol": "HTTP"}]
    plan.put(world, _key("gateways", "edge"), "Gateway", {"gatewayClassName": "gatewayd", "listeners": listeners})


def _key(plural: str, name: str, namespace: str = "shop") -> Key:
    return plan.key(GATEWAY_API.split("/")[0], plural, name, namespace)


async def _settled(world: World) -> World:
    """Let a world go on for a minute with one replica."""
    del world.replicas[1:]
    [replica] = world.replicas
    replica.start()
    await asyncio.sleep(MINUTE)
    return world


async def fresh_world() -> World:
    """Return a world in which gatewayd has done what there is to do."""
    world = World(0)
    _people(world)
    return await _settled(world)


async def later_world(documents: Iterable[Json]) -> World:
    """Return a world in which what another release left behind was found by this tree."""
    world = World(1)
    for document in documents:
        at = Key(**document["key"])
        world.state.objects[at] = document["object"]
    for at in [at for at in world.state.objects if at.plural in WORKLOADS]:
        world.workloads._scale(at)  # its pods run already
    world.replicas[0].name = "replica-later"
    return await _settled(world)


async def cluster() -> list[Json]:
    """Return all objects of a cluster in which gatewayd has done what there is to do, with their keys."""
    world = await fresh_world()
    rows = [
        {
            "key": {"group": at.group, "plural": at.plural, "namespace": at.namespace, "name": at.name},
            "object": world.state.objects[at],
        }
        for at in sorted(world.state.objects, key=str)
        if at.plural != "events"
    ]
    await world.end()
    return rows


def installed() -> list[Json]:
    """Return what an installation consists of."""
    chosen = Installation(
        namespace=NAMESPACE,
        image="gatewayd:any",
        replicas=2,
        log_level="info",
        route_discovery=None,
        is_monitored=False,
    )
    found: list[Json] = json.loads(json.dumps(installation(chosen)))
    return found


def manifests_of(case: str) -> str:
    """Return the manifests of a golden and of its area's defaults, as one file."""
    golden = FOLDER.parent / "golden"
    area = case.split("/", maxsplit=1)[0]
    names = dict.fromkeys((f"{area}/_defaults", case))
    return "---\n".join((golden / f"{name}.yaml").read_text(encoding="utf-8").removeprefix("---\n") for name in names)


def versions(manifests: str) -> Versions:
    """Return the versions of what manifests lead to, by type and name, of all Gateways together."""
    deltas: dict[object, Delta] = {}
    for document in yaml.safe_load_all(manifests):
        if document is not None:
            one = delta(document)
            deltas[one.kind, one.key] = one
    found = offline(deltas.values(), standalone_environment("127.0.0.1", 0, None))
    return {row.short: dict(_of_type(found.snapshots.values(), row.url)) for row in XDS_TYPES}


def _of_type(snapshots: Iterable[Snapshot], url: Any) -> Iterable[tuple[str, str]]:
    for snapshot in snapshots:
        for name, item in sorted(snapshot.of(url).items()):
            yield f"{snapshot.fleet} {name}", item.version
