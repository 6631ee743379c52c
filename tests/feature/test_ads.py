"""The ADS server with a real Envoy: what the protocol promises, counted in requests and responses."""

import asyncio
import signal
from pathlib import Path

import pytest
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_components_pb2, route_pb2

from gatewayd.ads.protocol.session import Answer
from gatewayd.ads.sharing.response_encoder import Mode
from gatewayd.ir.outcome import FleetReport
from gatewayd.xds import resource as xds
from gatewayd.xds.resource import Resource, Snapshot
from tests.feature.ads_rig import (
    GATEWAY,
    Client,
    WatchedFleet,
    backend,
    eds_cluster,
    endpoints,
    envoy,
    listener,
    made,
    reach,
    routes,
    served,
    snapshot,
    stat,
    static_cluster,
)
from tests.feature.harness.scripted import scripted_proxy

pytestmark = pytest.mark.envoy

SWITCHES = 200


def world(directory: Path, one: Path, *more: Resource, cluster: str = "a") -> Snapshot:
    """Return a listener `front` with one route to an EDS cluster, and whatever else."""
    return snapshot(
        eds_cluster(cluster),
        endpoints(cluster, one),
        routes("r", cluster),
        listener("l", directory / "front", "r"),
        *more,
    )


def broken_cluster(name: str) -> Resource:
    """Return a cluster that nobody but Envoy can know to be wrong: its transport socket does not exist."""
    cluster = cluster_pb2.Cluster.FromString(eds_cluster(name).body)
    cluster.transport_socket.name = "nowhere"
    return made(xds.CLUSTER, name, cluster)


def answers(fleet: WatchedFleet, answer: Answer) -> list[str]:
    return [xds.TYPE_BY_URL[each.type_url].short for each in fleet.said if each.answer is answer]


@pytest.mark.parametrize("mode", list(Mode))
async def test_first_snapshot_carries_traffic(tmp_path: Path, mode: Mode) -> None:
    async with (
        served(tmp_path) as (fleet, server),
        backend(tmp_path / "one", "one") as one,
        envoy(tmp_path, server, mode),
    ):
        await fleet.until(lambda: bool(fleet.proxies(GATEWAY)))
        assert fleet.sent() == 0  # held: there is no snapshot yet
        fleet.publish(world(tmp_path, one, static_cluster("b", one)))
        await fleet.synced()
        await reach(tmp_path / "front", "one")
        assert fleet.report(GATEWAY) == FleetReport(
            connected=1, acked_listeners=frozenset({"l"}), rejections=(), policies={}
        )
        assert answers(fleet, Answer.NACK) == []


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_refused_cluster_is_reported_by_name_and_holds_back_nothing_else(tmp_path: Path, mode: Mode) -> None:
    async with (
        served(tmp_path) as (fleet, server),
        backend(tmp_path / "one", "one") as one,
        envoy(tmp_path, server, mode),
    ):
        fleet.publish(world(tmp_path, one, broken_cluster("bad"), static_cluster("good", one)))
        await fleet.until(lambda: bool(fleet.report(GATEWAY).rejections))
        await reach(tmp_path / "front", "one")
        (rejection,) = fleet.report(GATEWAY).rejections
        assert (rejection.type_url, rejection.names) == (xds.CLUSTER, ("bad",))
        assert "bad" in rejection.message
        refused = answers(fleet, Answer.NACK).count("CDS")
        fleet.publish(world(tmp_path, one, broken_cluster("bad"), static_cluster("better", one)))
        await fleet.until(lambda: fleet.holders(GATEWAY, xds.CLUSTER, "better") == 1)
        assert answers(fleet, Answer.NACK).count("CDS") == refused
        fleet.publish(world(tmp_path, one, static_cluster("bad", one)))
        await fleet.synced()
        assert fleet.report(GATEWAY).rejections == ()


