"""What a cluster does with what gatewayd makes: pods of workloads, addresses of Services, EndpointSlices of both.

A pod is a model Envoy: it connects to a replica that is ready, takes what it is sent, and when its stream ends connects
to another. All of it takes time, drawn by seed.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from gatewayd.ads.fleet import Fleet, Stream
from gatewayd.ads.sharing.response_encoder import Mode
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.xds.resource import ROUTE
from tests.simulation.api_state import ApiState, Change, Key
from tests.simulation.envoy import BrokenPromiseError, ModelEnvoy, routes_in

WORKLOADS = frozenset({"deployments", "daemonsets"})
SERVICE_LABEL = "kubernetes.io/service-name"
GATEWAY_LABEL = "gateway.networking.k8s.io/gateway-name"
LOOK_SECONDS = 1.0
"""How soon a pod sees that its replica has ended."""

Spawn = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]
Fleets = Callable[[], list[Fleet]]


class Pod:
    """A model Envoy and its task."""

    def __init__(self, envoy: ModelEnvoy, workload: Key) -> None:
        self.envoy = envoy
        self.workload = workload
        self.template = ""
        self.wake = asyncio.Event()
        self.fleet: Fleet | None = None
        self.task: asyncio.Task[None] | None = None
        self.is_hung_up = False

    def hang_up(self) -> None:
        """End the stream, if there is one."""
        self.is_hung_up = True
        self.wake.set()


class Workloads:
    """Controllers beside gatewayd. `fleets` gives those of the replicas that proxies can reach now."""

    def __init__(self, state: ApiState, dice: random.Random, fleets: Fleets, spawn: Spawn) -> None:
        self.pods: dict[str, Pod] = {}
        self._state = state
        self._dice = dice
        self._fleets = fleets
        self._spawn = spawn
        self._numbers = 0
        self._addresses = 0
        # The Gateways that a route has ever named: no proxy of another one may get it.
        self._parents: dict[tuple[str, str, str], set[str]] = {}
        state.hooks.append(self._hear)

    def _hear(self, change: Change) -> None:
        """Do what a change asks for, a moment later."""
        loop = asyncio.get_running_loop()
        if change.key.plural in ("httproutes", "grpcroutes"):
            at = (change.key.plural.removesuffix("s"), change.key.namespace, change.key.name)
            named = {f"{change.key.namespace}/{ref['name']}" for ref in change.document["spec"]["parentRefs"]}
            self._parents.setdefault(at, set()).update(named)
        elif change.key.plural in WORKLOADS:
            loop.call_later(self._dice.uniform(0.05, 1.0), self._scale, change.key)
        elif change.key.plural == "services" and change.type == "ADDED":
            loop.call_later(self._dice.uniform(0.05, 2.0), self._address, change.key)
            loop.call_later(self._dice.uniform(0.05, 0.5), self._slice, change.key)
        elif change.key.plural == "services":
            loop.call_later(self._dice.uniform(0.05, 0.5), self._slice, change.key)

    def _scale(self, workload: Key) -> None:
        """Have as many pods as the workload asks for."""
        document = self._state.objects.get(workload)
        wanted = 0
        if document is not None:
            wanted = document["spec"].get("replicas", 1) if workload.plural == "deployments" else 1
        mine = [name for name, pod in self.pods.items() if pod.workload == workload]
        for name in mine[wanted:]:
            self._stop(name)
        for _ in range(wanted - len(mine)):
            self._start(workload)

    def _start(self, workload: Key) -> None:
        self._numbers += 1
        labels = self._state.objects[workload]["spec"]["template"]["metadata"]["labels"]
        envoy = ModelEnvoy(
            f"{workload.name}-{self._numbers}", GatewayFleet(namespace=workload.namespace, name=labels[GATEWAY_LABEL])
        )
        pod = self.pods[envoy.node] = Pod(envoy, workload)
        pod.task = self._spawn(self._live(pod), envoy.node)

    def chosen(self, number: int) -> list[str]:
        """Return the name of one pod, counted round and round; none when there is none."""
        names = sorted(self.pods)
        return [names[number % len(names)]] if names else []

    def replace(self, name: str) -> None:
        """End a pod, and have another one started in its place."""
        workload = self.pods[name].workload
        self._stop(name)
        asyncio.get_running_loop().call_later(self._dice.uniform(0.05, 1.0), self._scale, workload)

    def _stop(self, name: str) -> None:
        pod = self.pods.pop(name)
        if pod.task is not None:
            pod.task.cancel()
        self._slices_of(pod.workload)

    async def _live(self, pod: Pod) -> None:
        """Connect, again and again."""
        while True:
            reachable = self._fleets()
            if reachable:
                await self._stream(pod, self._dice.choice(reachable))
            await asyncio.sleep(self._dice.uniform(0.1, 1.0))

    async def _stream(self, pod: Pod, fleet: Fleet) -> None:
        """Live on one stream until its replica ends."""
        loop = asyncio.get_running_loop()
        member = fleet.join(pod.envoy.fleet, Mode.DELTA, since=loop.time(), wake=pod.wake.set)
        pod.fleet = fleet
        pod.envoy.connect()
        try:
            pod.is_hung_up = False
            while fleet in self._fleets() and not pod.is_hung_up:
                await self._turn(pod, fleet, member)
        finally:
            pod.fleet = None
            fleet.leave(member)

    async def _turn(self, pod: Pod, fleet: Fleet, member: Stream) -> None:
        """Say what is to be said, hear what is to be heard, or wait for either."""
        ready = bool(pod.envoy.has_listeners)
        while pod.envoy.says:
            await asyncio.sleep(self._dice.choice((0.0, 0.001, 0.01)))
            if pod.envoy.says:
                fleet.on_request(member, pod.envoy.says.popleft())
        pod.wake.clear()
        pushes = fleet.responses_to_send(member, asyncio.get_running_loop().time())
        for push in pushes:
            await asyncio.sleep(self._dice.choice((0.0, 0.001, 0.01)))
            pod.envoy.take(push.data)
            self._check_whose(pod.envoy)
        if ready != bool(pod.envoy.has_listeners):
            self._slices_of(pod.workload)
        if not pushes and not pod.envoy.says:
            now = asyncio.get_running_loop().time()
            until = member.session.deadline if member.session.deadline is not None else now + LOOK_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await pod.wake.wait()

    def _check_whose(self, envoy: ModelEnvoy) -> None:
        """Raise BrokenPromiseError when a proxy has a route that has never named its Gateway."""
        for table in envoy.has[ROUTE].values():
            for at in routes_in(table.resource.value):
                if str(envoy.fleet) not in self._parents[at]:
                    raise BrokenPromiseError(f"{envoy.node} of {envoy.fleet} has {at}")

    def _slices_of(self, workload: Key) -> None:
        """Write the slices of the Services that select the pods of a workload (it has the same name)."""
        service = Key(group="", plural="services", namespace=workload.namespace, name=workload.name)
        asyncio.get_running_loop().call_later(self._dice.uniform(0.05, 0.5), self._slice, service)

    def _address(self, service: Key) -> None:
        """Give a Service an address, as a load balancer does."""
        document = self._state.objects.get(service)
        if document is None or document["spec"].get("type") != "LoadBalancer":
            return
        self._addresses += 1
        ingress = [{"ip": f"198.51.100.{self._addresses % 250 + 1}"}]
        self._state.merge(service, {"status": {"loadBalancer": {"ingress": ingress}}}, status_only=True)

    def _slice(self, service: Key) -> None:
        """Write the EndpointSlice of a Service of gatewayd's: its pods that are ready, its ports."""
        document = self._state.objects.get(service)
        if document is None or GATEWAY_LABEL not in document["spec"].get("selector", {}):
            return
        fleet = GatewayFleet(namespace=service.namespace, name=document["spec"]["selector"][GATEWAY_LABEL])
        pods = [pod for pod in self.pods.values() if pod.envoy.fleet == fleet]
        key = Key(
            group="discovery.k8s.io", plural="endpointslices", namespace=service.namespace, name=f"{service.name}-s"
        )
        body = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": key.name,
                "namespace": key.namespace,
                "labels": {SERVICE_LABEL: service.name},
                "ownerReferences": [{"uid": document["metadata"]["uid"], "kind": "Service", "name": service.name}],
            },
            "addressType": "IPv4",
            "ports": [
                {"name": port["name"], "port": port["targetPort"], "protocol": port["protocol"]}
                for port in document["spec"]["ports"]
            ],
            "endpoints": [
                {"addresses": [f"10.244.9.{number + 1}"], "conditions": {"ready": bool(pod.envoy.has_listeners)}}
                for number, pod in enumerate(pods)
            ],
        }
        self._state.apply(key, body, status_only=False)
