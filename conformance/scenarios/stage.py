"""Where a history plays: two Gateways, their backends, clients that judge, a tap, and notes of everything."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass, field

from conformance.scenarios import manifests
from conformance.scenarios.certificates import Maker
from conformance.scenarios.changes import KINDS, Kind
from conformance.scenarios.judged import NOT_FOUND, Asked, Judged, answer
from conformance.scenarios.manifests import Object
from conformance.scenarios.notebook import Notebook
from conformance.scenarios.pods import REPLICA_WORDS, PodHandle
from conformance.scenarios.tap import Tap
from conformance.scenarios.world import SHOP, World

STORE = "store"
SITE = "site.example"
GATEWAYS = (f"{SHOP}/gateway", f"{STORE}/other")
MARKED = {"word-of-the-shop": GATEWAYS[0], "word-of-the-store": GATEWAYS[1]}
"""Words that stand in a route of one Gateway each, and whose they are."""
ENVOYS = 2
GRANT = manifests.grant(STORE, "to-shop", SHOP)
LINGER_SECONDS = 3


@dataclass(slots=True, kw_only=True)
class Stage:
    """What the steps of a history have in common; `address` is the shop's Gateway, `failed` what a lane gave up.

    `told` is held by who needs that somebody tells Envoys of endpoints, or sees to it that nobody does: Pods that end
    while nobody tells of it are asked still, whatever a control plane does.
    """

    world: World
    tap: Tap
    notes: Notebook
    maker: Maker
    address: str = ""
    kinds: dict[str, Kind] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    told: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def build(self) -> None:
        """Make everything that stands before the first step."""
        await self.world.put(manifests.namespace(STORE))
        for name in ("alpha", "beta", "gamma"):
            await self.world.put(*quiet_echo(SHOP, name, 1))
        await self.world.put(*pool("first"), *quiet_echo(STORE, "echo", 1))
        for where, name in ((SHOP, "alpha"), (SHOP, "beta"), (SHOP, "gamma"), (SHOP, "pool"), (STORE, "echo")):
            await self.world.available(where, name)
        await self.rotate()
        await self.world.put(_parameters(), gateway(), _other())
        self.address = await self.world.gateway_address(gateway())
        await self.world.condition(_other(), "Programmed")
        await self.world.until(self._has_envoys, f"{ENVOYS} Envoys are ready")

    async def _has_envoys(self) -> bool:
        return sum(each.ready for each in await self.world.proxies()) == ENVOYS

    async def rotate(self) -> None:
        """Give the HTTPS listener a new certificate; its key is a word of the shop's."""
        secret = self.maker.secret(SHOP, "site", SITE)
        key = base64.b64decode(secret["data"]["tls.key"]).decode().splitlines()
        self.notes.owners[key[1]] = GATEWAYS[0]
        await self.world.put(secret)

    async def begin(self, loop: Judged) -> None:
        """Make the routes, and ask for them."""
        loop.pin(*(f"{each.address}:80" for each in await self.world.proxies()))
        await self.world.put(manifests.route(SHOP, "site", [SITE], "alpha"))
        await self.world.put(GRANT)
        for route, right in (
            (manifests.route(SHOP, "marked", ["marked.example"], "alpha", says="word-of-the-shop"), "alpha"),
            (manifests.route(SHOP, "pool", ["pool.example"], "pool"), "pool"),
            (manifests.route(SHOP, "borrowed", ["borrowed.example"], f"{STORE}/echo"), "echo"),
        ):
            says = route["spec"]["rules"][0]["filters"][0]["requestHeaderModifier"]["set"][0]["value"]
            await self._first(loop, route, answer(says, right))
        theirs = manifests.route(STORE, "theirs", ["theirs.example"], "echo", parent="other", says="word-of-the-store")
        await self.world.put(theirs)
        self.kinds = {kind.name: kind for kind in (make(self.world, loop, 0) for make in FIRST_SLOTS)}
        self.turns = dict.fromkeys(self.kinds, 0)
        await asyncio.gather(*(kind.begin() for kind in self.kinds.values()))

    async def _first(self, loop: Judged, route: Object, right: str) -> Asked:
        target = await loop.ask(route["spec"]["hostnames"][0], NOT_FOUND)
        await loop.expect(target, right)
        await self.world.put(route)
        await loop.arrived(target)
        return target

    async def connected(self) -> None:
        """Wait until all replicas are ready and all Envoys have a stream."""

        async def is_so() -> bool:
            pods = await self.world.control_plane()
            return bool(pods) and all(each.ready for each in pods)

        await self.world.until(is_so, "all replicas are ready")
        for proxy in await self.proxies():
            await self.world.until(proxy.is_connected, f"{proxy.name} is connected")

    async def proxies(self) -> Sequence[PodHandle]:
        """Return the Envoys of both Gateways."""
        return [pod for name in GATEWAYS for pod in await self.of(name)]

    async def of(self, name: str) -> Sequence[PodHandle]:
        """Return the Envoys of a Gateway ("namespace/name")."""
        where, _, own = name.partition("/")
        return await self.world.pods(where, f"gateway.networking.k8s.io/gateway-name={own}")

    async def quiet(self, number: int) -> None:
        """Note what everybody has and takes up, a while after the last step."""
        await self.connected()
        await asyncio.sleep(QUIET_SECONDS)
        for pod in await self.world.control_plane():
            self.notes.sample(number, pod, REPLICA_WORDS, ("resident bytes", "descriptors", "threads"))
        for name in GATEWAYS:
            for proxy in await self.of(name):
                self.notes.sample(number, proxy, b"--service-node", ("resident bytes",))
                await self.notes.proxy(number, name, proxy)
            for replica in await self.world.control_plane():
                await self.notes.replica(self.world, number, name, replica)


QUIET_SECONDS = 12.0
"""Longer than anything may take that nothing hinders (`conformance/history/answers.py`)."""
FIRST_SLOTS = tuple(kind for kind, slot in KINDS if slot == 0)


def gateway(*more: Object) -> Object:
    """Return the shop's Gateway, with further listeners."""
    listeners = (manifests.http_listener(), manifests.https_listener(SITE, "site"), *more)
    return manifests.gateway(SHOP, "gateway", *listeners, parameters="proxies")


def _other() -> Object:
    return manifests.gateway(STORE, "other")


def _parameters() -> Object:
    # One worker each: what one connection has seen, all connections to that Envoy see.
    return manifests.config_map(SHOP, "proxies", {"replicas": str(ENVOYS), "concurrency": "1"})


def quiet_echo(where: str, name: str, replicas: int) -> tuple[Object, Object]:
    """Return echo servers that do not log each request: reading that would cost more than answering."""
    deployment, service = manifests.echo(where, name, replicas)
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["command"] = ["/bin/sh", "-c", "exec /echo-basic > /dev/null"]
    return deployment, service


def pool(stamp: str) -> tuple[Object, Object]:
    """Return Pods that go on for a while after they were told to end, as all must that want to lose no request."""
    deployment, service = quiet_echo(SHOP, "pool", 3)
    template = deployment["spec"]["template"]
    template["metadata"]["annotations"] = {"scenario": stamp}
    template["spec"]["containers"][0]["lifecycle"] = {"preStop": {"sleep": {"seconds": LINGER_SECONDS}}}
    deployment["spec"]["strategy"] = {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    return deployment, service
