"""Policies in a cluster: watched, told of in their status, and waited for before anything is published."""

from typing import Final

from gatewayd.identity.authority import founded
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.own_group import API_VERSION, CONTROLLER
from gatewayd.run.cluster import InCluster
from tests.fakes.api_server import api_server, refused
from tests.fakes.documents import Json
from tests.fakes.running import running
from tests.fakes.skipping_loop import passes, skipping
from tests.unit.policies import policy, target
from tests.unit.run.test_cluster import CLASS, GATEWAY, NOW, OPTIONS, around, gateway, gateway_class, replica

POLICIES: Final = f"/apis/{API_VERSION}/accesspolicies"
FLOOR: Final = f"/apis/{API_VERSION}/namespaces/shop/accesspolicies/floor"
FLEET: Final = GatewayFleet(namespace="shop", name="gw")


def floor(at: str = "gw") -> Json:
    denying = {"clients": {"deny": [{"cidr": "192.0.2.0/24"}]}}
    return policy("AccessPolicy", "floor", target("Gateway", at), override=denying)


@skipping
async def test_a_policy_is_told_what_it_is_in_force_for_or_that_its_target_is_not_there() -> None:
    async with replica({FLOOR: floor()}) as (server, _):
        [ancestor] = server.objects[FLOOR]["status"]["ancestors"]
        assert (ancestor["controllerName"], ancestor["ancestorRef"]["name"]) == (CONTROLLER, "gw")
        [condition] = ancestor["conditions"]
        assert (condition["type"], condition["status"]) == ("Accepted", "True")
        assert condition["message"] == "in force for Gateway/shop/gw (0 routes)"
    async with replica({FLOOR: floor("gone")}) as (server, _):
        [ancestor] = server.objects[FLOOR]["status"]["ancestors"]
        assert (ancestor["ancestorRef"]["kind"], ancestor["ancestorRef"]["name"]) == ("Gateway", "gone")
        assert ancestor["conditions"][0]["reason"] == "TargetNotFound"


@skipping
async def test_nothing_is_published_while_policies_may_not_be_listed() -> None:
    async with api_server() as cluster:
        cluster.server.put(CLASS, gateway_class())
        cluster.server.put(GATEWAY, gateway())
        cluster.server.script("GET", POLICIES, *(refused(403) for _ in range(3)))
        found = InCluster(OPTIONS, cluster.client, founded(NOW), around())
        async with running(*(work for _, work in found._work())):
            await passes(1.0)
            assert found._reconciler.snapshots == {}
            assert "AccessPolicy" in found._reconciler.store.waiting_for
            await passes(120.0)
            assert FLEET in found._reconciler.snapshots


@skipping
async def test_without_the_crds_everything_is_as_it_was() -> None:
    async with replica() as (server, found):
        assert server.said("GET", POLICIES)
        assert FLEET in found._reconciler.snapshots
