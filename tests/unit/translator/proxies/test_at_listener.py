from typing import Any

import pytest

from gatewayd.api.accesspolicy import AccessPolicy, AccessPolicySpec
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.ingress import Ingress
from gatewayd.api.inherited import InheritedTargetRef
from gatewayd.api.meta import ObjectKey, ObjectMeta
from gatewayd.incremental.scratch import Scratch
from gatewayd.incremental.view import Member, Table
from gatewayd.ir.http import CANNOT, Forward, Redirect, Route
from gatewayd.ir.policy import ClientAddresses
from gatewayd.store import Delta
from gatewayd.translator.gateways.listener_conflicts import own_listeners
from gatewayd.translator.gateways.listeners import ListenerKey
from gatewayd.translator.outcomes.inherited import inherited_outcome
from gatewayd.translator.proxies.at_listener import (
    UNGOVERNED,
    GovernedKey,
    ListenerOf,
    RenderKey,
    governed,
    in_force,
    listener_chain,
    redirecting,
    rendered,
)
from gatewayd.translator.rules.route_kinds import rules
from tests.unit.policies import GROUP, policy, target
from tests.unit.translator.ingress_manifests import ingress
from tests.unit.translator.manifests import GW, SHOP, delta, member, scratch
from tests.unit.translator.proxies.test_https_redirects import READ, RULES, TLS

ROUTE = """
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec:
  parentRefs: [{name: gw}]
  rules:
  - {name: first, matches: [{path: {value: /a}}], backendRefs: [{name: cart, port: 80}]}
  - {backendRefs: [{name: cart, port: 80}]}
  - {matches: [{path: {value: /b}}], filters: [{type: RequestRedirect, requestRedirect: {hostname: b.example}}]}
"""
MEMBER = Member(HTTPRoute, ObjectKey("shop", "r"))
HTTP = ListenerOf(GW, ListenerKey("Gateway", "shop", "gw", "http"))
RENDER = RenderKey(MEMBER, "http", 8080)


def view_of(*documents: dict[str, Any]) -> Scratch:
    return scratch(SHOP, ROUTE, *(delta(each) for each in documents))


def routes(*documents: dict[str, Any]) -> list[Route]:
    return [each.route for each in governed(view_of(*documents), GovernedKey(RENDER, HTTP))]


def requests(found: list[Route]) -> list[int]:
    return [each.action.timeouts.request_ms for each in found if isinstance(each.action, Forward)]


def test_a_redirect_shows_the_port_of_the_listener() -> None:
    (*_, last) = redirecting(view_of(), RENDER)
    assert isinstance(last.route.action, Redirect)
    assert last.route.action.port == 8080


@pytest.mark.parametrize(
    ("table", "scheme", "action"),
    [(Ingress, "http", Redirect), (Ingress, "https", Forward), (HTTPRoute, "http", Forward)],
)
def test_only_of_an_ingress_and_only_without_tls_clients_are_sent_to_https(
    table: Table, scheme: str, action: type
) -> None:
    view = scratch(READ, ingress(f"{RULES}, {TLS}"), ROUTE.replace("name: r,", "name: web,"))
    listener = next(each for each in own_listeners(view, member("Gateway", "shop/gw")) if each.key.section == "http")
    first = rendered(view, RenderKey(Member(table, ObjectKey("shop", "web")), scheme, 80), listener)[0]
    assert type(first.route.action) is action


def test_where_nothing_is_in_force_the_routes_are_the_rules_own() -> None:
    elsewhere = policy("RoutePolicy", "p", target("Gateway", "other"), default={"timeouts": {"request": "1s"}})
    view = view_of(elsewhere)
    found = governed(view, GovernedKey(RENDER, HTTP))
    assert found == redirecting(view, RENDER)
    assert found[0] == rules(view, MEMBER).routes[0]
    assert in_force(view, HTTP, MEMBER, 0) == UNGOVERNED


def test_a_rule_of_a_name_has_its_own_policy() -> None:
    wide = policy("RoutePolicy", "wide", target("Gateway", "gw"), default={"timeouts": {"request": "1s"}})
    near = policy("RoutePolicy", "near", target("HTTPRoute", "r", "first"), default={"timeouts": {"request": "2s"}})
    assert requests(routes(wide, near)) == [2000, 1000]


def test_filters_of_entry_stand_before_those_of_the_rule_on_redirects_too() -> None:
    denying = {"clients": {"deny": [{"cidr": "10.0.0.0/8"}]}}
    found = routes(policy("AccessPolicy", "p", target("Namespace"), default=denying))
    assert [type(each.filters[0]) for each in found] == [ClientAddresses] * 3


def test_what_cannot_be_honoured_answers_500() -> None:
    odd = {"clients": {"deny": [{"cidr": "10.0.0.1/8"}]}}
    found = routes(policy("AccessPolicy", "p", target("HTTPRoute", "r", "first"), default=odd))
    assert [each.action == CANNOT for each in found] == [True, False, False]


def test_the_chain_of_a_listener() -> None:
    chain = listener_chain(view_of(), HTTP)
    assert [str(each) for each in chain] == ["GatewayClass/gatewayd", "Gateway/shop/gw", "Gateway/shop/gw/http"]
    of_set = ListenerOf(GW, ListenerKey("ListenerSet", "team", "more", "web"))
    assert [str(each) for each in listener_chain(view_of(), of_set)][2:] == [
        "ListenerSet/team/more",
        "ListenerSet/team/more/web",
    ]


def test_a_route_that_is_gone_is_not_governed() -> None:
    assert in_force(view_of(), HTTP, Member(HTTPRoute, ObjectKey("shop", "gone")), 0) == UNGOVERNED


def test_a_policy_that_cannot_be_read_closes_what_it_is_for() -> None:
    row = AccessPolicy(
        metadata=ObjectMeta(name="p", namespace="shop"),
        spec=AccessPolicySpec(target_refs=(InheritedTargetRef(group=GROUP, kind="HTTPRoute", name="r"),)),
        unreadable="spec.default: has no field",
    )
    view = scratch(SHOP, ROUTE, Delta(kind=AccessPolicy, key=row.metadata.key, obj=row))
    assert all(each.route.action == CANNOT for each in governed(view, GovernedKey(RENDER, HTTP)))
    outcome = inherited_outcome(view, Member(AccessPolicy, row.metadata.key))
    assert outcome is not None
    ((verdict,),) = [each.verdicts for each in outcome.ancestors]
    assert (verdict.status, verdict.message.partition(":")[0]) == (False, "cannot be read")
