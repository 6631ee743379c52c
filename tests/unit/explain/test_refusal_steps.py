"""What proxies refuse of a route, with their number; who may not read everything is not told the words."""

from gatewayd.explain.steps import Mark, Step
from gatewayd.ir.outcome import FleetReport, StandingRefusal
from gatewayd.xds.resource import CLUSTER, ROUTE
from tests.unit.explain.chains import asked
from tests.unit.translator.manifests import CART, SHOP
from tests.unit.translator.mesh.manifests import ECHO, MESH, route

EDGE = """
kind: HTTPRoute
metadata: {name: r, namespace: shop, generation: 4}
spec:
  parentRefs: [{name: gw}]
  rules: [{backendRefs: [{name: cart, port: 80}]}]
"""
OF_SERVICE = route(to="name: echo, port: 80", rules="[{backendRefs: [{name: cart, namespace: shop, port: 80}]}]")


def refused(type_url: str, name: str, *sources: str) -> list[Step]:
    refusals = (StandingRefusal(type_url=type_url, name=name, message="missing ): (", proxies=1, of=40),)
    report = FleetReport(connected=40, acked_listeners=frozenset({"tcp-80"}), rejections=(), standing=refusals)
    return [each for each in asked("httproute/shop/r", *sources, fleet=report) if each.subject == "refused"]


def test_of_a_gateway() -> None:
    [step] = refused(ROUTE, "80", SHOP, EDGE)
    assert step.says == "spec.rules: 1 of 40 connected proxies refuse the routes of port 80: missing ): ("
    assert step.mark is Mark.BAD
    assert step.for_others.says.startswith("spec.rules: one of several proxies refuses the routes of port 80")
    assert refused(ROUTE, "81", SHOP, EDGE) == []


def test_of_nodes() -> None:
    [step] = refused(CLUSTER, "shop/cart/80/http1", MESH, ECHO, CART, OF_SERVICE)
    refusing = "1 of 40 connected proxies refuse the backend Service shop/cart:80"
    assert step.says == f"spec.rules[0]: {refusing}: missing ): ("
