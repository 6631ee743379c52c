"""Other clusters beside the one of the run: each a store, an API server and controllers in a network of their own.

What is in them is what would be: Nodes with labels and Pods on them, whose slices their own controller writes. Behind
these are pods of the run's node, which proxies reach by their addresses as they would reach another cluster's.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import yaml

from conformance.build import built
from conformance.harness import controlplane, network
from conformance.harness.addresses import API_PORT, MEMBER_RANGE
from conformance.harness.certificates import Certificates, write_certificates
from conformance.harness.controlplane import Component
from conformance.harness.kubeapi import Api
from conformance.harness.network import PodNetwork
from conformance.harness.rundir import RunDirectory
from conformance.kubectl import Kubectl, KubectlError
from conformance.scenarios import manifests
from conformance.scenarios.manifests import Object
from conformance.scenarios.packets import packet_table
from conformance.scenarios.pods import output
from conformance.scenarios.world import SHOP, World
from gatewayd.infra import layout

EXPORT_API = "multicluster.x-k8s.io/v1alpha1"
_API_SERVER = "kube-apiserver"
_CONTROLLERS = ("endpointslice", "serviceaccount")
_ACCOUNT = "gatewayd-member"


async def serve_kind(kubectl: Callable[..., Awaitable[str]], kind: str) -> None:
    """Have a cluster serve a kind of the multi-cluster API."""
    await kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump(_crd(kind)))
    await kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")


def _crd(kind: str) -> Object:
    """Return the CRD of a kind of the multi-cluster API, which takes any fields."""
    plural = f"{kind.lower()}s"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.multicluster.x-k8s.io"},
        "spec": {
            "group": "multicluster.x-k8s.io",
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
            "versions": [version],
        },
    }


@dataclass(slots=True, kw_only=True)
class MemberCluster:
    """Another cluster. `api` is the administrator's."""

    name: str
    address: str
    world: World
    run: RunDirectory
    certificates: Certificates
    api: Api
    network: PodNetwork
    _processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    async def begin(self) -> None:
        """Start it, with the namespace of the shop in it."""
        await self.start()
        await self.kubectl("create", "namespace", SHOP)
        await serve_kind(self.kubectl, "ServiceExport")
        await self.world.until(self._has_accounts, f"{self.name} has accounts for Pods")

    async def start(self) -> None:
        """Start what does not run, and wait for the API server."""
        for component in (
            controlplane.etcd(self.run),
            controlplane.api_server(self.run, self.certificates, self.address),
            controlplane.controller_manager(self.run, self.certificates, _CONTROLLERS),
        ):
            if component.name not in self._processes:
                self._processes[component.name] = await self._started(component)
        await self.world.until(self._answers, f"the API server of {self.name} answers")

    async def _started(self, component: Component) -> asyncio.subprocess.Process:
        within = ("nsenter", f"--net={self.network.namespace_path}", "--", str(built(component.name)))
        with (self.run.logs / f"{component.name}.log").open("ab") as sink:
            return await asyncio.create_subprocess_exec(
                *within, *component.flags, stdout=sink, stderr=sink, start_new_session=True
            )

    async def kill(self) -> None:
        """Kill the API server; what it stored stays."""
        process = self._processes.pop(_API_SERVER)
        process.send_signal(signal.SIGKILL)
        await process.wait()

    @asynccontextmanager
    async def unreachable(self) -> AsyncIterator[None]:
        """Drop all between Pods and the cluster's control plane, both ways, until the block ends."""
        rules = f"ip daddr {self.address} drop\n    ip saddr {self.address} drop"
        async with packet_table(
            f"cut-{self.name}", f"  chain passing {{\n    type filter hook forward priority 0\n    {rules}\n  }}\n"
        ):
            yield

    async def _answers(self) -> bool:
        try:
            await self.kubectl("get", "--raw", "/readyz")
        except KubectlError:
            return False
        return True

    async def _has_accounts(self) -> bool:
        found = await self.api.get(manifests.collection("v1", "ServiceAccount", SHOP))
        return bool(found["items"])

    async def account(self) -> None:
        """Make the account that gatewayd has in it, as docs/members.md says it is done."""
        printed = await output(sys.executable, "-m", "gatewayd", "install", "--print", "--member", SHOP)
        objects = [each for each in yaml.safe_load_all(printed) if each["metadata"]["name"] != SHOP]
        await self.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(objects))

    async def join(self, **annotations: str) -> None:
        """Make it a member of the run's cluster, or say other annotations of it."""
        token = await self.kubectl("create", "token", _ACCOUNT, "-n", layout.NAMESPACE, "--duration=2h")
        text = kubeconfig(f"https://{self.address}:{API_PORT}", self.certificates.ca.read_bytes(), token.strip())
        await self.world.put(secret(self.name, text, **annotations))

    async def may(self, verb: str, resource: str, namespace: str) -> bool:
        """Return whether gatewayd's account may do something."""
        account = f"system:serviceaccount:{layout.NAMESPACE}:{_ACCOUNT}"
        try:
            await self.kubectl("auth", "can-i", verb, resource, "-n", namespace, "--as", account)
        except KubectlError:
            return False
        return True

    async def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """Run kubectl against it."""
        own = Kubectl(kubeconfig=str(self.run.node_kubeconfig))
        return await asyncio.to_thread(lambda: own(*arguments, stdin=stdin))

    async def put(self, *items: Object) -> None:
        """Apply objects."""
        for item in items:
            await self.api.apply(manifests.path(item), item)

    async def node(self, name: str, region: str, zone: str) -> None:
        """Have a node, which runs nothing, with labels that say where it is."""
        labels = {"topology.kubernetes.io/region": region, "topology.kubernetes.io/zone": zone}
        await self.put({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}})

    async def pod(self, name: str, node: str, address: str, *, of: str) -> None:
        """Have a Pod on a node, of the Service `of`, that is ready at an address."""
        metadata = {"namespace": SHOP, "name": name, "labels": {"app": of}}
        containers = [{"name": "echo", "image": manifests.ECHO_IMAGE}]
        spec = {"nodeName": node, "automountServiceAccountToken": False, "containers": containers}
        await self.put({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}
        await self.api.patch(f"{_pod_path(name)}/status", {"status": status})
        await self.ready(name)

    async def ready(self, name: str, status: str = "True") -> None:
        """Say whether a Pod is ready."""
        condition = {"type": "Ready", "status": status}
        await self.api.patch(f"{_pod_path(name)}/status", {"status": {"conditions": [condition]}})

    async def until_offered(self, address: str) -> None:
        """Wait until its controller has written a slice in which an address is ready."""

        async def is_offered() -> bool:
            found = await self.api.get(manifests.collection("discovery.k8s.io/v1", "EndpointSlice", SHOP))
            ready = (
                one for each in found["items"] for one in each["endpoints"] or () if one["conditions"].get("ready")
            )
            return any(address in each["addresses"] for each in ready)

        await self.world.until(is_offered, f"{self.name} offers {address}")

    async def forget(self, name: str) -> None:
        """Have a Pod no more."""
        await self.api.delete(f"{_pod_path(name)}?gracePeriodSeconds=0")

    async def export(self, name: str, *slices: Object) -> None:
        """Export a Service: of Pods with its name, or with these slices."""
        service = manifests.service(SHOP, name, {} if slices else {"app": name})
        service["spec"]["ports"][0]["name"] = "web"
        export = {"apiVersion": EXPORT_API, "kind": "ServiceExport", "metadata": {"namespace": SHOP, "name": name}}
        await self.put(service, export, *slices)

    def end(self) -> None:
        """Kill what runs."""
        for process in self._processes.values():
            if process.returncode is None:
                process.kill()


def _pod_path(name: str) -> str:
    return f"{manifests.collection('v1', 'Pod', SHOP)}/{name}"


def kubeconfig(server: str, ca: bytes, token: str) -> dict[str, Any]:
    """Return a kubeconfig with all that it needs in it."""
    cluster = {"server": server, "certificate-authority-data": base64.b64encode(ca).decode()}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "member", "cluster": cluster}],
        "users": [{"name": "gatewayd", "user": {"token": token}}],
        "contexts": [{"name": "member", "context": {"cluster": "member", "user": "gatewayd"}}],
        "current-context": "member",
    }


