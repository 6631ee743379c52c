"""What proxies refuse, said of the routes behind it: whose, through which parent, by how many, and in whose words."""

import pytest

from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.ingress import Ingress
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Member
from gatewayd.ir import limits
from gatewayd.ir.environment import HERE, Environment
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.host_groups import group_number
from gatewayd.ir.http import RouteDiscovery
from gatewayd.ir.outcome import FleetReport, IngressOutcome, RouteOutcome, StandingRefusal
from gatewayd.offline.translate import standalone_environment
from gatewayd.store import Delta
from gatewayd.translator.outcomes import refused_by_proxies as module
from gatewayd.translator.outcomes.gateways_and_routes import outcome_query, route_outcome
from tests.unit.translator.ingress_manifests import CART_PORT, WEB, ingress
from tests.unit.translator.manifests import CLASS, scratch

FLEET = GatewayFleet(namespace="infra", name="gw")
HERE_AND_NOW = Delta(kind=Environment, key=HERE, obj=standalone_environment("127.0.0.1", 0, None))
PER_HOST = Delta(kind=Environment, key=HERE, obj=standalone_environment("127.0.0.1", 0, RouteDiscovery.PER_HOST))
TYPES = {
    "RDS": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
    "SRDS": "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration",
    "CDS": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
    "EDS": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
    "LDS": "type.googleapis.com/envoy.config.listener.v3.Listener",
}
WORLD = f"""
{CLASS}
---
kind: Gateway
metadata: {{name: gw, namespace: infra, generation: 1}}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {{name: http, port: 80, protocol: HTTP, allowedRoutes: {{namespaces: {{from: All}}}}}}
  - {{name: other, port: 81, protocol: HTTP, allowedRoutes: {{namespaces: {{from: All}}}}}}
---
kind: Service
metadata: {{name: cart, namespace: shop}}
spec: {{ports: [{{name: web, port: 80}}]}}
"""


def route(name: str, *hosts: str, namespace: str = "shop", section: str = "http") -> str:
    return f"""
---
kind: HTTPRoute
metadata: {{name: {name}, namespace: {namespace}, generation: 1}}
spec:
  parentRefs: [{{name: gw, namespace: infra, sectionName: {section}}}]
  hostnames: [{", ".join(f'"{each}"' for each in hosts)}]
  rules:
  - {{matches: [{{path: {{value: /a}}}}], filters: [{{type: RequestRedirect, requestRedirect: {{scheme: https}}}}]}}
  - {{backendRefs: [{{name: cart, port: 80}}]}}
"""


A, B = route("a", "a.example"), route("b", "b.example")


def refused(kind: str, name: str, proxies: int = 1, of: int = 1, message: str = "missing ): (") -> StandingRefusal:
    return StandingRefusal(type_url=TYPES[kind], name=name, message=message, proxies=proxies, of=of)


def told(*refusals: StandingRefusal) -> Delta:
    report = FleetReport(connected=1, acked_listeners=frozenset(), rejections=(), standing=refusals)
    return Delta(kind=FleetReport, key=FLEET, obj=report)


def said(*sources: str | Delta, name: str = "shop/a", table: type = HTTPRoute) -> list[str]:
    """Return what is said of a route, one message for each parent of which something is."""
    view = scratch(HERE_AND_NOW, WORLD, *sources)
    outcome = outcome_query(table)(view, Member(table, ObjectKey(*name.split("/"))))
    assert isinstance(outcome, RouteOutcome | IngressOutcome)
    verdicts = [each for each in outcome.all_verdicts if each.type == "gatewayd.io/RefusedByProxy"]
    assert all(each.status and each.reason == "RefusedByProxy" for each in verdicts)
    return [each.message for each in verdicts]


def test_nothing_is_said_while_nothing_is_refused() -> None:
    assert said(A) == said(A, told()) == []


def test_a_route_table_is_told_to_the_routes_of_it() -> None:
    assert said(A, told(refused("RDS", "80"))) == [
        "spec.rules: all connected proxies refuse the routes of port 80 and go on with what they had: missing ): ("
    ]
    assert said(A, told(refused("RDS", "81"))) == []
    assert said(A, told(refused("RDS", "80/other"))) == []


@pytest.mark.parametrize("kind", ["LDS", "CDS"])
@pytest.mark.parametrize("name", ["tcp-80", "udp/80", "trust/none", ":", "80:", "", "no/such/80/http1"])
def test_what_no_route_is_behind_is_told_to_none(kind: str, name: str) -> None:
    assert said(A, told(refused(kind, name))) == []


@pytest.mark.parametrize("name", ["tcp-80", "udp/80", ":", "x:=a.example", "99999999", "65536"])
def test_a_name_of_no_table_is_told_to_none(name: str) -> None:
    assert said(A, told(refused("RDS", name))) == []


