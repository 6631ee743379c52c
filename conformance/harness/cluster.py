"""The whole cluster, put together: from an empty node to `ready`, and the tasks that keep it alive."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from conformance.harness import certificates as pki
from conformance.harness import controlplane, crds, kubeletapi, network
from conformance.harness.addresses import API_PORT, DNS_SERVICE_IP, ETCD_PORT, NODE_IP
from conformance.harness.cache import Cache, Revision
from conformance.harness.certificates import Certificates
from conformance.harness.kubeapi import CONNECTION_ERRORS, Api, ApiError
from conformance.harness.loadbalancer import LoadBalancer
from conformance.harness.network import PodAddresses
from conformance.harness.node import Node, register
from conformance.harness.pod import Host
from conformance.harness.rundir import RunDirectory
from conformance.harness.volumes import Stores

_POLL_SECONDS = 0.05
_READY_SECONDS = 120.0
_DNS = "/api/v1/namespaces/kube-system/services"
_DNS_SLICES = "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """What a cluster is made from: its folder, binaries by name, CRDs, and the socket that leads in from outside."""

    run: RunDirectory
    binaries: Mapping[str, Path]
    crds: Path
    outside: socket.socket


async def keep(blueprint: Blueprint, ready: asyncio.Event) -> None:
    """Bring the cluster up, set `ready`, and keep it running until cancelled; raise when a part of it ends."""
    began = time.monotonic()
    run = blueprint.run
    await network.set_up_node()
    certificates = pki.write_certificates(run.certificates)
    token = controlplane.write_configuration(run, certificates, blueprint.outside.getsockname()[1])
    manifests = asyncio.ensure_future(asyncio.to_thread(crds.manifests, blueprint.crds))
    async with (
        Api(server=f"https://{NODE_IP}:{API_PORT}", token=token, ca=certificates.ca) as api,
        asyncio.TaskGroup() as group,
    ):
        parts = _Parts(blueprint, group)
        parts.start(controlplane.etcd(run))
        async with asyncio.timeout(_READY_SECONDS):
            await _until_listening("127.0.0.1", ETCD_PORT)
            parts.start(controlplane.api_server(run, certificates))
            await _until_answering(api, "/readyz")
            _say(f"API server ready after {time.monotonic() - began:.1f} s")
            await register(api)
            parts.start(controlplane.controller_manager(run, certificates))
            parts.start(controlplane.kube_proxy(run))
            parts.start(controlplane.coredns(run))
            await _start_node(group, api, run, certificates)
            await asyncio.gather(
                crds.install(api, await manifests),
                _publish_dns(api),
                _until_answering(api, "/api/v1/namespaces/default/serviceaccounts/default"),
                _until_answering(api, "/api/v1/namespaces/default/configmaps/kube-root-ca.crt"),
                _until_dns_answers(),
            )
        group.create_task(_lead_in(blueprint.outside), name="outside")
        _say(f"cluster ready after {time.monotonic() - began:.1f} s")
        ready.set()


class _Parts:
    """Starts the processes of the control plane as tasks of one group."""

    def __init__(self, blueprint: Blueprint, group: asyncio.TaskGroup) -> None:
        self._blueprint = blueprint
        self._group = group
        # Where many objects come at once, a quarter of the API server's time went into collecting its garbage.
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(blueprint.run.state), "GOGC": "200"}

    def start(self, component: controlplane.Component) -> None:
        """Start one process; the group fails when it ends."""
        binary = self._blueprint.binaries[component.name]
        work = controlplane.run_component(component, binary, self._blueprint.run.logs, self._environment)
        self._group.create_task(work, name=component.name)


async def _start_node(group: asyncio.TaskGroup, api: Api, run: RunDirectory, certificates: Certificates) -> None:
    revision = Revision()
    secrets = Cache(api, "/api/v1/secrets", revision)
    config_maps = Cache(api, "/api/v1/configmaps", revision)
    stores = Stores(api=api, secrets=secrets, config_maps=config_maps, revision=revision)
    node = Node(Host(stores=stores, addresses=PodAddresses(), state=run.state / "pods", logs=run.logs / "pods"))
    await kubeletapi.serve(node, certificates)
    for name, work in (
        ("secrets", secrets.run()),
        ("configmaps", config_maps.run()),
        ("node", node.run()),
        ("load balancer", LoadBalancer(api).run()),
    ):
        group.create_task(work, name=name)


async def _publish_dns(api: Api) -> None:
    """Make the Service that Pods ask for names; its only endpoint is CoreDNS on the node."""
    ports = [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "dns-tcp", "port": 53, "protocol": "TCP"}]
    spec = {"clusterIP": DNS_SERVICE_IP, "ports": ports}
    metadata = {"name": "kube-dns", "labels": {"k8s-app": "kube-dns"}}
    await api.create(_DNS, {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "kube-dns", "labels": {"kubernetes.io/service-name": "kube-dns"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [NODE_IP], "conditions": {"ready": True}}],
        "ports": ports,
    }
    await api.create(_DNS_SLICES, endpoints)


async def _until_listening(host: str, port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(_POLL_SECONDS)
        else:
            writer.close()
            return


async def _until_answering(api: Api, path: str) -> None:
    """Wait for 200; the body of `/readyz` is no JSON, which counts as an answer too."""
    while True:
        try:
            await api.get(path)
        except ValueError:
            return
        except (ApiError, *CONNECTION_ERRORS):
            await asyncio.sleep(_POLL_SECONDS)
        else:
            return


async def _until_dns_answers() -> None:
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(controlplane.DNS_READY_URL) as response:
                    if response.status == 200:
                        return
            except CONNECTION_ERRORS:
                pass
            await asyncio.sleep(_POLL_SECONDS)


async def _lead_in(outside: socket.socket) -> None:
    """Pass connections on a socket of the machine's own network to the API server."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection(NODE_IP, API_PORT)
            await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))
        except OSError:
            writer.close()

    server = await asyncio.start_server(pass_on, sock=outside)
    async with server:
        await server.serve_forever()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
