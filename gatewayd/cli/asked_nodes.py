"""The pods that are the proxies of a mesh, whether or not they are connected: those of a cluster that is asked."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from gatewayd.cli.asked_run import AskedFor, in_a_thread, user_client


def node_pods(asked_for: AskedFor) -> Mapping[str, str]:
    """Return the node of each pod; nothing of a run, which asks no API server. Ends the program when nobody answers."""
    if not asked_for.is_cluster:
        return {}
    with in_a_thread(_of_cluster(asked_for)) as pods:
        found: Mapping[str, str] = pods
        return found


@asynccontextmanager
async def _of_cluster(asked_for: AskedFor) -> AsyncIterator[Mapping[str, str]]:
    from gatewayd.infra.node_proxies import SELECTOR
    from gatewayd.kube.labelled_pods import pod_nodes

    labels = ",".join(f"{key}={value}" for key, value in SELECTOR.items())
    async with user_client(asked_for) as (client, _):
        yield await pod_nodes(client, asked_for.installed, labels)
