from typing import Any

import pytest

from gatewayd.incremental.view import Member
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.outcome import PolicyOutcome
from gatewayd.store import Delta
from gatewayd.translator.outcomes.inherited import attached_routes, inherited_outcome
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import SHOP, delta, member, scratch

CLUSTER = Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT)
ROUTE = """
kind: Namespace
metadata: {name: shop}
---
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec: {parentRefs: [{name: gw}], rules: [{name: first, backendRefs: [{name: cart, port: 80}]}]}
---
kind: HTTPRoute
metadata: {name: lonely, namespace: shop}
spec: {parentRefs: [{name: theirs}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""
SHARING = """
kind: Gateway
metadata: {name: sharing, namespace: shop}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {name: a, port: 80, protocol: HTTP, hostname: a.example}
  - {name: b, port: 80, protocol: HTTP, hostname: b.example}
"""
TIMES = {"timeouts": {"request": "1s"}}


def said(*documents: dict[str, Any]) -> PolicyOutcome | None:
    """Return what is said of the first policy."""
    view = scratch(CLUSTER, SHOP, ROUTE, *(delta(each) for each in documents))
    metadata = documents[0]["metadata"]
    return inherited_outcome(view, member(documents[0]["kind"], f"{metadata['namespace']}/{metadata['name']}"))


def brief(found: PolicyOutcome | None) -> list[tuple[str, str, str, str]]:
    """Return kind, name, reason and message of each ancestor."""
    assert found is not None
    assert found.generation == 2
    return [
        (each.ref.kind, each.ref.name, verdict.reason, verdict.message)
        for each in found.ancestors
        for verdict in each.verdicts
    ]


def routed(*targets: dict[str, str], **more: Any) -> dict[str, Any]:
    return policy("RoutePolicy", "p", *targets, **{"default": TIMES, **more})


def test_the_gateway_is_the_ancestor_with_the_number_of_its_routes() -> None:
    expected = "in force for Gateway/shop/gw (1 routes)"
    assert brief(said(routed(target("Gateway", "gw")))) == [("Gateway", "gw", "Accepted", expected)]
    listener = brief(said(routed(target("Gateway", "gw", "http"))))
    assert listener == [("Gateway", "gw", "Accepted", "in force for Gateway/shop/gw/http (1 routes)")]


def test_of_a_route_it_is_each_gateway_that_it_wants() -> None:
    found = brief(said(routed(target("HTTPRoute", "r"), target("HTTPRoute", "r", "first"))))
    assert found == [
        ("Gateway", "gw", "Accepted", "in force for HTTPRoute/shop/r, HTTPRoute/shop/r/first"),
    ]
    assert said(routed(target("HTTPRoute", "lonely"))) is None


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (target("Gateway", "gone"), 'Gateway "shop/gone" does not exist'),
        (target("HTTPRoute", "gone"), 'HTTPRoute "shop/gone" does not exist'),
        (target("ListenerSet", "gone"), 'ListenerSet "shop/gone" does not exist'),
        (target("Gateway", "gw", "x"), '.sectionName: Gateway/shop/gw has no listener named "x"; listeners: http'),
        (target("HTTPRoute", "r", "x"), '.sectionName: HTTPRoute/shop/r has no rule named "x"; rules: first'),
    ],
)
def test_a_target_that_is_not_there_is_said(at: dict[str, str], words: str) -> None:
    ((_, _, reason, message),) = brief(said(routed(at)))
    assert reason == "TargetNotFound"
    assert message.startswith("spec.targetRefs[0]")
    assert message.endswith(words)


def test_classes_and_other_namespaces_are_for_policies_beside_gatewayd() -> None:
    for at in (target("GatewayClass", "gatewayd"), target("Namespace", "other")):
        ((_, _, reason, message),) = brief(said(routed(at)))
        assert reason == "Invalid"
        assert message.endswith("is beyond the policy's namespace; allowed: policies of namespace gatewayd-system")
    home = DEFAULT_ENVIRONMENT.namespace
    of_class = brief(said(routed(target("GatewayClass", "gatewayd"), namespace=home)))
    assert of_class == [("GatewayClass", "gatewayd", "Accepted", "in force for GatewayClass/gatewayd")]
    own = brief(said(routed(target("Namespace"))))
    assert own == [("Namespace", "shop", "Accepted", "in force for Namespace/shop")]


def test_the_younger_of_two_is_told_which_section_the_older_one_has() -> None:
    older = policy("RoutePolicy", "old", target("Gateway", "gw"), created="2025-01-01T00:00:00Z", default=TIMES)
    ((_, _, reason, message),) = brief(said(routed(target("Gateway", "gw")), older))
    assert reason == "Conflicted"
    assert message == 'spec.default.timeouts: Gateway/shop/gw has it from RoutePolicy "shop/old", which is older'
    above = policy("RoutePolicy", "old", target("Gateway", "gw"), created="2025-01-01T00:00:00Z", override=TIMES)
    assert [each[2] for each in brief(said(routed(target("Gateway", "gw")), above))] == ["Accepted"]


def test_a_policy_of_a_class_is_not_told_what_listeners_do_with_their_port() -> None:
    """Of a class there may be any number of Gateways; a policy that names one is told."""
    home = DEFAULT_ENVIRONMENT.namespace
    few, many = ({"headers": {"maxCount": count}} for count in (20, 30))
    near = policy("ClientPolicy", "p", target("Gateway", "sharing", "b"), default=many)
    wide = policy("ClientPolicy", "p", target("GatewayClass", "gatewayd"), namespace=home, default=few)
    view = scratch(CLUSTER, SHOP, SHARING, delta(near), delta(wide))
    of_class = brief(inherited_outcome(view, member("ClientPolicy", f"{home}/p")))
    assert of_class == [("GatewayClass", "gatewayd", "Accepted", "in force for GatewayClass/gatewayd")]
    ((_, _, reason, message),) = brief(inherited_outcome(view, member("ClientPolicy", "shop/p")))
    assert (reason, message.endswith(f'counts (ClientPolicy "{home}/p")')) == ("Conflicted", True)


def test_what_cannot_be_honoured_is_said_with_what_comes_of_it() -> None:
    odd = {"clients": {"deny": [{"cidr": "10.0.0.1/8"}]}}
    ((_, _, reason, message),) = brief(said(policy("AccessPolicy", "p", target("Gateway", "gw"), default=odd)))
    assert reason == "Invalid"
    assert message.startswith('spec.default.clients.deny[0].cidr: "10.0.0.1/8" is no address range; ')
    assert message.endswith("; requests that it is for get a 500 until then")


def test_routes_are_counted() -> None:
    at: Member = member("Gateway", "shop/gw")
    assert attached_routes(scratch(CLUSTER, SHOP, ROUTE), at) == 1
