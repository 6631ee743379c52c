"""The pods with a label, where they are and whether they run.

In: a client with a user's rights. Out: those that are not going away.
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from gatewayd.kube.client import KubeClient, Where

_RUNNING: Final = "Running"
_ENDED: Final = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPod:
    """A pod; `node` is "" while it has none."""

    where: Where
    labels: Mapping[str, str]
    node: str
    phase: str


async def labelled_pods(client: KubeClient, namespace: str, labels: str) -> tuple[LabelledPod, ...]:
    """Return the pods of a namespace, "" for all, with a label selector, that are not going away, sorted.

    Raises ApiError, and one of CONNECTION_ERRORS without an answer.
    """
    where = Where(api_version="v1", plural="pods", namespace=namespace, name="")
    data = await client.request("GET", where.path(""), query=(("labelSelector", labels),))
    documents: list[dict[str, Any]] = msgspec.json.decode(data).get("items", [])
    pods = (_pod(each, namespace) for each in documents if "deletionTimestamp" not in each["metadata"])
    return tuple(sorted(pods, key=lambda pod: (pod.where.namespace, pod.where.name)))


def _pod(document: Mapping[str, Any], namespace: str) -> LabelledPod:
    head = document["metadata"]
    return LabelledPod(
        where=Where(api_version="v1", plural="pods", namespace=head.get("namespace", namespace), name=head["name"]),
        labels=head.get("labels", {}),
        node=document.get("spec", {}).get("nodeName", ""),
        phase=document.get("status", {}).get("phase", ""),
    )


async def running_pods(client: KubeClient, namespace: str, labels: str) -> tuple[LabelledPod, ...]:
    """Return those of the pods that run. Raises as `labelled_pods` does."""
    return tuple(pod for pod in await labelled_pods(client, namespace, labels) if pod.phase == _RUNNING)


async def pod_nodes(client: KubeClient, namespace: str, labels: str) -> Mapping[str, str]:
    """Return the nodes of those of the pods that have not ended, by name. Raises as `labelled_pods` does."""
    pods = await labelled_pods(client, namespace, labels)
    return {pod.where.name: pod.node for pod in pods if pod.phase not in _ENDED}
