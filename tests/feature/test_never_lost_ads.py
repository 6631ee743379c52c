"""No request is lost whatever happens on the way between gatewayd and Envoy: slow, missing, refused, cut.

https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#eventual-consistency-considerations
"""

import asyncio

import pytest

from tests.feature.harness import http1
from tests.feature.harness.adversary import Way
from tests.feature.harness.backend_tls import CA, policy, start_backends
from tests.feature.harness.closed_loop import NO_BACKEND, NOT_FOUND, said
from tests.feature.harness.https import ALL, gateway, https, plain, secure
from tests.feature.harness.https import CA as HTTPS
from tests.feature.harness.manifests import service
from tests.feature.never_lost_rig import EDGE, MANY, Siege, route, siege

pytestmark = pytest.mark.envoy

PLAIN = plain("http", "http")
NEW = "shop/new/"


def moved(held: Siege) -> str:
    """Return what sends r.example to a Service that is new, so that Envoy needs a cluster, its endpoints, a route."""
    return service("new", held.world.backends["two"].port) + route("r", "v2", "new")


async def test_slow_endpoints_hold_the_route_back_and_nothing_else() -> None:
    async with siege() as held:
        slow = held.adversary.hold("EDS", NEW)
        held.world.put(moved(held))
        await slow.happened()
        await held.loop.turns(5)
        assert held.adversary.sent("RDS", NEW) == 0
        held.r.become(said("v2", "two"))
        await held.adversary.release(slow)
        await held.loop.arrived()
        await held.world.settle()


@pytest.mark.parametrize(("way", "short"), [(Way.DOWN, "CDS"), (Way.UP, "CDS"), (Way.DOWN, "EDS"), (Way.UP, "EDS")])
async def test_no_route_before_all_of_its_cluster_was_acknowledged(way: Way, short: str) -> None:
    async with siege() as held:
        slow = held.adversary.hold(short, NEW, way=way)
        held.world.put(moved(held))
        await slow.happened()
        await held.loop.turns(5)
        assert held.adversary.sent("RDS", NEW) == 0
        held.r.become(said("v2", "two"))
        await held.adversary.release(slow)
        await held.loop.arrived()
        await held.world.settle()


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize("short", ["CDS", "EDS", "RDS"])
async def test_a_stream_that_breaks_at_any_moment_of_a_push(way: Way, short: str) -> None:
    """What was on its way is lost, in both directions; the next stream finishes what the first one began."""
    async with siege() as held:
        held.r.become(said("v2", "two"))
        lost = held.adversary.hold(short, NEW if short != "RDS" else "", way=way)
        held.world.put(moved(held))
        await lost.happened()
        held.adversary.cut()
        await held.adversary.release(lost)
        await held.adversary.until_streams(2)
        await held.loop.arrived()
        await held.world.settle()


async def test_a_stream_that_breaks_between_the_cluster_and_the_route_again_and_again() -> None:
    """Each turn is cut after the ACK of the clusters and before the route."""
    async with siege() as held:
        for turn in range(5):
            backend = ("two", "one")[turn % 2]
            held.r.become(said(f"v{turn + 2}", backend))
            lost = held.adversary.hold("RDS")
            name = f"new-{turn}"
            held.world.put(service(name, held.world.backends[backend].port) + route("r", f"v{turn + 2}", name))
            await lost.happened()
            assert held.adversary.sent("CDS", name) == 1
            held.adversary.cut()
            await held.adversary.release(lost)
            await held.loop.arrived()
            await held.world.settle()


async def test_routes_that_are_refused_keep_the_clusters_that_the_old_ones_use() -> None:
    async with siege() as held:
        held.r.become(said("v2", "two"))
        held.world.put(moved(held))
        await held.loop.arrived()
        refused = held.adversary.refuse("RDS")
        # The Service that r.example uses goes away together with the route to it.
        held.world.drop("Service shop/new", "EndpointSlice shop/new-1")
        held.world.put(route("r", "v3", "one"))
        await refused.happened()
        await held.loop.turns(10)
        await held.adversary.release(refused)
        held.r.become(said("v4"))
        held.world.put(route("r", "v4", "one"))
        await held.loop.arrived()
        await held.world.settle()


async def test_a_refused_cluster_harms_no_other_route() -> None:
    """What is routed to it alone has no backend then; Programmed says so."""
    async with siege() as held:
        refused = held.adversary.refuse("CDS", "shop/bad/")
        other = held.loop.target("other.example", NOT_FOUND)
        held.r.become(NO_BACKEND)
        other.become(said("other", "two"))
        held.world.put(service("bad", held.world.backends["two"].port) + route("r", "v2", "bad"))
        held.world.put(service("new", held.world.backends["two"].port) + route("other", "other", "new"))
        await refused.happened()
        await held.loop.arrived()