def test_how_many_refuse_it_is_said_in_words_that_stay() -> None:
    def who(proxies: int, of: int) -> str:
        [message] = said(A, told(refused("RDS", "80", proxies, of)))
        return message.removeprefix("spec.rules: ").partition(" refuse")[0]

    assert {who(1, 1), who(3, 3)} == {"all connected proxies"}
    assert {who(1, 2), who(1, 40)} == {"one of several proxies"}
    assert {who(2, 3), who(39, 40)} == {"some of several proxies"}


def test_words_go_to_no_other_namespace() -> None:
    other = route("b", "b.example", namespace="team")
    for name in ("shop/a", "team/b"):
        [message] = said(A, other, told(refused("RDS", "80", message="of the other: 'secret'")), name=name)
        refusing = "all connected proxies refuse the routes of port 80 and go on with what they had"
        assert message == f"spec.rules: {refusing}; an Event of the Gateway has the words"


def test_of_several_parents_the_one_through_which_it_got_there() -> None:
    both = A.replace("sectionName: http}]", "sectionName: http}, {name: gw, namespace: infra, sectionName: other}]")
    outcome = route_outcome(
        scratch(HERE_AND_NOW, WORLD, both, told(refused("RDS", "81"))), Member(HTTPRoute, ObjectKey("shop", "a"))
    )
    assert outcome is not None
    types = [[each.type for each in parent.verdicts] for parent in outcome.parents]
    assert types == [["Accepted", "ResolvedRefs"], ["Accepted", "ResolvedRefs", "gatewayd.io/RefusedByProxy"]]
    assert len(said(both, told(refused("CDS", "shop/cart/80/http1")))) == 2


@pytest.mark.parametrize(
    ("name", "routes"),
    [
        ("80:=a.example", ["a", "wild"]),
        ("80:a.example", ["a", "wild"]),
        (f"80:#{group_number('b.example')}", ["b"]),
        ("80:*", ["wild"]),
        ("80:=c.example", []),
    ],
)
def test_where_hosts_are_discovered_it_is_those_of_the_host(name: str, routes: list[str]) -> None:
    world = (PER_HOST, route("a", "a.example"), route("b", "b.other"), route("wild", "*.example"))
    kind = "SRDS" if name == "80:a.example" else "RDS"
    name = name.replace(str(group_number("b.example")), str(group_number("b.other")))
    found = [each for each in ("a", "b", "wild") if said(*world, told(refused(kind, name)), name=f"shop/{each}")]
    assert found == routes
    if name == "80:=a.example":
        [message] = said(*world, told(refused(kind, name)))
        assert 'the routes of host "a.example", port 80' in message


@pytest.mark.parametrize("kind", ["CDS", "EDS"])
def test_a_backend_is_told_to_the_rules_that_lead_there(kind: str) -> None:
    redirecting = A.partition("  - {backendRefs")[0].replace("name: a,", "name: r,")
    world = (A, redirecting, told(refused(kind, "shop/cart/80/http1")))
    [message] = said(*world)
    refusing = "all connected proxies refuse the backend Service shop/cart:80 and go on with what they had"
    assert message == f"spec.rules[1]: {refusing}: missing ): ("
    assert said(*world, name="shop/r") == []


def test_what_is_said_of_a_backend_stays_in_its_namespace() -> None:
    elsewhere = route("a", "a.example", namespace="team").replace("name: cart,", "name: cart, namespace: shop,")
    grant = """
---
kind: ReferenceGrant
metadata: {name: all, namespace: shop}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: team}]
  to: [{group: "", kind: Service}]
"""
    [message] = said(elsewhere, grant, told(refused("CDS", "shop/cart/80/http1")), name="team/a")
    assert message.endswith("; an Event of the Gateway has the words")


def test_an_ingress_is_told_by_its_gateway() -> None:
    web = f"---{WEB.replace('namespace: shop', 'namespace: infra')}---"
    of_class = f"{web}{ingress(f'defaultBackend: {CART_PORT}', name='a')}"
    [message] = said(of_class, told(refused("RDS", "80")), table=Ingress)
    assert "the routes of port 80" in message


def test_of_one_route_so_much_is_named() -> None:
    names = ("80", "80:=a.example", "80:a.example", "80:*")
    everything = tuple(refused("RDS", name, message=str(at)) for at, name in enumerate((*names, "80", "80")))
    [message] = said(A, route("w", "*.example"), told(*everything, refused("CDS", "shop/cart/80/http1")))
    assert message.count(" refuse ") == 4
    assert message.endswith("; and 2 more")


def test_so_many_are_told_and_what_stands_alone_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REFUSED_ROUTES_TOLD", 3)
    world = tuple(route(f"r{number}", f"r{number}.example") for number in range(5))
    report = told(refused("RDS", "80"), refused("RDS", "80:=r4.example"))
    found = [each for each in range(5) if said(*world, report, name=f"shop/r{each}")]
    assert found == [0, 1, 4]
    assert limits.REFUSED_ROUTES_TOLD == 100
