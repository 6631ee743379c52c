"""What proxies tell of policies: which ones they have, what they refuse, and which listeners they have."""

from collections.abc import Mapping
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
kind: Service
metadata: {name: unused, namespace: shop}
spec: {ports: [{name: web, port: 80}]}
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
    "ReportPolicy": {"accessLog": {"minStatus": 500}},
    "ClientPolicy": {"timeouts": {"idle": "5m"}},
}
BY_ALL = [kind for kind in POLICIES if kind != "ClientPolicy"]
"""Of which it is told whether all proxies have them."""


def report(
    *refused: str,
    connected: int = 1,
    acked: tuple[str, ...] = ("tcp-80",),
    policies: Mapping[str, int] | None = None,
) -> FleetReport:
    names = {"LDS": ("tcp-80",), "RDS": ("tcp-80",), "CDS": ("shop/cart/80/http1",)}
    return FleetReport(
        connected=connected,
        acked_listeners=frozenset(acked),
        rejections=tuple(
            Rejection(type_url=TYPES[each], names=names[each], message="no such thing") for each in refused
        ),
        policies=policies,
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


WAITING = ("Pending", "a connected proxy has not acknowledged it yet")
HELD = ("Programmed", "all connected proxies have acknowledged it")


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
    assert said(kind, report(other)) == WAITING


@pytest.mark.parametrize("kind", BY_ALL)
def test_it_waits_until_all_proxies_have_this_generation(kind: str) -> None:
    # The generation of these policies is 2.
    for told in (None, {}, {f"{kind} shop/p": 1}, {"Other shop/p": 2}):
        assert said(kind, report(policies=told)) == WAITING
    assert said(kind, report(policies={f"{kind} shop/p": 2})) == HELD


@pytest.mark.parametrize("kind", BY_ALL)
def test_what_is_refused_later_takes_nothing_back(kind: str) -> None:
    assert said(kind, report("RDS", "CDS", "LDS", policies={f"{kind} shop/p": 2})) == HELD


@pytest.mark.parametrize("kind", BY_ALL)
def test_what_proxies_had_a_moment_ago_counts_while_none_is_connected(kind: str) -> None:
    assert said(kind, report(connected=0, policies={f"{kind} shop/p": 2})) == HELD


def test_what_is_not_accepted_is_in_no_proxy() -> None:
    assert said("AccessPolicy", report("RDS"), apiKeys={"secretRefs": [{"name": "none"}], "sources": []}) is None


WIDE = [
    ("AccessPolicy", target("Namespace", "shop")),
    ("RoutePolicy", target("GatewayClass", "gatewayd")),
    ("BackendPolicy", target("Service", "cart")),
    ("BackendPolicy", target("Service", "cart", "web")),
]


@pytest.mark.parametrize(("kind", "at"), WIDE)
def test_what_is_told_to_no_gateway_is_told_to_its_target(kind: str, at: dict[str, str]) -> None:
    held = {f"{kind} shop/p": 2}
    assert said(kind, report(policies=held), at) == HELD
    assert said(kind, report(connected=0), at) == ("Pending", "no proxy is connected yet")
    waiting = 'a connected proxy of Gateway "shop/gw" has not acknowledged it yet'
    assert said(kind, report(policies={}), at) == ("Pending", waiting)
    refused = said(kind, report("RDS", "CDS"), at)
    assert refused is not None
    assert refused[0] == "Invalid"
    assert 'of Gateway "shop/gw", and goes on' in refused[1]


@pytest.mark.parametrize(
    ("kind", "at"),
    [
        ("BackendPolicy", target("Namespace", "shop")),
        ("BackendPolicy", target("Service", "unused")),
        ("ClientPolicy", target("GatewayClass", "gatewayd")),
    ],
)
def test_of_what_no_gateway_is_known_to_have_nothing_is_said(kind: str, at: dict[str, str]) -> None:
    assert said(kind, report(policies={f"{kind} shop/p": 2}), at) is None


OTHER = """
kind: Gateway
metadata: {name: other, namespace: shop}
spec: {gatewayClassName: gatewayd, listeners: [{name: http, port: 80, protocol: HTTP}]}
"""


def test_of_several_gateways_the_one_that_lacks_it_is_named() -> None:
    held = {"RoutePolicy shop/p": 2}
    written = policy("RoutePolicy", "p", target("GatewayClass", "gatewayd"), default=POLICIES["RoutePolicy"])

    def told(other: FleetReport) -> tuple[str, str]:
        fleet = GatewayFleet(namespace="shop", name="other")
        reports = [(FLEET, report(policies=held)), (fleet, other)]
        deltas = [Delta(kind=FleetReport, key=key, obj=each) for key, each in reports]
        outcome = inherited_outcome(scratch(HERE_AND_NOW, SHOP, ROUTE, OTHER, delta(written), *deltas), P)
        assert isinstance(outcome, PolicyOutcome)
        [found] = [each for each in outcome.ancestors[0].verdicts if each.type == "Programmed"]
        return found.reason, found.message

    assert told(report(policies=held)) == HELD
    assert told(report(connected=0)) == HELD  # there is nobody who could have it
    assert told(report()) == ("Pending", 'a connected proxy of Gateway "shop/other" has not acknowledged it yet')
    held.clear()
    # Of two that lack it, the one that refuses it is worth more words than the first.
    reason, message = told(report("RDS"))
    assert (reason, 'of Gateway "shop/other"' in message) == ("Invalid", True)


P = member("RoutePolicy", "shop/p")
