"""Which policies the configuration of a Gateway is made of, by what they are for."""

from typing import Any

import pytest

from gatewayd.ir.carriers import PolicyCarrier, PolicyGeneration
from gatewayd.translator.proxies.governed import policies_of
from gatewayd.translator.proxies.proxy_config import proxy_config
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import GW, SHOP, delta, scratch

MORE = """
kind: Namespace
metadata: {name: shop}
---
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec: {parentRefs: [{name: gw, port: 80}, {name: gw, port: 81}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
---
kind: ListenerSet
metadata: {name: more, namespace: shop}
spec: {parentRef: {name: gw}, listeners: [{name: more, port: 81, protocol: HTTP}]}
"""
CLIENTS = {"clients": {"deny": [{"cidr": "10.0.0.0/8"}]}}
P = PolicyGeneration(PolicyCarrier.ROUTES, "AccessPolicy shop/p", 2)
LIMITS = {"limits": {"requests": 3}}


def named(kind: str, *targets: dict[str, str], uid: str = "", **sections: Any) -> tuple[PolicyGeneration, ...]:
    """Return what the Gateway is made of when there is one policy."""
    document = policy(kind, "p", *targets, default=sections)
    document["metadata"]["uid"] = uid
    view = scratch(SHOP, MORE, delta(document))
    config = proxy_config(view, GW)
    assert config is not None
    assert config.policies == policies_of(view, GW)
    return config.policies


@pytest.mark.parametrize(
    "at", [("Gateway", "gw"), ("Gateway", "gw", "http"), ("ListenerSet", "more"), ("HTTPRoute", "r")]
)
def test_what_is_for_something_of_a_gateway_is_among_them(at: tuple[str, ...]) -> None:
    assert named("AccessPolicy", target(*at), **CLIENTS) == (P,)


def test_what_is_for_several_things_of_a_gateway_is_among_them_once() -> None:
    assert named("AccessPolicy", target("Gateway", "gw"), target("HTTPRoute", "r"), **CLIENTS) == (P,)


WIDE = [("GatewayClass", "gatewayd"), ("Namespace", "shop"), ("Namespace",)]


@pytest.mark.parametrize("at", WIDE)
def test_what_is_for_all_gateways_or_routes_is_among_them(at: tuple[str, ...]) -> None:
    assert named("AccessPolicy", target(*at), **CLIENTS) == (P,)


NOTHING = [("Namespace", "x"), ("GatewayClass", "x"), ("Gateway", "x"), ("ListenerSet", "x"), ("HTTPRoute", "x")]


@pytest.mark.parametrize("at", NOTHING)
def test_what_is_for_anything_else_is_not(at: tuple[str, ...]) -> None:
    assert named("AccessPolicy", target(*at), **CLIENTS) == ()


def test_kinds_are_told_apart_by_what_brings_them() -> None:
    gateway = target("Gateway", "gw")
    assert [each.carrier for each in named("RoutePolicy", gateway, timeouts={"request": "1s"})] == [
        PolicyCarrier.ROUTES
    ]
    assert [each.carrier for each in named("BackendPolicy", gateway, **LIMITS)] == [PolicyCarrier.BACKENDS]
    assert [each.carrier for each in named("ReportPolicy", gateway, accessLog={})] == [PolicyCarrier.LISTENERS]
    assert named("ClientPolicy", gateway, timeouts={"idle": "5m"}) == ()


def test_what_is_for_a_service_is_among_those_of_whom_leads_there() -> None:
    assert [each.carrier for each in named("BackendPolicy", target("Service", "cart"), **LIMITS)] == ["backends"]
    assert named("BackendPolicy", target("Service", "other"), **LIMITS) == ()
    # Who leads to the Services of a namespace, nobody keeps.
    assert named("BackendPolicy", target("Namespace", "shop"), **LIMITS) == ()


def test_one_of_the_same_name_that_comes_later_is_another() -> None:
    uids = ("6ba7b810-9dad-41d1-80b4-00c04fd430c8", "6ba7b810-9dad-41d2-80b4-00c04fd430c8")
    [one], [other] = (named("AccessPolicy", target("Gateway", "gw"), uid=uid, **CLIENTS) for uid in uids)
    assert (one.policy, other.policy) == ("6ba7b810-9dad-41d1", "6ba7b810-9dad-41d2")
