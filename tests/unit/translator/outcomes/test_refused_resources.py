"""Routes behind what the proxies of nodes refuse; those of Gateways: `test_refused_by_proxies`."""

from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.ir.outcome import FleetReport, StandingRefusal
from gatewayd.store import Delta
from gatewayd.translator.mesh.frontends import Frontend
from gatewayd.translator.mesh.meshes import MESH as NODES
from gatewayd.translator.mesh.tables import table_key
from gatewayd.translator.outcomes.gateways_and_routes import route_outcome
from gatewayd.translator.outcomes.refused_resources import refused_resource
from gatewayd.xds.resource import CLUSTER, ROUTE
from tests.unit.translator.manifests import CART, SHOP, member, scratch
from tests.unit.translator.mesh.manifests import CONSUMER, ECHO, MESH, route

TO_CART = "[{backendRefs: [{name: cart, namespace: shop, port: 80}]}]"
PRODUCER = route(to="name: echo, port: 80", rules=TO_CART)
WORLD = (MESH, ECHO, CART, PRODUCER, CONSUMER)


def told(type_url: str, name: str) -> Delta:
    refusal = StandingRefusal(type_url=type_url, name=name, message="no", proxies=1, of=2)
    report = FleetReport(connected=2, acked_listeners=frozenset(), rejections=(), standing=(refusal,))
    return Delta(kind=FleetReport, key=MESH_FLEET, obj=report)


def said(name: str, *sources: str | Delta) -> list[tuple[str, str]]:
    outcome = route_outcome(scratch(*sources), member("HTTPRoute", name))
    assert outcome is not None
    return [
        (parent.ref.kind, verdict.message)
        for parent in outcome.parents
        for verdict in parent.verdicts
        if verdict.type == "gatewayd.io/RefusedByProxy"
    ]


def table(view: str) -> str:
    return str(table_key(scratch(*WORLD), Frontend(view, "10.96.0.10", 80)))


def test_a_table_of_nodes_is_told_to_the_routes_that_have_the_service_as_parent() -> None:
    refused = told(ROUTE, table(""))
    message = "spec.rules: one of several proxies refuses the routes of Service shop/echo, port 80"
    assert said("shop/r", *WORLD, refused) == [("Service", f"{message} and goes on with what it had: no")]
    assert said("blog/own", *WORLD, refused) == []


def test_callers_with_routes_of_their_own_have_a_table_of_their_own() -> None:
    refused = told(ROUTE, table("blog"))
    assert said("shop/r", *WORLD, refused) == []
    assert len(said("blog/own", *WORLD, refused)) == 1


def test_a_backend_of_nodes_is_told_to_the_rules_that_lead_there_for_services_alone() -> None:
    both = """
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec:
  parentRefs: [{name: gw}, {group: "", kind: Service, name: echo, port: 80}]
  rules: [{backendRefs: [{name: cart, port: 80}]}]
"""
    [(kind, message)] = said("shop/r", SHOP, MESH, ECHO, both, told(CLUSTER, "shop/cart/80/http1"))
    assert kind == "Service"
    assert message.startswith("spec.rules[0]: one of several proxies refuses the backend Service shop/cart:80")


def test_words_for_others_are_in_the_log_since_nodes_have_no_events() -> None:
    till = "{kind: Service, metadata: {name: till, namespace: bank}, spec: {ports: [{port: 80}]}}"
    elsewhere = route(to="name: echo, port: 80", rules="[{backendRefs: [{name: till, namespace: bank, port: 80}]}]")
    [(_, message)] = said("shop/r", MESH, ECHO, till, elsewhere, told(CLUSTER, "bank/till/80/http1"))
    assert message.endswith("goes on with what it had; gatewayd's log has the words")


def test_what_is_not_there_has_no_route_behind_it() -> None:
    view = scratch(*WORLD)
    for type_url, name in ((ROUTE, "80"), (ROUTE, "15001/10.96.0.99:80"), (CLUSTER, "none"), (CLUSTER, "a/b/1/http1")):
        refusal = StandingRefusal(type_url=type_url, name=name, message="no", proxies=1, of=2)
        assert refused_resource(view, NODES, refusal) is None
