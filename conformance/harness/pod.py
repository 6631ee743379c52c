"""One Pod from its binding to its removal: network, volumes, containers, status, graceful end."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.harness import downward, images, network, podstatus, rootfs
from conformance.harness.addresses import CLUSTER_DOMAIN, DNS_SERVICE_IP, NODE_IP
from conformance.harness.container import Container, Launch, Setting, Terminated
from conformance.harness.downward import NotReadyError, Sources
from conformance.harness.kubeapi import CONNECTION_ERRORS, ApiError, Object
from conformance.harness.network import PodAddresses, PodNetwork
from conformance.harness.volumes import PodVolumes, Stores

_NODE_NETWORK = PodNetwork(namespace="", address=NODE_IP, node_interface="")
_RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What all Pods of the node share: the API and its caches, addresses, and the folders of state and of logs."""

    stores: Stores
    addresses: PodAddresses
    state: Path
    logs: Path


@dataclass(slots=True, kw_only=True)
class _Signals:
    """Events that move a Pod on: its status changed, it shall end, it is gone from the API server."""

    changed: asyncio.Event = field(default_factory=asyncio.Event)
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)


class Pod:
    """A Pod on this node; `run` lasts as long as the Pod does, `update` and `vanish` bring news of it."""

    def __init__(self, manifest: Object, host: Host) -> None:
        self._manifest = manifest
        self._host = host
        self._signals = _Signals()
        self._started = dt.datetime.now(dt.UTC)
        self._problem = ""
        metadata, spec = manifest["metadata"], manifest["spec"]
        self._path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        self._folder = host.state / metadata["uid"]
        self._logs = host.logs / f"{metadata['namespace']}_{metadata['name']}_{metadata['uid']}"
        self._on_node_network = bool(spec.get("hostNetwork"))
        self._address = NODE_IP if self._on_node_network else host.addresses.take()
        self._network: PodNetwork | None = None
        self._volumes = PodVolumes(lambda: self._manifest, self._address, self._folder / "volumes", host.stores)
        policy = spec.get("restartPolicy", "Always")
        # An init container that fails is tried again unless nothing of the Pod may be.
        init_policy = "Never" if policy == "Never" else "OnFailure"
        self._init_containers = [
            self._container(each, each.get("restartPolicy", init_policy)) for each in spec.get("initContainers", ())
        ]
        self._containers = [self._container(each, policy) for each in spec["containers"]]

    def update(self, manifest: Object) -> None:
        """Take in the Pod as the API server has it now."""
        self._manifest = manifest
        self._signals.changed.set()
        if "deletionTimestamp" in manifest["metadata"]:
            self._signals.ending.set()

    def vanish(self) -> None:
        """End the Pod at once: the API server has it no more."""
        self._signals.gone.set()
        self._signals.ending.set()

    @property
    def name(self) -> tuple[str, str]:
        """Return the Pod's namespace and name."""
        metadata = self._manifest["metadata"]
        return metadata["namespace"], metadata["name"]

    def container(self, name: str) -> Container | None:
        """Return one of the Pod's containers."""
        return next((each for each in (*self._containers, *self._init_containers) if each.name == name), None)

    async def run(self) -> None:
        """Live: set up, run the containers, and when the Pod is deleted take everything down again."""
        await self._connect()
        async with asyncio.TaskGroup() as group:
            publish = group.create_task(self._publish())
            life = group.create_task(self._live())
            await self._signals.ending.wait()
            await self._end_containers()
            life.cancel()
            await asyncio.wait((life,))
            publish.cancel()
            await asyncio.wait((publish,))
        await self._clean_up()
        await self._confirm_deletion()

    async def _connect(self) -> None:
        if self._on_node_network:
            self._network = _NODE_NETWORK
        else:
            uid = self._manifest["metadata"]["uid"]
            self._network = await network.add_pod(f"pod-{uid}", self._address)

    async def _live(self) -> None:
        await self._volumes.write_when_possible(self._report)
        self._report("")
        async with asyncio.TaskGroup() as group:
            group.create_task(self._volumes.keep_fresh())
            for container in self._init_containers:
                running = group.create_task(container.run())
                if container in podstatus.sidecars(self._init_containers):
                    await container.started.wait()
                    continue
                await running
                if isinstance(container.state, Terminated) and container.state.code != 0:
                    return
            await asyncio.gather(*(container.run() for container in self._containers))
            # The Pod is done (a Job's, say): what ran beside its containers ends too.
            grace = self._manifest["spec"].get("terminationGracePeriodSeconds", 30)
            await self._stop_sidecars(grace)

    async def _end_containers(self) -> None:
        """Stop within the grace period; at once when the Pod is deleted by force meanwhile."""
        grace = self._manifest["metadata"].get("deletionGracePeriodSeconds", 30)
        gone = asyncio.ensure_future(self._signals.gone.wait())
        stop = asyncio.ensure_future(self._stop_containers(grace))
        await asyncio.wait((gone, stop), return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            await self._stop_containers(0)
        gone.cancel()
        await stop

    async def _stop_containers(self, grace: float) -> None:
        await asyncio.gather(*(container.stop(grace) for container in self._containers))
        await self._stop_sidecars(grace)

    async def _stop_sidecars(self, grace: float) -> None:
        # In the reverse of their order: the first one may be what the others need.
        for container in reversed(self._init_containers):
            await container.stop(grace)

    async def _clean_up(self) -> None:
        if self._network is not None and not self._on_node_network:
            await network.remove_pod(self._network)
        if not self._on_node_network:
            self._host.addresses.give_back(self._address)
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _confirm_deletion(self) -> None:
        """Tell the API server that nothing of the Pod is left, with its last status."""
        uid = self._manifest["metadata"]["uid"]
        options = {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}}
        while not self._signals.gone.is_set():
            try:
                await self._host.stores.api.patch(
                    f"{self._path}/status", {"metadata": {"uid": uid}, "status": self._status()}
                )
                await self._host.stores.api.delete(self._path, options)
            except ApiError as error:
                if error.status in {404, 409}:  # gone, or a namesake
                    return
                await asyncio.sleep(_RETRY_SECONDS)
            except CONNECTION_ERRORS:
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return

    async def _publish(self) -> None:
        """Write the status whenever it differs from what was written last."""
        written: Object | None = None
        uid = self._manifest["metadata"]["uid"]
        while True:
            self._signals.changed.clear()
            status = self._status()
            if status != written:
                try:
                    await self._host.stores.api.patch(
                        f"{self._path}/status", {"metadata": {"uid": uid}, "status": status}
                    )
                    written = status
                except (ApiError, *CONNECTION_ERRORS):
                    await asyncio.sleep(_RETRY_SECONDS)
                    self._signals.changed.set()
            await self._signals.changed.wait()

    def _status(self) -> Object:
        return podstatus.status(
            podstatus.Situation(
                pod=self._manifest,
                address=self._address if self._network is not None else "",
                started=self._started,
                init_containers=self._init_containers,
                containers=self._containers,
                problem=self._problem,
            )
        )

    def _report(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            self._signals.changed.set()

    def _container(self, spec: Object, policy: str) -> Container:
        async def launch() -> Launch:
            return await asyncio.to_thread(self._launch, spec)

        setting = Setting(
            address=self._address,
            policy=policy,
            logs=self._logs,
            launch=launch,
            changed=self._signals.changed.set,
        )
        return Container(spec, setting)

    @property
    def network_path(self) -> Path | None:
        """Return the file of the network namespace; None before there is one."""
        if self._network is None:
            return None
        return Path("/proc/self/ns/net" if self._on_node_network else self._network.namespace_path)

    def _launch(self, spec: Object) -> Launch:
        """Prepare one start of a container; `NotReadyError` and `UnknownImageError` say what is in the way."""
        if self._network is None:
            raise NotReadyError("the Pod has no network yet")
        image = images.image(spec["image"])
        sources = Sources(secret=self._host.stores.secrets.get, config_map=self._host.stores.config_maps.get)
        variables = dict(image.environment) | downward.environment(self._manifest, self._address, spec, sources)
        command = downward.all_expanded(spec.get("command", ()), variables)
        arguments = downward.all_expanded(spec.get("args", ()), variables)
        if not command:
            command, arguments = image.entrypoint, arguments or image.arguments
        folder = self._folder / "containers" / spec["name"]
        shutil.rmtree(folder, ignore_errors=True)
        root = rootfs.Root(
            folder=folder,
            files=_files(self._manifest, self._address),
            commands=image.commands,
            mounts=tuple(self._mount(each, variables) for each in spec.get("volumeMounts", ())),
            read_only=bool(spec.get("securityContext", {}).get("readOnlyRootFilesystem")),
            working_directory=spec.get("workingDir", "/"),
        )
        path = str(self.network_path)
        argv = rootfs.arguments(
            root,
            network=path,
            hostname=downward.hostname(self._manifest),
            argv=(*_confined(spec.get("securityContext", {})), *command, *arguments),
        )
        return Launch(argv=argv, environment=variables, pid=root.pid)

    def _mount(self, mount: Object, variables: Mapping[str, str]) -> rootfs.Mount:
        source = self._volumes.path(mount["name"])
        inner = mount.get("subPath") or downward.expanded(mount.get("subPathExpr", ""), variables)
        if inner:
            source = (source / inner).resolve()
            if not source.exists():
                source.mkdir(parents=True)  # as the kubelet does
        return rootfs.Mount(source=source, target=mount["mountPath"], read_only=bool(mount.get("readOnly")))


def _confined(context: Object) -> tuple[str, ...]:
    """Return what leaves a command the capabilities that its container names, where it gives up all others."""
    capabilities = context.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", ()):
        return ()
    kept = "".join(f",+{name.lower().removeprefix('cap_')}" for name in capabilities.get("add", ()))
    # All run as root, who has what is within the bounds.
    return ("setpriv", f"--bounding-set=-all{kept}")


def _files(pod: Object, address: str) -> dict[str, bytes]:
    """Return the files of `/etc` that a kubelet writes."""
    name = downward.hostname(pod)
    names = [f"{address}\t{name}"]
    subdomain = pod["spec"].get("subdomain")
    if subdomain:
        names = [f"{address}\t{name}.{subdomain}.{pod['metadata']['namespace']}.svc.{CLUSTER_DOMAIN}\t{name}"]
    for alias in pod["spec"].get("hostAliases", ()):
        names.append("\t".join((alias["ip"], *alias.get("hostnames", ()))))
    hosts = "\n".join(("127.0.0.1\tlocalhost", *names, ""))
    return {
        "/etc/hosts": hosts.encode(),
        "/etc/hostname": f"{name}\n".encode(),
        "/etc/resolv.conf": _resolver(pod).encode(),
    }


def _resolver(pod: Object) -> str:
    namespace, spec = pod["metadata"]["namespace"], pod["spec"]
    configured = spec.get("dnsConfig", {})
    servers, searches, options = [], [], []
    if spec.get("dnsPolicy", "ClusterFirst") != "None":
        servers = [DNS_SERVICE_IP]
        searches = [f"{namespace}.svc.{CLUSTER_DOMAIN}", f"svc.{CLUSTER_DOMAIN}", CLUSTER_DOMAIN]
        options = ["ndots:5"]
    servers += configured.get("nameservers", ())
    searches += configured.get("searches", ())
    for option in configured.get("options", ()):
        value = f":{option['value']}" if option.get("value") else ""
        options.append(f"{option['name']}{value}")
    lines = [f"nameserver {server}" for server in servers]
    lines += [f"search {' '.join(searches)}"] if searches else []
    lines += [f"options {' '.join(options)}"] if options else []
    return "\n".join((*lines, ""))
