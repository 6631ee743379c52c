import json

from gatewayd.diff.compare import Difference, GatewayChange, Way, difference
from gatewayd.diff.words import difference_json, difference_lines
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.xds.drained_connections import Drain
from tests.unit.example import SHOP, translated

ROUTE = "virtual_hosts[shop.example].routes[httproute/default/shop/rule/0/match/0]"


def test_nothing() -> None:
    assert list(difference_lines(Difference(gateways=(), statuses=()))) == ["nothing changes"]


def test_a_change_without_drains() -> None:
    found = difference(translated(SHOP), translated(SHOP.replace("weight: 3", "weight: 5")))

    assert list(difference_lines(found)) == [
        "~ Gateway default/web",
        "  ~ RDS 8080",
        f"      ~ {ROUTE}.route.weighted_clusters.clusters[default/cart/80/http1].weight: 3 -> 5",
        "  no connection drains",
    ]


def test_drains_stand_out() -> None:
    drains = (Drain(listener="tcp-1", chain=None, why="w"), Drain(listener="tcp-2", chain="c", why="v"))
    change = GatewayChange(fleet=GatewayFleet(namespace="a", name="b"), way=Way.CHANGED, resources=(), drains=drains)

    assert list(difference_lines(Difference(gateways=(change,), statuses=())))[1:] == [
        "  ! listener tcp-1: all connections drain; w",
        "  ! listener tcp-2: connections of filter chain c drain; v",
    ]


TCP = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: pay}
spec: {gatewayClassName: gatewayd, listeners: [{name: tcp, port: 9000, protocol: TCP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: ledger}
spec: {parentRefs: [{name: pay}], rules: [{backendRefs: [{name: BACKEND, port: 80}]}]}
"""


def test_connections_that_lose_their_last_backend_stand_out() -> None:
    before, after = (f"{SHOP}---{TCP.replace('BACKEND', name)}" for name in ("cart", "none"))
    lines = list(difference_lines(difference(translated(before), translated(after))))

    assert "  ! listener tcp-9000: connections find no backend any more and are closed" in lines


def test_additions_removals_and_long_values() -> None:
    added = SHOP.replace("hostnames: [shop.example]", "hostnames: [shop.example, new.example]")
    lines = list(difference_lines(difference(translated(SHOP), translated(added))))

    (line,) = [line for line in lines if "virtual_hosts[new.example]" in line]
    assert line.startswith("      + virtual_hosts[new.example]: {")
    assert line.endswith("...")


def test_json_holds_all_of_it() -> None:
    found = difference(translated(SHOP), translated(SHOP.replace("port: 8080", "port: 8081")))

    value = json.loads(json.dumps(difference_json(found)))

    assert value["gateways"][0]["change"] == "changed"
    assert value["gateways"][0]["drains"] == [{"listener": "tcp-8080", "chain": None, "why": "the listener is removed"}]
    assert {each["object"] for each in value["statuses"]} >= set()
