from typing import Any

import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.explain.policies import sections_in_force
from gatewayd.incremental.scratch import Scratch
from gatewayd.incremental.view import Member
from gatewayd.ir.global_limits import LimitDomain, LimitUnit, SharedLimit, SharedLimits
from gatewayd.ir.http import CANNOT, Route
from gatewayd.translator.backends.backend_refs import GatewayUpstream
from gatewayd.translator.outcomes.inherited import inherited_outcome
from gatewayd.translator.proxies.at_listener import GovernedKey, governed
from gatewayd.translator.proxies.global_limits import limit_domain, limits_problem
from gatewayd.translator.proxies.upstreams import gateway_servers
from tests.unit.envoy_gateway import foreign
from tests.unit.policies import policy, target
from tests.unit.translator.backends.test_rate_limit_server import BY_CLASS, READY, SERVICE, UPSTREAM, parameters
from tests.unit.translator.manifests import CART, CLASS, GATEWAY, GW, delta, member, scratch
from tests.unit.translator.proxies.test_at_listener import HTTP, MEMBER, RENDER, ROUTE

COUNTED = (BY_CLASS, SERVICE, READY, parameters("gatewayd-system", "all"))
PLAIN = SharedLimit(
    name="all",
    requests=5,
    unit=LimitUnit.HOUR,
    per_client=False,
    headers=(),
    claims=(),
    per_route=False,
    cost=1,
    cost_header="",
    is_shadow=False,
)


