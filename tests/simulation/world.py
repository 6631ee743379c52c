"""A whole control plane in one process on virtual time: replicas, an API server, proxies, people and misfortune.

Everything is drawn from one seed, so a run repeats exactly. At quiet points (nothing was disturbed for a while) each
replica, each proxy, each status and all infrastructure must be what a translation from scratch of the objects says.
"""

import asyncio
import json
import random
from collections.abc import Coroutine, Iterator
from typing import Any

from gatewayd.ads.fleet import Fleet
from gatewayd.api.decode import Decoded, decode_bytes
from gatewayd.api.kinds import KINDS
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.kube.authority_store import AuthorityStore
from gatewayd.offline.translate import offline
from gatewayd.reconciler import Reconciler
from gatewayd.run.cluster import InCluster, Surroundings
from gatewayd.run.serve_options import ServeOptions
from gatewayd.store import Delta
from gatewayd.xds.resource import XDS_TYPES
from tests.fakes.documents import Json
from tests.simulation.api_state import ApiState, Key
from tests.simulation.client import Network, SimulatedClient
from tests.simulation.envoy import BrokenPromiseError
from tests.simulation.workloads import Workloads

NAMESPACE = "gatewayd-system"
MANAGED_BY = "app.kubernetes.io/managed-by"


class Replica:
    """One replica, as often as it is started."""

    def __init__(self, name: str, world: "World") -> None:
        self.name = name
        self.network = Network(world.dice)
        self.running: InCluster | None = None
        self.task: asyncio.Task[None] | None = None
        self._world = world

    def start(self) -> None:
        """Start it, as a kubelet does."""
        self.task = self._world.spawn(self._run(), self.name)

    async def kill(self) -> None:
        """End it at once, wherever it is."""
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
        client: Any = SimulatedClient(self._world.state, self.network, self._on_write)
        options = ServeOptions(
            kubeconfig=None,
            namespace=NAMESPACE,
            identity=self.name,
            uid="",
            xds_host="gatewayd.gatewayd-system.svc.",
            xds_port=18000,
            route_discovery=None,
            log_level="error",
        )
        around = Surroundings(clock=asyncio.get_running_loop().time, random=self._world.dice.random)
        while True:
            try:
                authority = await AuthorityStore(client, NAMESPACE).load()
                break
            except Exception:  # noqa: BLE001 - a pod that cannot start is started again
                await asyncio.sleep(1.0)
        found = self.running = InCluster(options, client, authority, around)
        async with asyncio.TaskGroup() as tasks:
            for name, work in found._work():
                tasks.create_task(work, name=f"{self.name} {name}")

    def _on_write(self, method: str, path: str) -> None:
        """Check that whoever writes statuses or infrastructure leads, and nobody else does."""
        if "/leases" in path or "-fleet" in path or path.endswith("/events"):
            return
        leaders = [each.name for each in self._world.replicas if each.leads]
        if len(leaders) > 1:
            raise BrokenPromiseError(f"{leaders} lead at once: {method} {path}")


