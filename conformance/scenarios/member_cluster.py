"""A second cluster beside the one of the run: an API server with a store of its own, on other ports of the same node.

It has no node: its Services, slices and exports are written here, and its pods are pods of the run's node, which
proxies reach by their addresses as they would reach another cluster's.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from conformance.build import built
from conformance.harness import controlplane
from conformance.harness.addresses import MEMBER_API_PORT, MEMBER_ETCD_PORT, NODE_IP, POD_RANGE
from conformance.harness.certificates import Certificates, write_certificates
from conformance.harness.kubeapi import Api
from conformance.harness.rundir import RunDirectory
from conformance.kubectl import Kubectl, KubectlError
from conformance.scenarios import manifests
from conformance.scenarios.manifests import Object
from conformance.scenarios.pods import output
from conformance.scenarios.world import SHOP, World
from gatewayd.infra import layout

EXPORT_API = "multicluster.x-k8s.io/v1alpha1"
_SERVER = f"https://{NODE_IP}:{MEMBER_API_PORT}"


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


class MemberCluster:
    """The second cluster. `api` is the administrator's."""

    def __init__(self, world: World, folder: Path, api: Api, kubeconfig: Path, certificates: Certificates) -> None:
        self.api = api
        self._world = world
        self._run = RunDirectory(path=folder)
        self._kubeconfig = kubeconfig
        self._certificates = certificates
        self._processes: dict[str, asyncio.subprocess.Process] = {}

    async def start(self) -> None:
        """Start what does not run, and wait for the API server."""
        run, certificates = self._run, self._certificates
        for component in (
            controlplane.etcd(run, MEMBER_ETCD_PORT),
            controlplane.api_server(run, certificates, MEMBER_API_PORT, MEMBER_ETCD_PORT),
        ):
            if component.name not in self._processes:
                with (run.logs / f"{component.name}.log").open("ab") as sink:
                    self._processes[component.name] = await asyncio.create_subprocess_exec(
                        str(built(component.name)), *component.flags, stdout=sink, stderr=sink, start_new_session=True
                    )
        await self._world.until(self._answers, "the member's API server answers")

    async def cut(self) -> None:
        """Kill the API server; what it stored stays."""
        process = self._processes.pop("kube-apiserver")
        process.send_signal(signal.SIGKILL)
        await process.wait()

    async def _answers(self) -> bool:
        try:
            await self.kubectl("get", "--raw", "/readyz")
        except KubectlError:
            return False
        return True

    async def join(self, name: str) -> None:
        """Make it a member of the run's cluster, as docs/members.md says it is done."""
        printed = await output(sys.executable, "-m", "gatewayd", "install", "--print", "--member", SHOP)
        objects = [each for each in yaml.safe_load_all(printed) if each["metadata"]["name"] != SHOP]
        await self.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(objects))
        token = await self.kubectl("create", "token", "gatewayd-member", "-n", layout.NAMESPACE, "--duration=2h")
        text = yaml.safe_dump(_kubeconfig(self._certificates.ca.read_bytes(), token.strip()))
        await self._world.put(_secret(name, text))

    async def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """Run kubectl against it."""
        own = Kubectl(kubeconfig=str(self._kubeconfig))
        return await asyncio.to_thread(lambda: own(*arguments, stdin=stdin))

    async def offer(self, name: str, addresses: Sequence[str]) -> None:
        """Export a Service with these addresses behind it."""
        service = manifests.service(SHOP, name, {})
        service["spec"] = {"ports": [{"name": "web", "port": 80}]}
        export = {"apiVersion": EXPORT_API, "kind": "ServiceExport", "metadata": {"namespace": SHOP, "name": name}}
        for item in (service, export, manifests.endpoint_slice(SHOP, f"{name}-1", name, addresses, port="web")):
            await self.api.apply(manifests.path(item), item)

    def end(self) -> None:
        """Kill what runs."""
        for process in self._processes.values():
            if process.returncode is None:
                process.kill()


def _kubeconfig(ca: bytes, token: str) -> dict[str, Any]:
    cluster = {"server": _SERVER, "certificate-authority-data": base64.b64encode(ca).decode()}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "member", "cluster": cluster}],
        "users": [{"name": "gatewayd", "user": {"token": token}}],
        "contexts": [{"name": "member", "context": {"cluster": "member", "user": "gatewayd"}}],
        "current-context": "member",
    }


def _secret(name: str, kubeconfig: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "namespace": layout.NAMESPACE,
            "name": f"member-{name}",
            "labels": {"gatewayd.io/member-cluster": name},
            "annotations": {"gatewayd.io/namespaces": SHOP, "gatewayd.io/pod-cidrs": str(POD_RANGE)},
        },
        "data": {"kubeconfig": base64.b64encode(kubeconfig.encode()).decode()},
    }


@asynccontextmanager
async def member_cluster(world: World) -> AsyncIterator[MemberCluster]:
    """Run a second cluster with the namespace of the shop in it until the block ends."""
    run = RunDirectory(path=world.run.state / "member")
    for folder in (run.path, run.logs, run.certificates, run.configuration, run.state):
        folder.mkdir()
    certificates, token = write_certificates(run.certificates), secrets.token_urlsafe(24)
    (run.configuration / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
    kubeconfig = run.path / "admin.kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(_kubeconfig(certificates.ca.read_bytes(), token)))
    async with Api(server=_SERVER, token=token, ca=certificates.ca) as api:
        member = MemberCluster(world, run.path, api, kubeconfig, certificates)
        try:
            await member.start()
            await member.kubectl("create", "namespace", SHOP)
            await serve_kind(member.kubectl, "ServiceExport")
            yield member
        finally:
            member.end()
