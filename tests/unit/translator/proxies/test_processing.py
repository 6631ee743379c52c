from typing import Any

import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.explain.policies import sections_in_force
from gatewayd.incremental.scratch import Scratch
from gatewayd.incremental.view import Member
from gatewayd.ir.backend import Protocol, Upstream
from gatewayd.ir.http import CANNOT, Route
from gatewayd.ir.processing import DEFAULT_PROCESSING_MS, Processing, ShownBody
from gatewayd.translator.backends.backend_refs import GatewayUpstream
from gatewayd.translator.outcomes.inherited import inherited_outcome
from gatewayd.translator.proxies.at_listener import GovernedKey, governed
from gatewayd.translator.proxies.upstreams import gateway_upstreams
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import GW, SHOP, delta, scratch
from tests.unit.translator.proxies.test_at_listener import HTTP, MEMBER, RENDER, ROUTE

WAF = """
kind: Service
metadata: {name: waf, namespace: shop}
spec: {ports: [{name: grpc, port: 9000}]}
"""
UPSTREAM = Upstream(kind="Service", namespace="shop", name="waf", port=9000, protocol=Protocol.HTTP2)


def shown(**section: Any) -> dict[str, Any]:
    given = {"backendRef": {"name": "waf", "port": 9000}, "request": {}, **section}
    return policy("RoutePolicy", "waf", target("HTTPRoute", "r", "first"), default={"externalProcessing": given})


def view_of(document: dict[str, Any], *services: str) -> Scratch:
    return scratch(SHOP, ROUTE, *services, delta(document))


def routes(document: dict[str, Any], *services: str) -> list[Route]:
    return [each.route for each in governed(view_of(document, *services), GovernedKey(RENDER, HTTP))]


def seen(route: Route) -> list[Processing]:
    return [each for each in route.filters if isinstance(each, Processing)]


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({}, (ShownBody.NONE, None, DEFAULT_PROCESSING_MS, False)),
        (
            {"request": {"body": "Buffered"}, "response": {"body": "Streamed"}, "timeout": "1s", "failOpen": True},
            (ShownBody.WHOLE, ShownBody.PIECES, 1000, True),
        ),
        ({"timeout": "0s"}, (ShownBody.NONE, None, 1, False)),
    ],
)
def test_what_is_written_comes_to(section: dict[str, Any], expected: tuple[Any, ...]) -> None:
    first, *others = routes(shown(**section), WAF)
    (found,) = seen(first)
    assert found.upstream == UPSTREAM
    assert (found.request, found.response, found.timeout_ms, found.fails_open) == expected
    assert not any(map(seen, others))


def test_the_server_is_an_upstream_of_the_gateway() -> None:
    assert GatewayUpstream(GW, UPSTREAM) in gateway_upstreams(view_of(shown(), WAF), MEMBER)


ABSENT = 'backendRef: Service "shop/waf" does not exist'


def test_a_server_that_is_not_there_closes_its_scope_and_says_so_though_it_fails_open() -> None:
    document = shown(failOpen=True)
    assert [each.action == CANNOT for each in routes(document)] == [True, False, False]
    outcome = inherited_outcome(view_of(document), Member(RoutePolicy, ObjectKey("shop", "waf")))
    assert outcome is not None
    ((verdict,),) = [each.verdicts for each in outcome.ancestors]
    assert (verdict.status, verdict.reason) == (False, "Invalid")
    assert verdict.message == f"spec.default.externalProcessing.{ABSENT}; requests get a 500 until then"
    (section,) = sections_in_force(view_of(document), HTTP, MEMBER, 0)
    assert section.problem == f"{ABSENT}; requests get a 500 until then"


def test_no_plain_text_is_sent_where_tls_was_asked_for() -> None:
    broken = """
kind: BackendTLSPolicy
metadata: {name: waf, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: waf}]
  validation: {hostname: waf.example, caCertificateRefs: [{group: "", kind: ConfigMap, name: nothing}]}
"""
    assert routes(shown(), WAF, broken)[0].action == CANNOT


def test_a_default_can_be_turned_off() -> None:
    wide = policy(
        "RoutePolicy",
        "all",
        target("HTTPRoute", "r"),
        default={"externalProcessing": {"backendRef": {"name": "waf", "port": 9000}, "response": {}}},
    )
    off = policy(
        "RoutePolicy", "off", target("HTTPRoute", "r", "first"), default={"externalProcessing": {"mode": "Disabled"}}
    )
    view = scratch(SHOP, ROUTE, WAF, delta(wide), delta(off))
    found = [seen(each.route) for each in governed(view, GovernedKey(RENDER, HTTP))]
    assert [len(each) for each in found] == [0, 1, 1]