def limited(*limits: dict[str, Any], at: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    section = {"limits": [{"name": "all", "requests": 5, "unit": "Hour", **each} for each in limits or ({},)], **more}
    return policy("RoutePolicy", "fair", at or target("Gateway", "gw"), default={"globalLimits": section})


def view_of(document: dict[str, Any], *served: str) -> Scratch:
    return scratch(*(served or (CLASS,)), GATEWAY, CART, ROUTE, delta(document))


def routes(document: dict[str, Any], *served: str) -> list[Route]:
    return [each.route for each in governed(view_of(document, *served), GovernedKey(RENDER, HTTP))]


def shared(route: Route) -> SharedLimits:
    (found,) = (each for each in route.filters if isinstance(each, SharedLimits))
    return found


def test_all_rules_of_a_policy_have_one_filter_in_common() -> None:
    found = [shared(each) for each in routes(limited(), *COUNTED)]
    assert len({id(each) for each in found}) == 1
    assert found[0] == SharedLimits(
        domain="shop/fair",
        limits=(PLAIN,),
        route="",
        service=UPSTREAM,
        timeout_ms=100,
        fails_open=True,
        tells_clients=False,
    )


def test_what_is_written_comes_to() -> None:
    written = {
        "unit": "Day",
        "perClient": True,
        "perHeaders": ["X-User"],
        "perClaims": ["sub"],
        "perRoute": True,
        "cost": {"request": 0, "responseHeader": "X-Cost"},
        "shadow": True,
    }
    found = shared(routes(limited(written, whenUnavailable="Deny", tellClients=True), *COUNTED)[0])
    assert (found.route, found.fails_open, found.tells_clients) == ("HTTPRoute/shop/r", False, True)
    assert found.limits == (
        SharedLimit(
            name="all",
            requests=5,
            unit=LimitUnit.DAY,
            per_client=True,
            headers=("x-user",),
            claims=("sub",),
            per_route=True,
            cost=0,
            cost_header="x-cost",
            is_shadow=True,
        ),
    )
    only = limited({"cost": {"responseHeader": "x-cost"}})
    assert shared(routes(only, *COUNTED)[0]).limits[0].cost == 1


def test_a_gateway_leads_to_who_counts_for_it_before_any_policy_asks() -> None:
    view = scratch(*COUNTED, GATEWAY)
    assert gateway_servers(view, member("Gateway", "shop/gw")) == (GatewayUpstream(GW, UPSTREAM),)


def test_where_nobody_counts_requests_go_on_or_the_rules_are_closed() -> None:
    left_out, closed = routes(limited()), routes(limited(whenUnavailable="Deny"))
    assert not any(isinstance(each, SharedLimits) for route in left_out for each in route.filters)
    assert all(each.action == CANNOT for each in closed)
    assert CANNOT not in [each.action for each in left_out]


@pytest.mark.parametrize(
    ("more", "until"),
    [({}, "requests go on uncounted"), ({"whenUnavailable": "Deny"}, "requests get a 500")],
)
def test_that_nobody_counts_is_said_of_the_policy_and_of_the_rule(more: dict[str, str], until: str) -> None:
    view = view_of(limited(**more))
    outcome = inherited_outcome(view, Member(RoutePolicy, ObjectKey("shop", "fair")))
    assert outcome is not None
    ((verdict,),) = [each.verdicts for each in outcome.ancestors]
    assert (verdict.status, verdict.reason) == (False, "Invalid")
    assert verdict.message.startswith("spec.default.globalLimits: Gateway shop/gw has no rate limit service; ")
    assert until in verdict.message
    (section,) = sections_in_force(view, HTTP, MEMBER, 0)
    assert until in section.problem


def test_who_counts_and_has_no_endpoints_is_said_where_people_ask_why() -> None:
    without = tuple(each for each in COUNTED if each is not READY)
    (section,) = sections_in_force(view_of(limited(whenUnavailable="Deny"), *without), HTTP, MEMBER, 0)
    assert section.problem.endswith("has no ready endpoint; requests get a 503 until then")
    (section,) = sections_in_force(view_of(limited(), *COUNTED), HTTP, MEMBER, 0)
    assert section.problem == ""
    outcome = inherited_outcome(view_of(limited(), *COUNTED), Member(RoutePolicy, ObjectKey("shop", "fair")))
    assert outcome is not None
    assert outcome.ancestors[0].verdicts[0].status


def test_a_section_that_is_disabled_limits_nothing() -> None:
    off = policy("RoutePolicy", "fair", target("HTTPRoute", "r"), default={"globalLimits": {"mode": "Disabled"}})
    assert not any(isinstance(each, SharedLimits) for route in routes(off, *COUNTED) for each in route.filters)
    assert limit_domain(view_of(off), member("RoutePolicy", "shop/fair")) is None
    assert limits_problem(view_of(off), GW, None) == ""


def test_what_a_service_has_to_know_of_a_policy() -> None:
    view = view_of(limited())
    assert limit_domain(view, member("RoutePolicy", "shop/fair")) == LimitDomain(name="shop/fair", limits=(PLAIN,))
    assert limit_domain(view, member("RoutePolicy", "shop/other")) is None


ONCE: dict[str, Any] = {"global": {"rules": [{"limit": {"requests": 5, "unit": "Hour"}}]}}
MERGED: dict[str, Any] = {"mergeType": "StrategicMerge"}


@pytest.mark.parametrize(
    ("near", "domain"),
    [
        (None, "wide"),
        ({"retry": {"numRetries": 1}, **MERGED}, "wide"),
        ({"rateLimit": ONCE, **MERGED}, "near"),
        ({"rateLimit": ONCE}, "near"),
    ],
)
def test_a_policy_of_theirs_counts_with_the_one_that_has_the_limits(near: dict[str, Any] | None, domain: str) -> None:
    wide = foreign("BackendTrafficPolicy", "wide", target("Gateway", "gw"), rateLimit=ONCE)
    below = () if near is None else (delta(foreign("BackendTrafficPolicy", "near", target("HTTPRoute", "r"), **near)),)
    view = scratch(*COUNTED, GATEWAY, CART, ROUTE, delta(wide), *below)
    found = [shared(each.route) for each in governed(view, GovernedKey(RENDER, HTTP))]
    assert {each.domain for each in found} == {f"BackendTrafficPolicy/shop/{domain}"}