async def test_a_cluster_that_never_warms_stops_no_other_route(monkeypatch: pytest.MonkeyPatch) -> None:
    """Envoy takes no other cluster until then, and routes wait for it; but not for ever: others have changed too."""
    monkeypatch.setattr("gatewayd.ads.protocol.ordering.GATE_SECONDS", 0.3)
    async with siege() as held:
        other = held.loop.target("other.example", NOT_FOUND)
        never = held.adversary.hold("EDS", NEW)
        held.world.put(moved(held))
        await never.happened()
        await held.loop.turns(3)
        held.r.become(NO_BACKEND)
        other.become(said("other"))
        held.world.put(route("other", "other", "one"))
        await held.loop.arrived()
        held.r.become(said("v2", "two"))
        await held.adversary.release(never)
        await held.loop.arrived()
        await held.world.settle()


async def test_a_backend_waits_for_the_secret_that_it_is_trusted_by() -> None:
    async with siege() as held:
        await start_backends(held.world)
        slow = held.adversary.hold("SDS")
        held.world.put(CA.configmap("ca", namespace="shop") + policy() + route("r", "v2", "secure"))
        await slow.happened()
        await held.loop.turns(5)
        assert held.adversary.sent("RDS", "v2") == 0
        held.r.become(said("v2", "secure"))
        await held.adversary.release(slow)
        await held.loop.arrived()
        await held.world.settle()


async def test_a_listener_that_misses_its_secret_holds_nothing_back() -> None:
    async with siege() as held:
        missing = held.adversary.hold("SDS")
        held.world.put(
            HTTPS.issue("r.example").secret("own") + gateway("edge", PLAIN, https("tls", "tls", "{name: own}"))
        )
        await missing.happened()
        for turn in range(2, 5):
            held.r.become(said(f"v{turn}", ("one", "two")[turn % 2]))
            held.world.put(route("r", f"v{turn}", ("one", "two")[turn % 2]))
            await held.loop.arrived()
        with pytest.raises(OSError, match=r"refused|failed"):
            await http1.connect(held.world.port("tls"))
        await held.adversary.release(missing)
        await held.world.settle()
        assert (await secure(held.world, "tls", "r.example")).said == said("v4")


async def test_an_envoy_that_comes_in_the_middle_of_a_push() -> None:
    """It listens on the same port and takes a part of the connections as soon as it is ready, and not before."""
    async with siege() as held:
        slow = held.adversary.hold("EDS", NEW)
        held.world.put(moved(held))
        await slow.happened()
        held.world.start(EDGE)
        await held.adversary.until_streams(2)
        await held.loop.turns(5)
        held.r.become(said("v2", "two"))
        await held.adversary.release(slow)
        await held.loop.arrived()
        await held.world.settle()


async def test_a_restart_of_the_server_in_the_middle_of_a_push() -> None:
    async with siege() as held:
        slow = held.adversary.hold("EDS", NEW)
        held.world.put(moved(held))
        await slow.happened()
        await held.world.stop_serving()
        await held.loop.turns(5)
        held.r.become(said("v2", "two"))
        await held.adversary.release(slow)
        await held.world.start_serving()
        await held.loop.arrived()
        await held.world.settle()


async def test_a_replica_that_is_behind_takes_over() -> None:
    """Envoy goes back to what that one knows, with the Service that was deleted since, and forward again."""
    async with siege() as held:
        older = held.world.reconciler.snapshots[EDGE]
        held.r.become(said("v2", "two"))
        await held.world.apply(moved(held))
        await held.loop.arrived()
        newer = held.world.reconciler.snapshots[EDGE]
        for _ in range(3):
            for latest, answer in ((older, said("v1")), (newer, said("v2", "two"))):
                held.r.become(answer)
                await held.world.stop_serving()
                held.world.fleet.publish(latest)
                await held.world.start_serving()
                await held.loop.arrived()
        await held.world.settle()


async def test_routes_that_are_discovered_another_way_and_back_and_again() -> None:
    """Many hosts may be discovered one by one. Envoy does not ask for scopes again that it has once had no use for."""
    many = [f"more-{at}" for at in range(MANY + 1)]
    async with siege() as held:
        more = held.loop.target("more-7.example", NOT_FOUND)
        for turn in range(3):
            held.world.put("".join(route(name, f"v{turn}", "two") for name in many))
            more.become(said(f"v{turn}", "two"))
            await held.world.settle()
            await held.loop.arrived()
            held.world.drop(*(f"HTTPRoute shop/{name}" for name in many))
            more.become(NOT_FOUND)
            await held.world.settle()
            await held.loop.arrived()
            await nothing_drains(held)


async def nothing_drains(held: Siege) -> None:
    """Wait until Envoy has done with listeners and filter chains that are replaced; it tells nobody."""
    async with asyncio.timeout(10):
        while any((await held.world.envoys[EDGE].stats("listener_manager.total_.*draining")).values()):
            pass


async def test_the_last_http_listener_goes_and_comes_back() -> None:
    """Envoy asks for nothing again after the only listener that found its routes by scopes has drained."""
    tcp = f"  - {{name: tcp, port: <tcp>, protocol: TCP, {ALL}}}\n"
    async with siege() as held:
        held.loop.forget(*held.loop.targets)
        await held.loop.turns(1)
        for _ in range(2):
            await held.world.apply(gateway("edge", tcp))
            await nothing_drains(held)
            await held.world.apply(gateway("edge", tcp, PLAIN))
            assert (await held.world.ask(host="r.example")).said == said("v1")
