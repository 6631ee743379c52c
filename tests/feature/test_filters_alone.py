"""Each filter of the chain, on and without a word from the route, does nothing: so it may stand in every chain.

Of the next Envoy this is asked anew, filter by filter, in a connection manager that has nothing else.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from envoy.config.bootstrap.v3 import bootstrap_pb2
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import address_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2, endpoint_pb2
from envoy.config.listener.v3 import listener_components_pb2, listener_pb2
from envoy.config.route.v3 import route_components_pb2, route_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as pb

from gatewayd.xds.encoding import extension, packed
from gatewayd.xds.filters.chain import CHAIN
from gatewayd.xds.filters.discovered import DISCOVERED
from tests.feature.harness.ports import free_port
from tests.feature.xds_backends import DEADLINE, Answer, Backend, ask, backend
from tests.feature.xds_rig import envoy_binary

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

ROUTER = next(row for row in CHAIN if row.always)
FILTERS = {row.name: row.config for row in CHAIN if not row.always}
FLEETING = frozenset({"date", "x-envoy-upstream-service-time"})
"""Headers that two answers to one question do not share."""

REQUESTS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "plain": ("GET", ()),
    "with credentials": (
        "GET",
        (
            ("authorization", "Bearer no.such.token"),
            ("x-api-key", "none"),
            ("cookie", "BearerToken=none; session=none"),
            ("x-forwarded-for", "192.0.2.1"),
        ),
    ),
    "by a page": ("POST", (("origin", "https://evil.example"), ("content-length", "0"))),
    "preflight": ("OPTIONS", (("origin", "https://evil.example"), ("access-control-request-method", "PUT"))),
    "compressible": ("GET", (("accept-encoding", "gzip, br, zstd"),)),
    "asks for trouble": ("GET", (("x-envoy-fault-abort-request", "503"), ("x-envoy-fault-delay-request", "1000"))),
}


def own_config(name: str) -> Any:
    """Return the configuration of a filter that nobody has asked for anything, as an Any."""
    if name in DISCOVERED:
        return extension(name, DISCOVERED[name].config((), ())).typed_config
    return packed(FILTERS[name])


def address(port: int) -> Any:
    return address_pb2.Address(socket_address=address_pb2.SocketAddress(address="127.0.0.1", port_value=port))


def listener(port: int, names: tuple[str, ...]) -> Any:
    """Return a port with these filters alone."""
    route = route_components_pb2.Route(
        match=route_components_pb2.RouteMatch(prefix="/"), route=route_components_pb2.RouteAction(cluster="backend")
    )
    host = route_components_pb2.VirtualHost(name="all", domains=["*"], routes=[route])
    manager = pb.HttpConnectionManager(
        stat_prefix="alone",
        route_config=route_pb2.RouteConfiguration(name="all", virtual_hosts=[host]),
        http_filters=[
            *(pb.HttpFilter(name=name, typed_config=own_config(name)) for name in names),
            pb.HttpFilter(name=ROUTER.name, typed_config=packed(ROUTER.config)),
        ],
    )
    manager.generate_request_id.value = False
    chain = listener_components_pb2.FilterChain(
        filters=[listener_components_pb2.Filter(name="http", typed_config=packed(manager))]
    )
    return listener_pb2.Listener(name=f"tcp-{port}", address=address(port), filter_chains=[chain])


def cluster(port: int) -> Any:
    endpoint = endpoint_components_pb2.LbEndpoint(endpoint=endpoint_components_pb2.Endpoint(address=address(port)))
    assignment = endpoint_pb2.ClusterLoadAssignment(
        cluster_name="backend", endpoints=[endpoint_components_pb2.LocalityLbEndpoints(lb_endpoints=[endpoint])]
    )
    found = cluster_pb2.Cluster(name="backend", type=cluster_pb2.Cluster.STATIC, load_assignment=assignment)
    found.connect_timeout.FromSeconds(10)
    return found


async def listening(port: int) -> None:
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ports(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, int]]:
    """Give a port for each filter alone, "" for none, and "all" for all of them in their order."""
    folder: Path = tmp_path_factory.mktemp("alone")
    places: dict[str, int] = {name: free_port() for name in ("", "all", *FILTERS)}
    async with AsyncExitStack() as stack:
        server: Backend = await stack.enter_async_context(backend("one"))
        started = bootstrap_pb2.Bootstrap()
        started.static_resources.clusters.append(cluster(server.port))
        for name, port in places.items():
            names = tuple(FILTERS) if name == "all" else (name,) if name else ()
            started.static_resources.listeners.append(listener(port, names))
        path = folder / "bootstrap.pb"
        path.write_bytes(started.SerializeToString())
        command = [envoy_binary(), "-c", path, "--concurrency", "1", "--use-dynamic-base-id", "-l", "warning"]
        log = stack.enter_context((folder / "envoy.log").open("wb"))
        process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: ASYNC220 - forks once
        stack.push_async_callback(asyncio.to_thread, process.wait, DEADLINE)
        stack.callback(process.terminate)
        for port in places.values():
            await listening(port)
        yield places


def lasting(answer: Answer) -> tuple[int, list[tuple[str, str]], dict[str, Any]]:
    """Return what of an answer does not change from one to the next: status, headers, what the backend saw."""
    return answer.status, [pair for pair in answer.headers if pair[0] not in FLEETING], answer.echo


@pytest.mark.parametrize("request_name", REQUESTS)
@pytest.mark.parametrize("name", ["all", *FILTERS])
async def test_a_filter_that_nobody_has_asked_for_anything_does_nothing(
    ports: dict[str, int], name: str, request_name: str
) -> None:
    method, headers = REQUESTS[request_name]
    without = await ask(ports[""], "/a?b=c", *headers, method=method)
    answer = await ask(ports[name], "/a?b=c", *headers, method=method)
    assert without.status == 200
    assert lasting(answer) == lasting(without)
