"""Which node the pods with a label are on.

In: a client with a user's rights. Out: the names of nodes by those of pods.
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from gatewayd.kube.client import KubeClient, Where

_ENDED: Final = ("Succeeded", "Failed")


async def pod_nodes(client: KubeClient, namespace: str, labels: str) -> Mapping[str, str]:
    """Return the node of each pod of a namespace that has not ended, "" of one that has none yet.

    Raises ApiError, and one of CONNECTION_ERRORS without an answer.
    """
    where = Where(api_version="v1", plural="pods", namespace=namespace, name="")
    data = await client.request("GET", where.path(""), query=(("labelSelector", labels),))
    pods: list[dict[str, Any]] = msgspec.json.decode(data).get("items", [])
    return {
        pod["metadata"]["name"]: pod.get("spec", {}).get("nodeName", "")
        for pod in pods
        if pod.get("status", {}).get("phase") not in _ENDED and "deletionTimestamp" not in pod["metadata"]
    }
