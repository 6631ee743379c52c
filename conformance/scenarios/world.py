"""One fresh cluster as scenarios use it: install gatewayd, make objects, wait, look at Pods and metrics."""

from __future__ import annotations

import asyncio
import copy
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from conformance.harness.kubeapi import Api, ApiError
from conformance.harness.rundir import RunDirectory
from conformance.kubectl import Kubectl
from conformance.scenarios import manifests
from conformance.scenarios.manifests import GATEWAY_API, Object
from conformance.scenarios.pods import PodHandle, handle, output
from gatewayd.infra import layout

SHOP = "shop"
DEADLINE = 60.0
_POLL_SECONDS = 0.02
_KUBECONFIG_FOLDER = "/etc/scenario"
_SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


class World:
    """The cluster of this run. `folder` is for raw files, kept after the run; `options` are of `gatewayd install`."""

    def __init__(
        self, *, api: Api, run: RunDirectory, folder: Path, access: Mapping[str, str], options: Sequence[str]
    ) -> None:
        self.api = api
        self.run = run
        self.folder = folder
        self._options = options
        self.server, self.token = access["server"], access["token"]
        self._http: aiohttp.ClientSession | None = None
        self._deployment: Object = {}

    # --- gatewayd ----------------------------------------------------------------------------------------------

    async def install(self, *, replicas: int = 2, arguments: tuple[str, ...] = ()) -> None:
        """Apply what `gatewayd install --print` prints, with further arguments for `serve`, and wait for it."""
        await self._prepare()
        await self.replicas("gatewayd", count=replicas, arguments=arguments)

    async def _prepare(self) -> None:
        """Apply all but the Deployment, which is kept as the pattern for `replicas`."""
        printed = await output(sys.executable, "-m", "gatewayd", "install", "--print", *self._options)
        documents = [each for each in yaml.safe_load_all(printed) if each is not None]
        self._deployment = next(each for each in documents if each["kind"] == "Deployment")
        rest = [each for each in documents if each["kind"] != "Deployment"]
        await self.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(rest))
        await self.put(manifests.namespace(SHOP))

    async def replicas(
        self, name: str, *, count: int, arguments: tuple[str, ...] = (), api_port: int = 0, wait: bool = True
    ) -> None:
        """Run replicas of gatewayd in a Deployment of their own; `api_port` of the node stands for the API server."""
        if not self._deployment:
            await self._prepare()
        item = copy.deepcopy(self._deployment)
        template, label = item["spec"]["template"], {"scenario": name}
        item["metadata"]["name"] = name
        item["spec"]["replicas"] = count
        item["spec"]["selector"]["matchLabels"] |= label
        template["metadata"]["labels"] |= label
        container = template["spec"]["containers"][0]
        container["args"] = [*container["args"], *arguments]
        if api_port:
            await self.put(_kubeconfig(name, api_port))
            container["args"] += ["--kubeconfig", f"{_KUBECONFIG_FOLDER}/kubeconfig"]
            container.setdefault("volumeMounts", []).append({"name": "scenario", "mountPath": _KUBECONFIG_FOLDER})
            template["spec"].setdefault("volumes", []).append({"name": "scenario", "configMap": {"name": name}})
        await self.put(item)
        if wait:
            await self.available(layout.NAMESPACE, name)

    async def control_plane(self, name: str = "") -> list[PodHandle]:
        """Return gatewayd's Pods that are not ending, those of one Deployment if it is named."""
        own = f",scenario={name}" if name else ""
        return await self.pods(layout.NAMESPACE, f"app.kubernetes.io/name=gatewayd{own}")

    async def leader(self) -> str:
        """Return the name of the Pod that holds the lease, "" when there is none."""
        path = f"/apis/coordination.k8s.io/v1/namespaces/{layout.NAMESPACE}/leases/{layout.LEASE}"
        try:
            return str((await self.api.get(path))["spec"].get("holderIdentity") or "")
        except ApiError:
            return ""

    async def elected(self) -> str:
        """Wait for a leader and return its Pod's name."""
        names = set()

        async def has_one() -> bool:
            names.add(await self.leader())
            return names != {""}

        await self.until(has_one, "there is a leader")
        return max(names)

    # --- objects -----------------------------------------------------------------------------------------------

    async def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """Run kubectl."""
        return await asyncio.to_thread(lambda: Kubectl()(*arguments, stdin=stdin))

    async def put(self, *items: Object) -> None:
        """Apply objects, one after the other."""
        for item in items:
            await self.api.apply(manifests.path(item), item)

    async def delete(self, item: Object) -> None:
        """Delete an object."""
        await self.api.delete(manifests.path(item))

    async def echoes(self, *names: str, where: str = SHOP, replicas: int = 1) -> None:
        """Run echo servers behind Services, and wait for them."""
        for name in names:
            await self.put(*manifests.echo(where, name, replicas))
        for name in names:
            await self.available(where, name)

    async def gateway(self, *listeners: Object, name: str = "gateway") -> str:
        """Make a Gateway, wait until it is Programmed, and return its address."""
        item = manifests.gateway(SHOP, name, *listeners)
        await self.put(item)
        return await self.gateway_address(item)

    async def gateway_address(self, item: Object) -> str:
        """Wait until a Gateway is Programmed, and return its address."""
        await self.condition(item, "Programmed")
        status = (await self.api.get(manifests.path(item)))["status"]
        return str(status["addresses"][0]["value"])

    async def condition(self, item: Object, kind: str, status: str = "True") -> None:
        """Wait for a condition of a Gateway, for the present generation."""

        async def holds() -> bool:
            found = await self.api.get(manifests.path(item))
            generation = found["metadata"]["generation"]
            return any(
                each["type"] == kind and each["status"] == status and each["observedGeneration"] == generation
                for each in found.get("status", {}).get("conditions", ())
            )

        await self.until(holds, f"{item['metadata']['name']} has {kind}={status}")

    async def available(self, where: str, name: str) -> None:
        """Wait until all Pods of a Deployment are ready."""
        path = f"/apis/apps/v1/namespaces/{where}/deployments/{name}"

        async def is_available() -> bool:
            found = await self.api.get(path)
            wanted, status = found["spec"]["replicas"], found.get("status", {})
            is_seen = status.get("observedGeneration") == found["metadata"]["generation"]
            counts = {status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")}
            return is_seen and counts == {wanted}

        await self.until(is_available, f"Deployment {where}/{name} is available")

    async def pods(self, where: str, selector: str) -> list[PodHandle]:
        """Return the Pods of a selector that have an address and are not ending."""
        found = await self.api.get(f"/api/v1/namespaces/{where}/pods?labelSelector={selector}")
        living = (each for each in found["items"] if "deletionTimestamp" not in each["metadata"])
        return [each for each in map(handle, living) if each.address]

    async def proxies(self, gateway: str = "gateway") -> list[PodHandle]:
        """Return the Envoys of a Gateway."""
        return await self.pods(SHOP, f"gateway.networking.k8s.io/gateway-name={gateway}")

    async def versions(self) -> str:
        """Return the newest resourceVersion of HTTPRoutes, which is the store's revision."""
        found = await self.api.get(manifests.collection(GATEWAY_API, "HTTPRoute", "") + "?limit=1")
        return str(found["metadata"]["resourceVersion"])

    # --- figures -----------------------------------------------------------------------------------------------

    async def text(self, url: str) -> str:
        """Return a page in plain HTTP, or of the API server when it is only a path."""
        if self._http is None:
            raise RuntimeError("World is used outside `entered`")
        inner = url.startswith("/")
        headers = {"Authorization": f"Bearer {self.token}"} if inner else {}
        async with self._http.get(self.server + url if inner else url, headers=headers, ssl=False) as response:
            response.raise_for_status()
            return await response.text()

    async def metrics(self, pod: PodHandle) -> Mapping[str, float]:
        """Return the metrics of a replica: `name{labels}` -> value."""
        return parsed(await self.text(f"http://{pod.address}:{layout.METRICS_PORT}/metrics"))

    async def api_metrics(self) -> Mapping[str, float]:
        """Return the metrics of the API server."""
        return parsed(await self.text("/metrics"))

    async def until(self, true: Callable[[], Awaitable[bool]], what: str, *, within: float = DEADLINE) -> float:
        """Ask again and again; return the seconds that it took, TimeoutError with `what` when it does not come true."""
        began = time.monotonic()
        while not await true():
            if time.monotonic() > began + within:
                raise TimeoutError(f"after {within:g} s still not so: {what}")
            await asyncio.sleep(_POLL_SECONDS)
        return time.monotonic() - began

    @asynccontextmanager
    async def entered(self) -> AsyncIterator[World]:
        """Open the HTTP client."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as self._http:
            yield self


def parsed(text: str) -> Mapping[str, float]:
    """Read the Prometheus text format."""
    rows = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in rows}


def _kubeconfig(name: str, port: int) -> Object:
    cluster = {
        "server": f"https://192.0.2.1:{port}",
        "certificate-authority": f"{_SERVICE_ACCOUNT}/ca.crt",
    }
    text: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "scenario", "cluster": cluster}],
        "users": [{"name": "pod", "user": {"tokenFile": f"{_SERVICE_ACCOUNT}/token"}}],
        "contexts": [{"name": "scenario", "context": {"cluster": "scenario", "user": "pod"}}],
        "current-context": "scenario",
    }
    metadata = {"namespace": layout.NAMESPACE, "name": name}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"kubeconfig": yaml.safe_dump(text)}}


@asynccontextmanager
async def present(folder: Path, options: Sequence[str] = ()) -> AsyncIterator[World]:
    """Give the cluster that this process runs in; gatewayd is installed in it with these options."""
    run = RunDirectory(path=Path(os.environ["GATEWAYD_RUN"]))
    config = yaml.safe_load(run.node_kubeconfig.read_text())
    access = {"server": config["clusters"][0]["cluster"]["server"], "token": config["users"][0]["user"]["token"]}
    ca = run.certificates / "ca.crt"
    async with Api(server=access["server"], token=access["token"], ca=ca) as api:
        world = World(api=api, run=run, folder=folder, access=access, options=options)
        async with world.entered():
            yield world
