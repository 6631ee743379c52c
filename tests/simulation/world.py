"""A whole control plane in one process on virtual time: replicas, an API server, proxies, people and misfortune.

Everything is drawn from one seed, so a run repeats exactly. At quiet points (nothing was disturbed for a while) each
replica, each proxy, each status and all infrastructure must be what a translation from scratch of the objects says.
"""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

from gatewayd.ads.fleet import Fleet
from gatewayd.kube.authority_store import AuthorityStore
from gatewayd.run.cluster import InCluster, Surroundings
from gatewayd.run.serve_options import ServeOptions
from tests.simulation.api_state import ApiState
from tests.simulation.client import Network, SimulatedClient
from tests.simulation.releases import EARLIER, Publishing, Release
from tests.simulation.workloads import Workloads

NAMESPACE = "gatewayd-system"
MANAGED_BY = "app.kubernetes.io/managed-by"


class Replica:
    """One replica, as often as it is started."""

    def __init__(self, name: str, world: "World", release: Release = EARLIER) -> None:
        self.name = name
        self.release = release
        self.network = Network(random.Random(world.dice.random()))  # noqa: S311 - it must repeat
        self.ahead = 0.0
        self.running: InCluster | None = None
        self.task: asyncio.Task[None] | None = None
        self._world = world

    @property
    def is_up(self) -> bool:
        """Return whether its process runs."""
        return self.task is not None and not self.task.done()

    def start(self) -> None:
        """Start it, as a kubelet does; a clock begins anywhere."""
        self.ahead = self._world.dice.uniform(0.0, 1e6)
        self.task = self._world.spawn(self._run(), self.name)

    def clock(self) -> float:
        """Return the seconds of its own clock."""
        return asyncio.get_running_loop().time() + self.ahead

    async def kill(self) -> None:
        """End it, wherever it is."""
        self.running = None
        self.network.end_watches()
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait((self.task,))

    @property
    def leads(self) -> bool:
        """Return whether it may write."""
        return self.running is not None and self.running._lease.is_leader()

    @property
    def is_ready(self) -> bool:
        """Return whether proxies are sent to it."""
        return self.running is not None and not self.running._reconciler.store.waiting_for

    async def _run(self) -> None:
        client: Any = SimulatedClient(self._world.state, self.network, on_write=self._on_write, on_early=self._on_early)
        options = ServeOptions(
            kubeconfig=None,
            namespace=NAMESPACE,
            identity=self.name,
            uid="",
            xds_host=self.release.host,
            xds_port=18000,
            route_discovery=None,
            log_level="error",
        )
        around = Surroundings(clock=self.clock, random=self._world.dice.random, version=self.release.version)
        while True:
            try:
                authority = await AuthorityStore(client, NAMESPACE).load()
                break
            except Exception:  # noqa: BLE001 - a pod that cannot start is started again
                await asyncio.sleep(1.0)
        found = self.running = InCluster(options, client, authority, around)
        found._reconciler._publisher = Publishing(release=self.release, publisher=found._reports)
        async with asyncio.TaskGroup() as tasks:
            for name, work in found._work():
                tasks.create_task(work, name=f"{self.name} {name}")

    def _on_early(self, request: str) -> None:
        self._world.failures.append(f"{self.name} asks before the time that Retry-After gave: {request}")

    def _on_write(self, method: str, path: str) -> None:
        """Check that nobody else leads while this replica writes statuses or infrastructure."""
        if "/leases" in path or "-fleet" in path or path.endswith(("/events", "/secrets")):
            return
        others = [each.name for each in self._world.replicas if each is not self and each.leads]
        if others:
            self._world.failures.append(f"{self.name} writes while {others} lead: {method} {path}")


class World:
    """The simulation. `run` it with a plan; `trace` says what happened."""

    def __init__(self, seed: int, workloads: type[Workloads] = Workloads) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - it must repeat
        self.trace: list[str] = []
        self.failures: list[str] = []
        self.is_disturbed = False
        self.state = ApiState(asyncio.get_running_loop().time)
        self.tasks: dict[asyncio.Task[None], None] = {}
        self.replicas = [Replica(f"replica-{number}", self) for number in range(self.dice.choice((2, 2, 3)))]
        # Dice of their own, so that what the cluster does hangs less on what else is drawn.
        dice = random.Random(f"workloads of {seed}")  # noqa: S311 - it must repeat
        self.workloads = workloads(self.state, dice, self.fleets, self.spawn)

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Start something that runs until it ends or the world does; what fails fails the run."""
        task = asyncio.get_running_loop().create_task(self._watched(work, name), name=name)
        self.tasks[task] = None
        task.add_done_callback(lambda done: self.tasks.pop(done, None))
        return task

    async def _watched(self, work: Coroutine[Any, Any, None], name: str) -> None:
        try:
            await work
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - told at the end, with the seed
            self.failures.append(f"{name}: {leaves(error)}")

    def fleets(self) -> list[Fleet]:
        """Return the fleets of the replicas that proxies are sent to."""
        return [each.running._reports.fleet for each in self.replicas if each.is_ready and each.running is not None]

    def say(self, text: str) -> None:
        """Note what happens."""
        self.trace.append(f"{asyncio.get_running_loop().time():9.3f} {text}")

    async def end(self) -> None:
        """End everything."""
        for task in tuple(self.tasks):
            task.cancel()
        if self.tasks:
            await asyncio.wait(tuple(self.tasks))


def leaves(error: BaseException) -> str:
    """Return the causes in a group of exceptions."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(leaves(each) for each in error.exceptions)
    return repr(error)
