from typing import Any

import pytest

from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.store import Delta
from gatewayd.translator.outcomes.inherited import inherited_outcome
from gatewayd.translator.outcomes.overridden import PolicyAt, from_below, own_sections
from gatewayd.translator.policies.effective import ScopedTarget
from gatewayd.translator.protocols import GATEWAY_KIND
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import GW, SHOP, delta, member, scratch

CLUSTER = Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT)
ROUTES = """
kind: Namespace
metadata: {name: shop}
---
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec: {parentRefs: [{name: gw}], rules: [{name: first, backendRefs: [{name: cart, port: 80}]}]}
---
kind: HTTPRoute
metadata: {name: other, namespace: shop}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
---
kind: HTTPRoute
metadata: {name: elsewhere, namespace: shop}
spec: {parentRefs: [{name: nobody}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""
TIMES = {"timeouts": {"request": "1s"}}
RETRY = {"retry": {"attempts": 2}}
ADDRESSES = {"clients": {"deny": [{"cidr": "10.0.0.0/8"}]}}


def said(*documents: dict[str, Any]) -> list[str]:
    """Return what of the first policy is another's, for each of its ancestors."""
    view = scratch(CLUSTER, SHOP, ROUTES, *(delta(each) for each in documents))
    metadata = documents[0]["metadata"]
    outcome = inherited_outcome(view, member(documents[0]["kind"], f"{metadata['namespace']}/{metadata['name']}"))
    assert outcome is not None
    return [each.message for each in outcome.all_verdicts if each.type == "gatewayd.io/Overridden"]


def routed(name: str, at: dict[str, str], **strategy: Any) -> dict[str, Any]:
    return policy("RoutePolicy", name, at, **strategy)


def test_what_is_in_force_alone_is_not_spoken_of() -> None:
    assert said(routed("p", target("Gateway", "gw"), default=TIMES)) == []
    assert said(routed("p", target("HTTPRoute", "r"), default=TIMES)) == []


def test_an_override_from_above_takes_a_section() -> None:
    above = routed("floor", target("Gateway", "gw"), override=TIMES)
    both = {**TIMES, **RETRY}
    taken = ['timeouts is overridden by RoutePolicy "shop/floor" for Gateway/shop/gw']
    assert said(routed("p", target("HTTPRoute", "r"), default=both), above) == taken
    assert said(routed("p", target("HTTPRoute", "r", "first"), override=TIMES), above) == taken
    assert said(routed("p", target("Gateway", "gw", "http"), default=TIMES), above) == taken
    assert said(routed("p", target("HTTPRoute", "r"), default=RETRY), above) == []


def test_a_default_from_above_takes_nothing() -> None:
    above = routed("floor", target("Gateway", "gw"), default=TIMES)
    assert said(routed("p", target("HTTPRoute", "r"), default=TIMES), above) == []


@pytest.mark.parametrize(
    ("at", "named"),
    [
        (target("HTTPRoute", "r"), "HTTPRoute/shop/r"),
        (target("HTTPRoute", "r", "first"), "HTTPRoute/shop/r"),
        (target("Namespace"), "Namespace/shop"),
        (target("Gateway", "gw", "http"), "Gateway/shop/gw/http"),
    ],
)
def test_who_is_below_and_has_a_section_of_its_own_is_counted(at: dict[str, str], named: str) -> None:
    wide = routed("p", target("Gateway", "gw"), default={**TIMES, **RETRY})
    expected = [f"timeouts: 1 below have their own: {named}"]
    assert said(wide, routed("near", at, default=TIMES)) == expected
    assert said(wide, routed("near", at, default={"timeouts": {"mode": "Disabled"}})) == expected


def test_those_elsewhere_and_an_override_have_nothing_below() -> None:
    near = routed("near", target("HTTPRoute", "elsewhere"), default=TIMES)
    assert said(routed("p", target("Gateway", "gw"), default=TIMES), near) == []
    below = routed("near", target("HTTPRoute", "r"), default=TIMES)
    assert said(routed("p", target("Gateway", "gw"), override=TIMES), below) == []


def test_a_namespace_without_routes_there_is_not_below() -> None:
    near = policy("RoutePolicy", "near", target("Namespace"), namespace="other", default=TIMES)
    assert said(routed("p", target("Gateway", "gw"), default=TIMES), near) == []


def test_many_are_a_number() -> None:
    wide = routed("p", target("Gateway", "gw"), default=TIMES)
    near = [
        routed("a", target("HTTPRoute", "r"), default=TIMES),
        routed("b", target("HTTPRoute", "other"), default=TIMES),
        routed("c", target("Namespace"), default=TIMES),
        routed("d", target("Gateway", "gw", "http"), default=TIMES),
    ]
    (message,) = said(wide, *near)
    assert message.startswith("timeouts: 4 below have their own: Gateway/shop/gw/http, ")
    assert message.endswith(" and 1 more")


def test_what_adds_up_takes_nothing_away() -> None:
    wide = policy("AccessPolicy", "p", target("Gateway", "gw"), default=ADDRESSES)
    near = policy("AccessPolicy", "near", target("HTTPRoute", "r"), override=ADDRESSES)
    assert said(wide, near) == []
    assert said(near, policy("AccessPolicy", "p", target("Gateway", "gw"), override=ADDRESSES)) == []
    replacing = policy("AccessPolicy", "near", target("HTTPRoute", "r"), default=ADDRESSES)
    assert said(wide, replacing) == ["clients: 1 below have their own: HTTPRoute/shop/r"]


def test_of_a_policy_that_is_gone_there_is_nothing() -> None:
    view = scratch(CLUSTER, SHOP, ROUTES)
    gone = member("RoutePolicy", "shop/gone")
    assert own_sections(view, gone) == ()
    assert from_below(view, PolicyAt(RoutePolicy, (), (), ScopedTarget(GATEWAY_KIND, GW, ""), GW)) == ()
