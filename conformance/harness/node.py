"""The node without a kubelet: the Node object, the binding of Pods, and one task for each Pod."""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
import traceback

from conformance.harness.addresses import KUBELET_PORT, NODE_IP, NODE_NAME, POD_RANGE
from conformance.harness.commands import CommandError
from conformance.harness.kubeapi import CONNECTION_ERRORS, Api, ApiError, Object
from conformance.harness.pod import Host, Pod

_PODS = "/api/v1/pods"
_CAPACITY = {"cpu": "64", "memory": "256Gi", "pods": "1000", "ephemeral-storage": "1Ti"}


async def register(api: Api) -> None:
    """Create the Node, ready from the start: kube-proxy and the Pods' owners look for it."""
    labels = {"kubernetes.io/hostname": NODE_NAME, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    metadata = {"name": NODE_NAME, "labels": labels}
    spec = {"podCIDR": str(POD_RANGE), "podCIDRs": [str(POD_RANGE)]}
    await api.create("/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec})
    # Every new node is tainted as not ready by the API server, and no controller that would take it away runs here.
    await api.patch(f"/api/v1/nodes/{NODE_NAME}", {"spec": {"taints": None}})
    await api.patch(f"/api/v1/nodes/{NODE_NAME}/status", {"status": _status()})


class Node:
    """Binds every Pod that has no node and runs every Pod of this one."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._api = host.stores.api
        self._pods: dict[str, Pod] = {}
        self._bound: set[str] = set()

    def find(self, namespace: str, name: str) -> Pod | None:
        """Return the Pod with that name that runs here, for those who read logs."""
        return next((pod for pod in self._pods.values() if pod.name == (namespace, name)), None)

    async def run(self) -> None:
        """Follow the Pods for ever."""
        async with asyncio.TaskGroup() as group:
            async for change in self._api.changes(_PODS):
                uid = change.object["metadata"]["uid"]
                pod = self._pods.get(uid)
                if change.kind == "gone":
                    self._bound.discard(uid)
                    if pod is not None:
                        pod.vanish()
                elif pod is not None:
                    pod.update(change.object)
                elif _belongs_here(change.object):
                    self._start(group, change.object)
                elif not change.object["spec"].get("nodeName") and uid not in self._bound:
                    self._bound.add(uid)
                    group.create_task(self._bind(change.object), name=f"bind {uid}")

    def _start(self, group: asyncio.TaskGroup, manifest: Object) -> None:
        uid = manifest["metadata"]["uid"]
        pod = self._pods[uid] = Pod(manifest, self._host)
        pod.update(manifest)

        async def live() -> None:
            try:
                await pod.run()
            except* (CommandError, OSError, ApiError) as error:
                # The Pod is stuck and whoever waits for it will say so; the others go on.
                _complain(manifest, error)
            finally:
                del self._pods[uid]

        group.create_task(live(), name=f"pod {uid}")

    async def _bind(self, manifest: Object) -> None:
        metadata = manifest["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/binding"
        body = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": metadata["name"], "uid": metadata["uid"]},
            "target": {"kind": "Node", "name": NODE_NAME},
        }
        try:
            await self._api.create(path, body)
        except ApiError as error:
            if error.status not in {404, 409}:  # gone, or bound by somebody else
                _complain(manifest, error)
        except CONNECTION_ERRORS as error:
            _complain(manifest, error)


def _complain(manifest: Object, error: BaseException) -> None:
    metadata = manifest["metadata"]
    print(f"pod {metadata['namespace']}/{metadata['name']}: ", file=sys.stderr, end="")
    traceback.print_exception(error, limit=-3)


def _belongs_here(manifest: Object) -> bool:
    done = manifest.get("status", {}).get("phase") in {"Succeeded", "Failed"}
    return manifest["spec"].get("nodeName") == NODE_NAME and not done


def _status() -> Object:
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    times = {"lastHeartbeatTime": now, "lastTransitionTime": now}
    healthy = {"type": "Ready", "status": "True", "reason": "NodeReady", "message": "the node loop runs", **times}
    return {
        "addresses": [{"type": "InternalIP", "address": NODE_IP}, {"type": "Hostname", "address": NODE_NAME}],
        "capacity": _CAPACITY,
        "allocatable": _CAPACITY,
        "conditions": [healthy],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": KUBELET_PORT}},
    }
