from typing import Any

import pytest

from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.outcome import RouteOutcome
from gatewayd.store import Delta
from gatewayd.translator.outcomes.closed_rules import connections_closed, requests_closed
from gatewayd.translator.outcomes.gateways_and_routes import route_outcome
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import SHOP, delta, member, scratch

CLUSTER = Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT)
ROUTES = """
kind: Namespace
metadata: {name: shop}
---
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec:
  parentRefs: [{name: gw}]
  rules:
  - {name: first, matches: [{path: {value: /a}}], backendRefs: [{name: cart, port: 80}]}
  - {backendRefs: [{name: cart, port: 80}]}
---
kind: HTTPRoute
metadata: {name: other, namespace: shop}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""
ODD = {"clients": {"deny": [{"cidr": "10.0.0.1/8"}]}}
FINE = {"clients": {"deny": [{"cidr": "10.0.0.0/8"}]}}
NOBODY = {"basic": {"secretRef": {"name": "nobody"}}}


def said(name: str, *documents: dict[str, Any]) -> list[str]:
    """Return what closes rules of a route, in words."""
    view = scratch(CLUSTER, SHOP, ROUTES, *(delta(each) for each in documents))
    outcome = route_outcome(view, member("HTTPRoute", f"shop/{name}"))
    assert isinstance(outcome, RouteOutcome)
    of_policies = [each for each in outcome.all_verdicts if each.type == "gatewayd.io/ClosedByPolicy"]
    assert all(each.status and each.reason == "ClosedByPolicy" for each in of_policies)
    return [each.message for each in of_policies]


def test_nothing_is_said_where_all_can_be_honoured() -> None:
    assert said("r") == []
    assert said("r", policy("AccessPolicy", "p", target("Namespace"), default=FINE)) == []


def test_a_broken_policy_of_a_rule_is_told_to_its_route_alone() -> None:
    broken = policy("AccessPolicy", "p", target("HTTPRoute", "r", "first"), default=ODD)
    (message,) = said("r", broken)
    assert message == (
        'spec.rules[0]: AccessPolicy "shop/p" cannot be honoured at spec.default.clients; its status says why; '
        "requests get a 500 until then"
    )
    assert said("other", broken) == []


@pytest.mark.parametrize("at", [target("Namespace"), target("Gateway", "gw"), target("Gateway", "gw", "http")])
def test_a_broken_policy_from_above_is_told_to_all_routes_below(at: dict[str, str]) -> None:
    broken = policy("AccessPolicy", "p", at, override=NOBODY)
    both = 'spec.rules[0], spec.rules[1]: AccessPolicy "shop/p" cannot be honoured at spec.override.basic'
    assert [each.partition(";")[0] for each in said("r", broken)] == [both]
    assert [each.partition(":")[0] for each in said("other", broken)] == ["spec.rules[0]"]
    # What is wrong with it may name what the route's owner need not know.
    assert "nobody" not in said("r", broken)[0]


def test_sections_that_do_not_go_together_are_told_since_no_policy_says_it() -> None:
    above = policy("AccessPolicy", "above", target("Gateway", "gw"), override={"require": {"what": "Authentication"}})
    (message,) = said("other", above)
    assert message.startswith('spec.rules[0]: AccessPolicy "shop/above": spec.override.require: no section oidc, ')


def test_a_policy_that_is_turned_off_closes_nothing() -> None:
    broken = policy("AccessPolicy", "p", target("Gateway", "gw"), default=ODD)
    off = policy("AccessPolicy", "off", target("HTTPRoute", "r"), default={"clients": {"mode": "Disabled"}})
    assert said("r", broken, off) == []
    assert len(said("other", broken, off)) == 1


COUNTED = {"limits": [{"name": "all", "requests": 1, "unit": "Hour"}]}
SEEN = {"backendRef": {"name": "nobody", "port": 80}, "request": {}}


@pytest.mark.parametrize(
    ("sections", "field"),
    [
        ({"globalLimits": {**COUNTED, "whenUnavailable": "Deny"}}, "globalLimits"),
        ({"globalLimits": COUNTED}, ""),
        ({"externalProcessing": SEEN}, "externalProcessing"),
        ({"lua": {"inline": "function envoy_on_request() end"}}, "lua"),
    ],
)
def test_route_policies_that_close_are_told_as_well(sections: dict[str, Any], field: str) -> None:
    told = said("other", policy("RoutePolicy", "p", target("Gateway", "gw"), default=sections))
    expected = f'spec.rules[0]: RoutePolicy "shop/p" cannot be honoured at spec.default.{field}; its status says why; '
    assert [each.removesuffix("requests get a 500 until then") for each in told] == ([expected] if field else [])


TCP = """
kind: Gateway
metadata: {name: plain, namespace: shop}
spec: {gatewayClassName: gatewayd, listeners: [{name: tcp, port: 9000, protocol: TCP}]}
---
kind: TCPRoute
metadata: {name: db, namespace: shop}
spec: {parentRefs: [{name: plain}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""


@pytest.mark.parametrize(("sections", "count"), [(ODD, 1), (FINE, 0), (NOBODY, 0)])
def test_of_connections_only_the_clients_count(sections: dict[str, Any], count: int) -> None:
    view = scratch(CLUSTER, SHOP, TCP, delta(policy("AccessPolicy", "p", target("Gateway", "plain"), default=sections)))
    outcome = route_outcome(view, member("TCPRoute", "shop/db"))
    assert isinstance(outcome, RouteOutcome)
    told = [each.message for each in outcome.all_verdicts if each.reason == "ClosedByPolicy"]
    assert len(told) == count
    assert all(each.endswith("; its status says why; connections are closed until then") for each in told)


def test_without_a_chain_nothing_is_closed() -> None:
    view = scratch(CLUSTER, SHOP, ROUTES)
    assert (requests_closed(view, ()), connections_closed(view, ())) == ("", "")
