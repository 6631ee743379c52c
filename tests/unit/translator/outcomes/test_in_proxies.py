"""What proxies tell of policies: what they refuse, and which listeners they have."""

from typing import Any

import pytest

from gatewayd.ir.environment import HERE, Environment
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import FleetReport, PolicyOutcome, Rejection
from gatewayd.offline.translate import standalone_environment
from gatewayd.store import Delta
from gatewayd.translator.outcomes.inherited import inherited_outcome
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import SHOP, delta, member, scratch

ROUTE = """
kind: Namespace
metadata: {name: shop}
---
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""
GW = target("Gateway", "gw")
FLEET = GatewayFleet(namespace="shop", name="gw")
HERE_AND_NOW = Delta(kind=Environment, key=HERE, obj=standalone_environment("127.0.0.1", 0, None))
TYPES = {
    "RDS": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
    "CDS": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
    "LDS": "type.googleapis.com/envoy.config.listener.v3.Listener",
}
POLICIES = {
    "AccessPolicy": {"clients": {"deny": [{"cidr": "10.0.0.0/8"}]}},
    "RoutePolicy": {"timeouts": {"request": "1s"}},
    "BackendPolicy": {"limits": {"requests": 3}},
    "ClientPolicy": {"timeouts": {"idle": "5m"}},
}


def report(*refused: str, connected: int = 1, acked: tuple[str, ...] = ("tcp-80",)) -> FleetReport:
    names = {"LDS": ("tcp-80",), "RDS": ("tcp-80",), "CDS": ("shop/cart/80/http1",)}
    return FleetReport(
        connected=connected,
        acked_listeners=frozenset(acked),
        rejections=tuple(
            Rejection(type_url=TYPES[each], names=names[each], message="no such thing") for each in refused
        ),
    )


def said(kind: str, told: FleetReport | None, at: dict[str, str] = GW, **sections: Any) -> tuple[str, str] | None:
    """Return reason and message of Programmed at the one ancestor, None where nothing is said of it."""
    written = policy(kind, "p", at, default=sections or POLICIES[kind])
    fleet = () if told is None else (Delta(kind=FleetReport, key=FLEET, obj=told),)
    view = scratch(HERE_AND_NOW, SHOP, ROUTE, delta(written), *fleet)
    outcome = inherited_outcome(view, member(kind, "shop/p"))
    assert isinstance(outcome, PolicyOutcome)
    [ancestor] = outcome.ancestors
    found = [each for each in ancestor.verdicts if each.type == "Programmed"]
    return (found[0].reason, found[0].message) if found else None


@pytest.mark.parametrize("kind", POLICIES)
def test_nothing_is_said_before_proxies_tell_anything(kind: str) -> None:
    assert said(kind, None) is None


@pytest.mark.parametrize("kind", POLICIES)
def test_without_a_proxy_it_waits(kind: str) -> None:
    assert said(kind, report(connected=0, acked=())) == ("Pending", "no proxy is connected yet")


def test_a_listener_that_is_acknowledged_has_what_clients_are_told() -> None:
    assert said("ClientPolicy", report()) == ("Programmed", "a connected proxy has acknowledged it")
    assert said("ClientPolicy", report(), target("Gateway", "gw", "http")) is not None
    assert said("ClientPolicy", report(acked=())) == ("Pending", "the proxy has not acknowledged it yet")
    refused = said("ClientPolicy", report("LDS", acked=()))
    assert refused == ("Invalid", "the proxy refused it: no such thing")


@pytest.mark.parametrize(
    ("kind", "refused", "what"),
    [("AccessPolicy", "RDS", "routes"), ("RoutePolicy", "RDS", "routes"), ("BackendPolicy", "CDS", "backends")],
)
def test_what_carries_it_is_refused(kind: str, refused: str, what: str) -> None:
    assert said(kind, report(refused)) == (
        "Invalid",
        f"a proxy refuses {what} of the Gateway, and goes on with what it had; an Event of the Gateway has the words",
    )


@pytest.mark.parametrize(("kind", "other"), [("AccessPolicy", "CDS"), ("BackendPolicy", "RDS"), ("RoutePolicy", "LDS")])
def test_what_else_is_refused_is_not_told(kind: str, other: str) -> None:
    assert said(kind, report(other)) is None


def test_no_acknowledgement_is_told_of_routes() -> None:
    """Reports name those of listeners alone, and nothing is said that they do not prove."""
    assert said("AccessPolicy", report()) is None


def test_what_is_not_accepted_is_in_no_proxy() -> None:
    assert said("AccessPolicy", report("RDS"), apiKeys={"secretRefs": [{"name": "none"}], "sources": []}) is None


def test_of_what_is_written_down_nothing_is_said() -> None:
    found = (report("RDS"), report(connected=0, acked=()))
    assert [said("ReportPolicy", each, accessLog={"minStatus": 500}) for each in found] == [None, None]


def test_of_a_namespace_nothing_is_said() -> None:
    assert said("AccessPolicy", report("RDS"), target("Namespace")) is None