class World:
    """The simulation. `run` it with a plan; `trace` says what happened."""

    def __init__(self, seed: int, replicas: int = 2) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - it must repeat
        self.trace: list[str] = []
        self.failures: list[str] = []
        self.state = ApiState(asyncio.get_running_loop().time)
        self.tasks: dict[asyncio.Task[None], None] = {}
        self.replicas = [Replica(f"replica-{number}", self) for number in range(replicas)]
        self.workloads = Workloads(self.state, self.dice, self.fleets, self.spawn)

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

    # --- what must hold at a quiet point -------------------------------------------------------------------------

    def scratch(self) -> Reconciler:
        """Translate all objects anew."""
        deltas = []
        for kind in KINDS:
            for key, document in self.state.objects.items():
                if (key.group, key.plural) == (kind.group, kind.plural):
                    read = decode_bytes(kind, json.dumps(document).encode())
                    if isinstance(read, Decoded):
                        deltas.append(Delta(kind=kind.struct, key=read.key, obj=read.obj))
        return offline(deltas, DEFAULT_ENVIRONMENT)

    def differences(self) -> list[str]:
        """Return where replicas, proxies, statuses and infrastructure are not what they should be."""
        scratch = self.scratch()
        wanted = {gateway: snapshot.version for gateway, snapshot in scratch.snapshots.items()}
        found: list[str] = list(self.failures)
        for replica in self.replicas:
            if replica.running is not None:
                has = {name: each.version for name, each in replica.running._reconciler.snapshots.items()}
                if has != wanted:
                    found.append(f"{replica.name} publishes {has}, from scratch {wanted}")
                    found += self._stale(replica, scratch)
        found += self._proxies(scratch)
        found += self._infrastructure(scratch)
        found += self._statuses(scratch)
        return found

    def _stale(self, replica: Replica, scratch: Reconciler) -> Iterator[str]:
        """Yield the rows that a replica has and should not have, and the other way round."""
        if replica.running is None:
            return
        for kind in KINDS:
            has = dict(replica.running._reconciler.store.engine.rows(kind.struct))
            wanted = dict(scratch.store.engine.rows(kind.struct))
            for key in sorted(has.keys() | wanted.keys()):
                if has.get(key) != wanted.get(key):
                    yield f"{replica.name} has {kind.kind} {key}: {has.get(key)}, wanted {wanted.get(key)}"

    def _proxies(self, scratch: Reconciler) -> list[str]:
        found = []
        for name, pod in self.workloads.pods.items():
            snapshot = scratch.snapshots.get(pod.envoy.fleet)
            has = pod.envoy.versions()
            for row in XDS_TYPES:
                wanted = snapshot.of(row.url) if snapshot is not None else {}
                versions = {each: item.version for each, item in wanted.items()}
                if has[row.url] != versions:
                    found.append(f"{name} of {pod.envoy.fleet} has {row.short} {has[row.url]}, wanted {versions}")
        return found

    def _infrastructure(self, scratch: Reconciler) -> list[str]:
        wanted = {(each.namespace, each.object_name) for each in scratch.infrastructure.values() if each is not None}
        made = {
            (key.namespace, key.name)
            for key, document in self.state.objects.items()
            if (document["metadata"].get("labels") or {}).get(MANAGED_BY) == "gatewayd"
            and key.plural in ("deployments", "daemonsets")
        }
        both = [key for key in self.state.of("deployments") if key in self.state.of("daemonsets")]
        found = [] if wanted == made else [f"workloads {sorted(made)}, wanted {sorted(wanted)}"]
        return found + [f"both kinds of workload: {both}"] * bool(both)

    def _statuses(self, scratch: Reconciler) -> list[str]:
        found = []
        for key, document in self.state.objects.items():
            if key.plural == "gateways":
                ours = any(member.key == (key.namespace, key.name) for member in scratch.outcomes)
                conditions = {
                    each["type"]: each["status"] for each in (document.get("status") or {}).get("conditions", ())
                }
                if ours and conditions.get("Programmed") != "True":
                    found.append(f"{key.namespace}/{key.name}: Programmed is {conditions.get('Programmed')}")
            if key.plural == "httproutes":
                found += self._route(key, document, scratch)
        return found

    def _route(self, key: Key, document: Json, scratch: Reconciler) -> list[str]:
        told = {
            (parent["parentRef"]["name"], condition["type"]): condition["status"]
            for parent in (document.get("status") or {}).get("parents", ())
            for condition in parent["conditions"]
            if condition["type"] in ("Accepted", "ResolvedRefs")
        }
        outcome: Any = next(
            (
                each
                for member, each in scratch.outcomes.items()
                if member.key == (key.namespace, key.name) and member.table.__name__ == "HTTPRoute"
            ),
            None,
        )
        wanted = {
            (parent.ref.name, verdict.type): str(verdict.status)
            for parent in (outcome.parents if outcome is not None else ())
            for verdict in parent.verdicts
            if verdict.type in ("Accepted", "ResolvedRefs")
        }
        return [] if told == wanted else [f"HTTPRoute {key.name} says {told}, wanted {wanted}"]


def leaves(error: BaseException) -> str:
    """Return the causes in a group of exceptions."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(leaves(each) for each in error.exceptions)
    return repr(error)