def twice(name: str, cluster: str) -> Resource:
    """Return routes that only Envoy can refuse: two virtual hosts for one domain."""
    config = route_pb2.RouteConfiguration.FromString(routes(name, cluster).body)
    host = route_components_pb2.VirtualHost(name="more", domains=["*"])
    config.virtual_hosts.append(host)
    return made(xds.ROUTE, name, config)


async def test_the_refused_one_of_several_routes_is_found(tmp_path: Path) -> None:
    """Envoy refuses a response of routes as a whole, and does not say for which of them."""
    async with (
        served(tmp_path) as (fleet, server),
        backend(tmp_path / "one", "one") as one,
        backend(tmp_path / "two", "two") as two,
        envoy(tmp_path, server),
    ):
        names = [f"r{number}" for number in range(5)]
        fixed = [static_cluster("one", one), static_cluster("two", two)]
        fixed += [listener(name, tmp_path / name, name) for name in names]
        fleet.publish(snapshot(*fixed, *(routes(name, "one") for name in names)))
        await fleet.synced()
        broken = [twice(name, "two") if name == "r3" else routes(name, "two") for name in names]
        fleet.publish(snapshot(*fixed, *broken))
        await fleet.until(lambda: all(fleet.holders(GATEWAY, xds.ROUTE, name) for name in names if name != "r3"))
        await fleet.until(lambda: bool(fleet.report(GATEWAY).rejections))
        assert [each.names for each in fleet.report(GATEWAY).rejections] == [("r3",)]
        assert answers(fleet, Answer.NACK).count("RDS") <= 4
        for name in names:
            await reach(tmp_path / name, "one" if name == "r3" else "two")


async def test_a_refused_listener_is_reported_by_name(tmp_path: Path) -> None:
    async with served(tmp_path) as (fleet, server), backend(tmp_path / "one", "one") as one, envoy(tmp_path, server):
        bad = listener_pb2.Listener.FromString(listener("bad", tmp_path / "bad", "r").body)
        bad.listener_filters.add(name="nowhere")
        fleet.publish(world(tmp_path, one, made(xds.LISTENER, "bad", bad)))
        await fleet.until(lambda: fleet.report(GATEWAY).acked_listeners == {"l"})
        assert [each.names for each in fleet.report(GATEWAY).rejections] == [("bad",)]
        await reach(tmp_path / "front", "one")


async def test_reconnect_sends_nothing_again(tmp_path: Path) -> None:
    async with backend(tmp_path / "one", "one") as one:
        latest = world(tmp_path, one, static_cluster("b", one))
        async with served(tmp_path) as (fleet, server):
            running = envoy(tmp_path, server)
            await running.__aenter__()
            fleet.publish(latest)
            await fleet.synced()
        async with served(tmp_path) as (fleet, server):
            fleet.publish(latest)
            await fleet.until(lambda: any(len(each.types) >= 4 for each in fleet.proxies(GATEWAY)))
            await fleet.until(lambda: fleet.report(GATEWAY).acked_listeners == {"l"})
            assert (fleet.sent(), fleet.cost(GATEWAY).responses) == (0, 0)
            fleet.publish(world(tmp_path, one))
            await fleet.until(lambda: "CDS" in answers(fleet, Answer.ACK))
            assert (fleet.sent(), fleet.cost(GATEWAY).responses) == (0, 1)  # the removal
            await reach(tmp_path / "front", "one")
            await running.__aexit__(None, None, None)


async def test_a_changed_cluster_gets_its_endpoints_again(tmp_path: Path) -> None:
    """Envoy warms the new cluster with them; without, it would go on with the old one for 15 s."""
    async with served(tmp_path) as (fleet, server), backend(tmp_path / "one", "one") as one, envoy(tmp_path, server):
        fleet.publish(world(tmp_path, one))
        await fleet.synced()
        for seconds in range(6, 16):
            changed = (eds_cluster("a", seconds=seconds), endpoints("a", one), routes("r", "a"))
            fleet.publish(snapshot(*changed, listener("l", tmp_path / "front", "r")))
            await fleet.synced()
            assert await stat(tmp_path, "cluster_manager.warming_clusters") == 0
        await reach(tmp_path / "front", "one")