def secret(cluster: str, access: Object, *, name: str = "", **annotations: str) -> Object:
    """Return the Secret that makes a cluster a member, which may offer what is in the shop's namespace."""
    own = {f"gatewayd.io/{key.replace('_', '-')}": value for key, value in annotations.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "namespace": layout.NAMESPACE,
            "name": name or f"member-{cluster}",
            "labels": {"gatewayd.io/member-cluster": cluster},
            "annotations": {"gatewayd.io/namespaces": SHOP, **own},
        },
        "data": {"kubeconfig": base64.b64encode(yaml.safe_dump(access).encode()).decode()},
    }


@asynccontextmanager
async def member_clusters(world: World, *names: str) -> AsyncIterator[tuple[MemberCluster, ...]]:
    """Have clusters that can begin until the block ends."""
    async with AsyncExitStack() as stack:
        places = zip(names, MEMBER_RANGE.hosts(), strict=False)
        yield tuple([await stack.enter_async_context(_member(world, name, str(at))) for name, at in places])


@asynccontextmanager
async def _member(world: World, name: str, address: str) -> AsyncIterator[MemberCluster]:
    run = RunDirectory(path=world.run.state / f"member-{name}")
    for folder in (run.path, run.logs, run.certificates, run.configuration, run.state):
        folder.mkdir()
    certificates, token = write_certificates(run.certificates, address), secrets.token_urlsafe(24)
    (run.configuration / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
    server = f"https://{address}:{API_PORT}"
    run.node_kubeconfig.write_text(yaml.safe_dump(kubeconfig(server, certificates.ca.read_bytes(), token)))
    async with Api(server=server, token=token, ca=certificates.ca) as api:
        member = MemberCluster(
            name=name,
            address=address,
            world=world,
            run=run,
            certificates=certificates,
            api=api,
            network=await network.add_pod(f"member-{name}", address),
        )
        try:
            yield member
        finally:
            member.end()
