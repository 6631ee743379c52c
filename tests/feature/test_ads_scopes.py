"""Route discovery by host with a real Envoy: what goes first, what it costs, and that nothing waits for ever."""

from pathlib import Path

import pytest

from gatewayd.ads.listen import UnixListener
from gatewayd.ads.protocol.session import Answer
from gatewayd.ads.server import AdsServer
from gatewayd.ads.sharing.response_encoder import Mode
from gatewayd.xds.resource import Resource, Snapshot
from tests.feature.ads_rig import (
    Client,
    WatchedFleet,
    backend,
    eds_cluster,
    endpoints,
    envoy,
    listener,
    on_socket,
    reach,
    routes,
    scope,
    scoped_listener,
    served,
    snapshot,
)

pytestmark = pytest.mark.envoy

HOSTS = 1_000
LAST = f"host-{HOSTS - 1}.test"


def hosts(cluster: str = "a", number: int = HOSTS) -> dict[str, tuple[Resource, Resource]]:
    """Return the scope and the routes of each host."""
    names = [f"host-{each}.test" for each in range(number)]
    return {name: (scope(name, f"of {name}"), routes(f"of {name}", cluster)) for name in names}


def world(directory: Path, found: dict[str, tuple[Resource, Resource]], *more: Resource) -> Snapshot:
    scoped = [each for pair in found.values() for each in pair]
    return snapshot(scoped_listener("l", directory / "front"), *scoped, *more)


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_thousand_hosts_are_found_and_each_change_is_its_own(tmp_path: Path, mode: Mode) -> None:
    async with (
        served(tmp_path) as (fleet, server),
        backend(tmp_path / "one", "one") as one,
        backend(tmp_path / "two", "two") as two,
        envoy(tmp_path, server, mode),
    ):
        backends = [eds_cluster("a"), endpoints("a", one), eds_cluster("b"), endpoints("b", two)]
        found = hosts()
        fleet.publish(world(tmp_path, found, *backends))
        await reach(tmp_path / "front", "one", host=LAST)
        await fleet.settled()
        before, found["host-0.test"] = fleet.sent(), (found["host-0.test"][0], routes("of host-0.test", "b"))
        fleet.publish(world(tmp_path, found, *backends))
        await reach(tmp_path / "front", "two", host="host-0.test")
        if mode is Mode.DELTA:
            assert fleet.sent() - before == 1
        found["new.test"] = (scope("new.test", "new"), routes("new", "b"))
        del found[LAST]
        fleet.publish(world(tmp_path, found, *backends))
        await reach(tmp_path / "front", "two", host="new.test")
        await fleet.settled()
        async with Client(tmp_path / "front", host=LAST) as client:
            await client.until(404, "")
        assert not [each for each in fleet.said if each.answer is Answer.NACK]


async def test_a_stream_that_is_lost_between_scopes_and_their_routes_is_taken_up_again(tmp_path: Path) -> None:
    fleet, path = WatchedFleet(), tmp_path / "xds" / "socket"
    server = AdsServer(fleet, (UnixListener(path=path),))
    await server.start()
    async with backend(tmp_path / "one", "one") as one, envoy(tmp_path, on_socket(path)):
        fleet.publish(world(tmp_path, hosts(), eds_cluster("a"), endpoints("a", one)))
        await fleet.until(lambda: "SRDS push" in fleet.log)
        await server.stop()
        server = AdsServer(fleet, (UnixListener(path=path),))
        await server.start()
        await reach(tmp_path / "front", "one", host=LAST)
        await fleet.settled()
        await server.stop()
        server = AdsServer(fleet, (UnixListener(path=path),))
        await server.start()
        before = len(fleet.log)
        await fleet.until(lambda: "RDS subscription" in fleet.log[before:])
        await fleet.settled()
        assert not [each for each in fleet.log[before:] if each.endswith("push")]
        await server.stop()


async def test_a_listener_that_finds_its_routes_otherwise_has_them_before_the_others_go(tmp_path: Path) -> None:
    async with (
        served(tmp_path) as (fleet, server),
        backend(tmp_path / "one", "one") as one,
        backend(tmp_path / "two", "two") as two,
        envoy(tmp_path, server),
    ):
        whole = [listener("l", tmp_path / "front", "whole"), routes("whole", "a"), eds_cluster("a")]
        fleet.publish(snapshot(*whole, endpoints("a", one)))
        await reach(tmp_path / "front", "one")
        await fleet.settled()
        fleet.log.clear()
        fleet.publish(world(tmp_path, hosts("b", 3), eds_cluster("b"), endpoints("b", two)))
        await reach(tmp_path / "front", "two", host="host-0.test")
        await fleet.settled()
        assert in_order(fleet.log, "CDS push", "CDS ack", "LDS push", "SRDS push", "RDS push", "RDS ack", "CDS push")
        assert fleet.log.count("CDS push") == 2
        fleet.log.clear()
        other = [
            listener("l", tmp_path / "front", "other"),
            routes("other", "a", ("*", *hosts(number=3))),
            eds_cluster("a"),
        ]
        async with Client(tmp_path / "front", host="host-0.test") as old:
            assert await old.get() == (200, "two")
            fleet.publish(snapshot(*other, endpoints("a", one)))
            await reach(tmp_path / "front", "one")
            await fleet.settled()
            assert await old.get() == (200, "two")  # its listener drains, and needs its scopes until it is gone
        assert in_order(fleet.log, "CDS push", "CDS ack", "LDS push", "RDS push", "RDS ack")
        assert (fleet.log.count("SRDS push"), fleet.log.count("CDS push")) == (0, 1)


def in_order(log: list[str], *wanted: str) -> bool:
    """Say whether these stand in the log one after the other, whatever is between them."""
    rest = iter(log)
    return all(each in rest for each in wanted)
