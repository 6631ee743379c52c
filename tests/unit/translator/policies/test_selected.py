"""Policies that select what they are for: closed, since that is refused, and nothing beside it is."""

from typing import Any

import pytest

from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.meta import ObjectKey
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.incremental.scratch import Scratch
from gatewayd.ir.outcome import PolicyOutcome, RouteOutcome
from gatewayd.translator.outcomes.foreign import foreign_outcome
from gatewayd.translator.outcomes.gateways_and_routes import route_outcome
from gatewayd.translator.policies.effective import NOTHING, ChainKey, ScopedTarget, effective
from gatewayd.translator.protocols import group_kind
from tests.unit.envoy_gateway import foreign
from tests.unit.policies import target
from tests.unit.translator.manifests import SHOP, brief, delta, member, message, scratch

ROUTES = """
kind: Namespace
metadata: {name: shop}
---
kind: HTTPRoute
metadata: {name: guarded, namespace: shop, labels: {who: staff, tier: web}}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
---
kind: HTTPRoute
metadata: {name: other, namespace: shop, labels: {who: all}}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""
STAFF = {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "matchLabels": {"who": "staff"}}
NOBODY: dict[str, Any] = {"authorization": {"defaultAction": "Deny"}}


def view_of(*documents: dict[str, Any]) -> Scratch:
    return scratch(SHOP, ROUTES, *(delta(each) for each in documents))


def selecting(*selectors: object, **more: Any) -> dict[str, Any]:
    return foreign("SecurityPolicy", "a", targetSelectors=[*selectors], **{**NOBODY, **more})


def closed(view: Scratch) -> set[str]:
    """Return which routes say that a policy closes them."""
    found = {name: route_outcome(view, member("HTTPRoute", f"shop/{name}")) for name in ("guarded", "other")}
    return {
        name
        for name, outcome in found.items()
        if isinstance(outcome, RouteOutcome)
        and any(each.type == "gatewayd.io/ClosedByPolicy" for each in outcome.all_verdicts)
    }


def test_what_is_selected_is_closed_and_nothing_else() -> None:
    view = view_of(selecting(STAFF))
    assert closed(view) == {"guarded"}
    outcome = foreign_outcome(view, member("SecurityPolicy", "shop/a"))
    assert isinstance(outcome, PolicyOutcome)
    [ancestor] = outcome.ancestors
    assert brief(ancestor.verdicts) == {"Accepted": "!Invalid"}
    text = message(ancestor.verdicts, "Accepted")
    assert text == (
        "spec.targetSelectors: allowed: targetRefs, which name their targets; "
        "requests that it is for get a 500 until then"
    )


@pytest.mark.parametrize(
    ("selector", "routes"),
    [
        ({"kind": "HTTPRoute", "matchLabels": {"who": "staff"}}, {"guarded"}),
        ({"kind": "HTTPRoute", "matchLabels": {"who": "staff", "tier": "db"}}, set()),
        ({"kind": "HTTPRoute", "matchExpressions": [{"key": "who", "operator": "Exists"}]}, {"guarded", "other"}),
        ({"kind": "Gateway"}, {"guarded", "other"}),
        ({"kind": "Gateway", "matchLabels": {"who": "staff"}}, set()),
        ({"kind": "Service"}, set()),
        ({**STAFF, "group": "example.com"}, set()),
        ({**STAFF, "matchLabels": 5}, set()),
        ("HTTPRoute", set()),
    ],
)
def test_labels_of_the_policys_namespace_count(selector: object, routes: set[str]) -> None:
    assert closed(view_of(selecting(selector))) == routes


def test_another_namespace_selects_nothing() -> None:
    assert closed(view_of(selecting(STAFF, namespace="elsewhere"))) == set()


def test_what_names_its_targets_as_well_is_closed_for_both() -> None:
    named = [target("HTTPRoute", "other")]
    assert closed(view_of(selecting(STAFF, targetRefs=named))) == {"guarded", "other"}


def test_what_is_no_list_selects_nothing() -> None:
    assert closed(view_of(foreign("SecurityPolicy", "a", targetSelectors="all", **NOBODY))) == set()


GATEWAYS = {"group": "gateway.networking.k8s.io", "kind": "Gateway"}
CERTIFICATES = {"tls": {"clientValidation": {"caCertificateRefs": [{"name": "ca"}]}}}


def accepted(view: Scratch, kind: str, name: str) -> tuple[str, str]:
    """Return what a policy is told at its one Gateway: whether it is accepted, and why not."""
    outcome = foreign_outcome(view, member(kind, f"shop/{name}"))
    assert isinstance(outcome, PolicyOutcome)
    [ancestor] = outcome.ancestors
    assert ancestor.ref.name == "gw"
    return brief(ancestor.verdicts)["Accepted"], message(ancestor.verdicts, "Accepted")


@pytest.mark.parametrize(
    "spec",
    [
        CERTIFICATES,
        {"clientIPDetection": {"xForwardedFor": {"numTrustedHops": 1}}},
        {"tls": {"minVersion": "1.3"}},
        {"proxyProtocol": {}},
        {"enableProxyProtocol": True},
        {"path": {"escapedSlashesAction": "RejectRequest"}},
        {"headers": {"withUnderscoresAction": "RejectRequest"}},
        {"headers": {"earlyRequestHeaders": {"remove": ["x-user"]}}},
        {"headers": {"xForwardedClientCert": {"mode": "Sanitize"}}},
        {"frob": 1},
    ],
)
def test_listeners_that_are_selected_by_what_protects_are_closed(spec: dict[str, Any]) -> None:
    view = view_of(foreign("ClientTrafficPolicy", "a", targetSelectors=[GATEWAYS], **spec))
    assert closed(view) == {"guarded", "other"}
    status, why = accepted(view, "ClientTrafficPolicy", "a")
    assert status == "!Invalid"
    assert why.endswith("requests that it is for get a 500 until then")


@pytest.mark.parametrize("spec", [{}, {"http1": {"http10": {}}}, {"timeout": {"http": {"idleTimeout": "5m"}}}])
def test_listeners_that_are_selected_by_what_does_not_are_told_and_served(spec: dict[str, Any]) -> None:
    view = view_of(foreign("ClientTrafficPolicy", "a", targetSelectors=[GATEWAYS], **spec))
    assert closed(view) == set()
    status, why = accepted(view, "ClientTrafficPolicy", "a")
    assert status == "!Invalid"
    assert "spec.targetSelectors: allowed: targetRefs, which name their targets" in why
    assert why.endswith("left out until then")


def test_what_selects_and_does_not_protect_takes_the_place_of_no_policy() -> None:
    older = foreign(
        "ClientTrafficPolicy", "a", created="2025-01-01T00:00:00Z", targetSelectors=[GATEWAYS], http1={"http10": {}}
    )
    named = foreign("ClientTrafficPolicy", "b", target("Gateway", "gw"), **CERTIFICATES)
    assert closed(view_of(older, named)) == {"guarded", "other"}
    good = foreign("ClientTrafficPolicy", "b", target("Gateway", "gw"), tls={"minVersion": "1.3"})
    view = view_of(older, good)
    assert (closed(view), accepted(view, "ClientTrafficPolicy", "b")[0]) == (set(), "Accepted")


def test_limits_that_select_routes_are_left_out_and_told_to_their_gateways() -> None:
    limit = {"rateLimit": {"local": {"rules": [{"limit": {"requests": 1, "unit": "Hour"}}]}}}
    view = view_of(foreign("BackendTrafficPolicy", "a", targetSelectors=[STAFF], **limit))
    assert closed(view) == set()
    status, why = accepted(view, "BackendTrafficPolicy", "a")
    assert status == "!Invalid"
    assert why == "spec.targetSelectors: allowed: targetRefs, which name their targets; left out until then"
    guarded = ScopedTarget(group_kind(HTTPRoute), ObjectKey("shop", "guarded"), "")
    assert effective(view, ChainKey(RoutePolicy, (guarded,))) == NOTHING
