"""The replicas of a control plane, each behind a Unix socket of ours: found as pods, reached through the API server.

In: a client with a user's rights, the namespace of the installation. Out: sockets by the names of pods. What a replica
says is then asked as of a run on this machine.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec

from gatewayd.kube.api_errors import CONNECTION_ERRORS, ApiError
from gatewayd.kube.client import KubeClient, Where
from gatewayd.kube.port_forward import PodPort

_RUNNING: Final = "Running"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicas:
    """Sockets by the names of pods; `lost` are those that could not be reached, with why."""

    sockets: dict[str, Path]
    lost: dict[str, str]


async def labelled_pods(client: KubeClient, namespace: str, labels: str) -> tuple[tuple[Where, Mapping[str, str]], ...]:
    """Return the pods of a namespace, "" for all, with a label selector, that run and are not going away; their labels.

    Raises ApiError, and one of CONNECTION_ERRORS without an answer.
    """
    where = Where(api_version="v1", plural="pods", namespace=namespace, name="")
    data = await client.request("GET", where.path(""), query=(("labelSelector", labels),))
    pods: list[dict[str, Any]] = msgspec.json.decode(data).get("items", [])
    running = (pod for pod in pods if pod.get("status", {}).get("phase") == _RUNNING)
    named = (
        (replace(where, namespace=head.get("namespace", namespace), name=head["name"]), head.get("labels", {}))
        for head in (pod["metadata"] for pod in running)
        if "deletionTimestamp" not in head
    )
    return tuple(sorted(named, key=lambda each: (each[0].namespace, each[0].name)))


async def running_pods(client: KubeClient, namespace: str, label: str) -> tuple[str, ...]:
    """Return the names of the same pods."""
    return tuple(pod.name for pod, _ in await labelled_pods(client, namespace, label))


@asynccontextmanager
async def replica_sockets(
    client: KubeClient, namespace: str, pods: tuple[str, ...], port: int, folder: Path
) -> AsyncIterator[Replicas]:
    """Give a socket in a folder for each pod whose port can be reached."""
    replicas = Replicas(sockets={}, lost={})
    async with AsyncExitStack() as stack:
        for number, name in enumerate(pods):
            pod = Where(api_version="v1", plural="pods", namespace=namespace, name=name)
            path = folder / str(number)
            try:
                await stack.enter_async_context(PodPort(client, pod, port).socket(path))
            except (ApiError, *CONNECTION_ERRORS) as error:
                replicas.lost[name] = str(error)
            else:
                replicas.sockets[name] = path
        yield replicas
