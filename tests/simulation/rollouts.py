"""A rollout of gatewayd itself, forth and back: one replica after the other, while routes change and proxies reconnect.

What must hold at every moment: no Gateway that nobody touches, nor a policy for it, is ever said not to be programmed;
its bootstrap changes once for each way, when only the release that it is of is left or newest; workloads roll one at a
time.
"""

import asyncio
import logging
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from gatewayd.own_group import DOMAIN
from tests.fakes.skipping_loop import SkippingLoop
from tests.simulation import plan
from tests.simulation.api_state import Change, Key
from tests.simulation.quiet import MANAGED_BY, differences
from tests.simulation.releases import EARLIER, LATER, Release
from tests.simulation.rolling import RollingWorkloads
from tests.simulation.seeds import Run
from tests.simulation.world import NAMESPACE, Replica, World

GATEWAYS: Final = ("g1", "g2", "g3")
SETTLE_SECONDS: Final = 40.0
START_SECONDS: Final = (4.0, 20.0)
"""Until a new replica is ready, and the one that it replaces is ended."""
COLLECTED_SECONDS: Final = (0.2, 12.0)
"""Until the API server has removed what a Pod that is gone owned."""


_POLICIES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "accesspolicies": ("AccessPolicy", {"clients": {"deny": [{"cidr": "192.0.2.0/24"}]}}),
    "routepolicies": ("RoutePolicy", {"timeouts": {"request": "5s"}}),
    "backendpolicies": ("BackendPolicy", {"limits": {"requests": 100}}),
}
"""One of each kind, for all Gateways."""


def _conditions(document: Any) -> Iterator[tuple[str, str]]:
    status = document.get("status") or {}
    for owner, conditions in (
        ("itself", status.get("conditions", ())),
        *((each["name"], each["conditions"]) for each in status.get("listeners", ())),
        *((each["ancestorRef"]["name"], each["conditions"]) for each in status.get("ancestors", ())),
    ):
        yield from ((owner, each["status"]) for each in conditions if each["type"] == "Programmed")


@dataclass(slots=True, kw_only=True)
class Watcher:
    """What is seen of the API server from outside, while nobody touches a Gateway."""

    world: World
    broken: list[str] = field(default_factory=list)
    bootstraps: dict[str, list[str]] = field(default_factory=dict)
    _watches: bool = False

    def begin(self) -> None:
        """Take what stands there as what must stay."""
        self._watches = True

    def hear(self, change: Change) -> None:
        """Take a change."""
        if change.key.plural == "configmaps" and _is_made(change):
            texts = self.bootstraps.setdefault(change.key.name, [])
            text = change.document["data"]["bootstrap.json"]
            if texts[-1:] != [text]:
                texts.append(text)
        if self._watches and change.key.plural in ("gateways", *_POLICIES):
            now = asyncio.get_running_loop().time()
            wrong = [owner for owner, status in _conditions(change.document) if status != "True"]
            self.broken += [
                f"{now:.3f} {change.key.plural} {change.key.name}: {owner} is not programmed" for owner in wrong
            ]


def _policies(world: World) -> Iterator[str]:
    for plural in _POLICIES:
        [document] = world.state.of(plural).values()
        told = dict(_conditions(document))
        yield from (told.get(name, "") for name in GATEWAYS)


def _is_made(change: Change) -> bool:
    return (change.document["metadata"].get("labels") or {}).get(MANAGED_BY) == "gatewayd" and (
        change.key.namespace != NAMESPACE
    )


async def _busy(world: World) -> None:
    """Let people change routes and endpoints, and streams break."""
    dice = world.dice
    while True:
        await asyncio.sleep(dice.choice((0.01, 0.3, 2.0, 5.0)))
        match dice.choice(("route",) * 4 + ("endpoints",) * 4 + ("reconnect",) * 2):
            case "route":
                plan.route(world, dice.choice(plan.ROUTES))
            case "endpoints":
                plan.endpoints(world, dice.choice(plan.SERVICES))
            case _:
                for name in world.workloads.chosen(dice.randrange(12)):
                    world.workloads.pods[name].hang_up()


async def _replace_all(world: World, release: Release) -> None:
    """Roll the Deployment of gatewayd: one more replica, then one less."""
    for number, old in enumerate(tuple(world.replicas)):
        new = Replica(f"{release.version}-{number}-{world.dice.randrange(1000)}", world, release)
        world.replicas.append(new)
        new.start()
        await asyncio.sleep(world.dice.uniform(*START_SECONDS))
        world.say(f"{old.name} goes, {new.name} has come")
        await old.kill()
        world.replicas.remove(old)
        asyncio.get_running_loop().call_later(world.dice.uniform(*COLLECTED_SECONDS), _collect, world, old)


def _collect(world: World, replica: Replica) -> None:
    plan.drop(world, Key(group="", plural="configmaps", namespace=NAMESPACE, name=f"{replica.name}-fleet"))


async def _hop(world: World, watcher: Watcher, release: Release) -> list[str]:
    """Roll to a release under load; return what is wrong."""
    before = {name: len(texts) for name, texts in watcher.bootstraps.items()}
    people = asyncio.ensure_future(_busy(world))
    try:
        await _replace_all(world, release)
        await asyncio.sleep(SETTLE_SECONDS)
    finally:
        people.cancel()
        await asyncio.wait((people,))
    await asyncio.sleep(SETTLE_SECONDS)
    changed = {name: len(texts) - before[name] for name, texts in watcher.bootstraps.items()}
    wrong = [f"bootstrap of {name} changed {count} times" for name, count in changed.items() if count != 1]
    at_once = world.workloads.most_at_once if isinstance(world.workloads, RollingWorkloads) else 0
    wrong += [f"{at_once} workloads rolled at once"] if at_once > 1 else []
    return [*watcher.broken, *wrong, *differences(world, release)]


async def _there_and_back(world: World) -> list[str]:
    plan.found(world)
    for name in GATEWAYS:
        plan.gateway(world, name, "gatewayd")
    for plural, (kind, section) in _POLICIES.items():
        targets = [{"group": plan.GROUP, "kind": "Gateway", "name": name} for name in GATEWAYS]
        at = plan.key(DOMAIN, plural, "p")
        plan.put(world, at, kind, {"targetRefs": targets, "default": section})
    watcher = Watcher(world=world)
    world.state.hooks.append(watcher.hear)
    world.is_disturbed = True
    for replica in world.replicas:
        replica.start()
    await asyncio.sleep(SETTLE_SECONDS)
    watcher.begin()
    if set(_policies(world)) != {"True"}:
        return [f"policies are not programmed: {[*_policies(world)]}"]
    for release in (LATER, EARLIER):
        wrong = await _hop(world, watcher, release)
        if wrong:
            return [f"while {release.version} came", *wrong]
        world.say(f"quiet with {release.version}")
    return []


def rolled(seed: int) -> Run:
    """Run the rollouts of a seed."""
    random.seed(seed)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))

    async def run() -> Run:
        world = World(seed, RollingWorkloads)
        try:
            wrong: Sequence[str] = await _there_and_back(world)
        finally:
            await world.end()
        return Run(wrong=tuple(wrong), trace=tuple(world.trace))

    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(run())
