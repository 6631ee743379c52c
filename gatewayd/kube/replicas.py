"""How a Deployment's `spec.replicas` is left to somebody else without losing a pod.

Server-side apply takes away a field that its only manager no longer applies, and the API server then writes the
default: one pod. So before ours is applied without the field, the number of now is applied by another manager of ours,
which nobody ever asks again: the field stays until somebody scales, whose it is then.
https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from gatewayd.kube.client import KubeClient

HEIR: Final = "gatewayd-replicas"


class _Managed(msgspec.Struct, rename="camel"):
    manager: str = ""
    operation: str = ""
    fields_v1: dict[str, Any] = msgspec.field(default_factory=dict, name="fieldsV1")


class _DeploymentMeta(msgspec.Struct, rename="camel"):
    managed_fields: list[_Managed] = []


class _DeploymentSpec(msgspec.Struct):
    replicas: int | None = None


class _Deployment(msgspec.Struct):
    metadata: _DeploymentMeta
    spec: _DeploymentSpec


async def hand_over_replicas(client: KubeClient, path: str, document: Mapping[str, Any]) -> None:
    """Keep the number of pods of the Deployment at `path` when we are about to apply `document` without one.

    Raises ApiError or a connection error.
    """
    if document["kind"] != "Deployment" or "replicas" in document["spec"]:
        return
    live = await client.get(path, _Deployment)
    if live is None or live.spec.replicas is None or not _owns_replicas(live, client.manager):
        return
    body = {
        "apiVersion": document["apiVersion"],
        "kind": document["kind"],
        "metadata": {"name": document["metadata"]["name"], "namespace": document["metadata"]["namespace"]},
        "spec": {"replicas": live.spec.replicas},
    }
    await client.request("PATCH", path, query=[("fieldManager", HEIR)], body=body, content="apply-patch+yaml")


def _owns_replicas(live: _Deployment, manager: str) -> bool:
    return any(
        each.manager == manager and each.operation == "Apply" and "f:replicas" in each.fields_v1.get("f:spec", {})
        for each in live.metadata.managed_fields
    )
