"""The replicas of a control plane, each behind a Unix socket of ours: found as pods, reached through the API server.

In: a client with a user's rights, the namespace of the installation. Out: sockets by the names of pods. What a replica
says is then asked as of a run on this machine.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gatewayd.kube.api_errors import CONNECTION_ERRORS, ApiError
from gatewayd.kube.client import KubeClient, Where
from gatewayd.kube.port_forward import PodPort


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicas:
    """Sockets by the names of pods; `lost` are those that could not be reached, with why."""

    sockets: dict[str, Path]
    lost: dict[str, str]


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
