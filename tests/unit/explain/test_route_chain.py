"""The chain of a route names the first place where it breaks, and only there says NO."""

import pytest

from gatewayd.explain.steps import Mark, Step
from gatewayd.ir.outcome import FleetReport, Rejection
from tests.unit.explain.chains import NO_PROXY_ASKED, SYNCED, asked, bad
from tests.unit.translator.manifests import CART, SHOP

ROUTE = """
kind: HTTPRoute
metadata: {name: it, namespace: shop, generation: 4}
spec:
  parentRefs: [{name: gw}]
  hostnames: [a.example]
  rules: [{backendRefs: [{name: cart, port: 80}]}]
"""


def chain(route: str, fleet: FleetReport | None = SYNCED, kind: str = "HTTPRoute") -> tuple[Step, ...]:
    return asked(f"{kind}/shop/it", SHOP, route, fleet=fleet)


def test_a_route_that_works_has_no_bad_step() -> None:
    steps = chain(ROUTE)
    assert bad(steps) == []
    assert [(each.depth, each.subject) for each in steps] == [
        (0, "HTTPRoute shop/it"),
        (1, "parent Gateway shop/gw"),
        (2, "listener http :80"),
        (3, "proxies"),
        (1, "rule 0, match 0: any path"),
        (2, "Service shop/cart:80, weight 1"),
    ]
    assert steps[2].says == "hosts: a.example"
    assert steps[-1].says == "1 endpoint ready"


def test_a_route_that_never_gets_a_request_is_bad() -> None:
    copy = ROUTE.replace("name: it", "name: copy")

    assert bad(asked("httproute/shop/it", SHOP, ROUTE, copy)) == [
        "rule 0, match 0: never gets a request; HTTPRoute shop/copy spec.rules[0].matches[0] takes all of it"
    ]
    assert bad(asked("httproute/shop/copy", SHOP, ROUTE, copy)) == []


def test_nothing_is_said_of_proxies_when_nobody_can_be_asked() -> None:
    assert bad(chain(ROUTE, NO_PROXY_ASKED)) == []


@pytest.mark.parametrize(
    ("fleet", "says"),
    [
        (FleetReport(connected=0, acked_listeners=frozenset(), rejections=()), "none is connected"),
        (
            FleetReport(connected=1, acked_listeners=frozenset(), rejections=()),
            "1 connected; the listener is not acknowledged yet",
        ),
        (
            FleetReport(
                connected=1,
                acked_listeners=frozenset(),
                rejections=(Rejection(type_url="t", names=("tcp-80",), message="no room"),),
            ),
            "refused something: no room",
        ),
    ],
)
def test_proxies_that_do_not_have_it(fleet: FleetReport, says: str) -> None:
    assert bad(chain(ROUTE, fleet)) == [f"proxies: {says}"]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("name: gw}", "name: gw, sectionName: nope}", "has no listener with sectionName 'nope'"),
        ("name: gw}", "name: none}", "leads to no Gateway of gatewayd"),
        ("name: cart, port: 80", "name: none, port: 80", 'Service "shop/none" does not exist'),
        ("name: cart, port: 80", "name: cart, port: 81", 'Service "shop/cart" has no port 81'),
        ("name: cart, port: 80", "name: cart, port: 80, weight: 0", "no backend has any weight: 500"),
    ],
)
def test_the_place_where_it_breaks_is_named(before: str, after: str, says: str) -> None:
    assert any(says in each for each in bad(chain(ROUTE.replace(before, after))))


def test_a_route_that_does_not_exist() -> None:
    assert bad(chain(ROUTE, kind="GRPCRoute")) == ["GRPCRoute shop/it: does not exist"]


def test_endpoints_that_are_left_out_are_said() -> None:
    more = """
kind: EndpointSlice
metadata: {name: cart-2, namespace: shop, labels: {kubernetes.io/service-name: cart}}
addressType: IPv4
ports: [{name: web, port: 8080}]
endpoints: [{addresses: [127.0.0.1]}]
"""
    (said,) = bad(chain(f"{ROUTE}---{more}"))
    assert said.startswith("endpoints: EndpointSlice shop/cart-2 endpoints[0].addresses[0]: left out, 127.0.0.1 is")


def test_policies_of_a_backend_stand_below_it() -> None:
    policy = """---
kind: BackendPolicy
metadata: {name: calm, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: cart}]
  default: {limits: {requests: 3}}
"""
    steps = chain(ROUTE + policy)
    at = next(number for number, each in enumerate(steps) if each.subject.startswith("Service shop/cart"))
    assert steps[at + 1].subject == "policy"
    assert steps[at + 1].says.startswith('spec.default.limits {"requests":3} of BackendPolicy shop/calm')


def test_who_takes_over_is_no_503() -> None:
    spare = CART.replace("cart", "spare")
    empty = SHOP.replace("endpoints: [{addresses: [10.0.0.1]}]", "endpoints: []")
    policy = """
kind: BackendPolicy
metadata: {name: it, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: cart}]
  default: {failover: {services: [{name: spare, port: 80}]}}
"""
    steps = asked("httproute/shop/it", empty, spare, policy, ROUTE)
    (backend,) = [each for each in steps if each.subject == "Service shop/cart:80, weight 1"]
    assert (backend.mark, backend.says) == (Mark.GOOD, "1 endpoint ready, of those that take over")