async def switch(fleet: WatchedFleet, directory: Path, one: Path, *, is_patient: bool) -> None:
    for number in range(SWITCHES):
        fleet.publish(world(directory, one, cluster=f"c{number}"))
        if is_patient:
            await fleet.synced()
        else:
            await asyncio.sleep(0)
    await fleet.synced()


@pytest.mark.parametrize("is_patient", [True, False], ids=["one-by-one", "all-at-once"])
@pytest.mark.parametrize("mode", list(Mode))
async def test_no_request_fails_while_clusters_are_switched(tmp_path: Path, mode: Mode, *, is_patient: bool) -> None:
    async with (
        served(tmp_path) as (fleet, server),
        backend(tmp_path / "one", "one") as one,
        envoy(tmp_path, server, mode),
    ):
        fleet.publish(world(tmp_path, one))
        await fleet.synced()
        await reach(tmp_path / "front", "one")
        switching = asyncio.create_task(switch(fleet, tmp_path, one, is_patient=is_patient))
        statuses: list[int] = []
        async with Client(tmp_path / "front") as client:
            while not switching.done():
                statuses.append((await client.get())[0])
        await switching
        assert set(statuses) == {200}
        assert answers(fleet, Answer.NACK) == []
        (proxy,) = fleet.proxies(GATEWAY)
        assert proxy.is_synced
        assert await stat(tmp_path, "cluster_manager.active_clusters") == 2  # the last one and the server's own


async def test_a_stopped_client_delays_nobody(tmp_path: Path) -> None:
    async with (
        served(tmp_path) as (fleet, server),
        backend(tmp_path / "one", "one") as one,
        envoy(tmp_path, server, node="proxy-1"),
        envoy(tmp_path, server, node="proxy-2") as stopped,
    ):
        latest = (eds_cluster("a"), endpoints("a", one))
        fleet.publish(snapshot(*latest))
        await fleet.until(lambda: len([each for each in fleet.proxies(GATEWAY) if each.is_synced and each.types]) == 2)
        stopped.send_signal(signal.SIGSTOP)
        for number in range(20):
            fleet.publish(snapshot(*latest, static_cluster(f"more-{number}", one)))
            await fleet.until(lambda number=number: fleet.holders(GATEWAY, xds.CLUSTER, f"more-{number}") == 1)
        before = fleet.cost(GATEWAY).responses
        stopped.send_signal(signal.SIGCONT)
        await fleet.until(lambda: fleet.holders(GATEWAY, xds.CLUSTER, "more-19") == 2)
        assert fleet.cost(GATEWAY).responses - before <= 2  # states in between were skipped


async def test_a_client_that_leaves_in_the_middle_of_a_response_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(tmp_path) as (fleet, _):
        for turn in range(100):
            async with scripted_proxy(tmp_path / "xds" / "socket", GATEWAY):
                await fleet.until(lambda: len(fleet.proxies(GATEWAY)) == 1)
                fleet.publish(snapshot(static_cluster(f"c-{turn}", tmp_path)))
            await fleet.until(lambda: not fleet.proxies(GATEWAY))
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []


async def test_a_retired_gateway_stops_serving(tmp_path: Path) -> None:
    async with served(tmp_path) as (fleet, server), backend(tmp_path / "one", "one") as one, envoy(tmp_path, server):
        fleet.publish(world(tmp_path, one))
        await reach(tmp_path / "front", "one")
        fleet.retire(GATEWAY)
        await fleet.until(lambda: all(not list(held) for _, held in fleet.resources(GATEWAY)))
        assert await stat(tmp_path, "cluster_manager.active_clusters") == 1
