from dataclasses import replace

from gatewayd.explain.mesh_trace import callers as whose
from gatewayd.ir.outcome import FleetReport, Rejection
from tests.unit.explain.chains import asked, bad, lines
from tests.unit.translator.manifests import CART, SHOP
from tests.unit.translator.mesh.manifests import CONSUMER, ECHO, MESH, callers, policy, route

NOBODY = FleetReport(connected=0, acked_listeners=frozenset(), rejections=())
TO_CART = "[{backendRefs: [{name: cart, namespace: shop, port: 80}]}]"
PRODUCER = route(to="name: echo, port: 80", rules=TO_CART)


def test_a_route_tells_whose_requests_it_gets_and_who_has_others() -> None:
    steps = lines(asked("httproute/shop/r", MESH, ECHO, CART, PRODUCER, CONSUMER))
    assert (
        "    requests to 10.96.0.10:80: callers of any namespace, but of blog, which have routes of their own" in steps
    )
    assert "      proxies: 2 connected" in steps
    assert "    Service shop/cart:80, weight 1: 1 endpoint ready" in steps
    own = lines(asked("httproute/blog/own", MESH, ECHO, CART, CONSUMER))
    assert "    requests to 10.96.0.10:80: callers of namespace 'blog'" in own


def test_without_a_mesh_a_service_is_somebody_elses() -> None:
    [why] = bad(asked("httproute/shop/r", ECHO, CART, PRODUCER))
    assert why.startswith("parent Service shop/echo: there is no mesh of gatewayd")


def test_what_is_no_parent_is_told() -> None:
    [why] = bad(asked("httproute/shop/r", MESH, CART, PRODUCER))
    assert why.endswith('spec.parentRefs[0]: Service "shop/echo" does not exist')


def test_rules_that_differ_by_parent_are_told_for_each() -> None:
    both = """
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec:
  parentRefs: [{name: gw}, {group: "", kind: Service, name: echo, port: 80}]
  rules: [{backendRefs: [{name: cart, namespace: %s, port: 80}]}]
"""
    same = lines(asked("httproute/shop/r", SHOP, MESH, ECHO, both % "shop"))
    assert sum("any path: forwards" in each for each in same) == 1
    elsewhere = CART.replace("namespace: shop", "namespace: far")
    differ = asked("httproute/shop/r", SHOP, MESH, ECHO, elsewhere, both % "far")
    assert sum("any path: forwards" in each for each in lines(differ)) == 2
    assert any("RefNotPermitted" in each for each in bad(differ))


def test_proxies_that_are_not_there_or_refuse_something() -> None:
    refusing = replace(NOBODY, connected=1, rejections=(Rejection(type_url="t", names=("n",), message="no"),))
    for report, words in ((NOBODY, "that of no node is connected"), (refusing, "refused something: no")):
        assert f"proxies: {words}" in bad(asked("httproute/shop/r", MESH, ECHO, CART, PRODUCER, fleet=report))
    assert "      proxies: not asked, nothing is running" in lines(
        asked("httproute/shop/r", MESH, ECHO, CART, PRODUCER, fleet=None)
    )


def test_a_mesh_tells_of_its_proxies_and_of_each_view() -> None:
    steps = lines(asked("xmesh/mesh", MESH, ECHO, CART, PRODUCER, CONSUMER))
    assert "  callers of any namespace: 1 addresses and ports of Services, by port 15001 of the proxies" in steps
    assert any(each.startswith("  callers of namespace 'blog': 2 addresses") for each in steps)
    other = lines(asked("xmesh/mesh", MESH.replace("gatewayd.io", "other.example")))
    assert other == ["XMesh mesh: is of another controller: other.example/controller"]


def test_policies_and_whom_they_name() -> None:
    named = callers("[{namespaces: [blog, far]}]", "kind: Namespace")
    times = policy("RoutePolicy", "default: {timeouts: {request: 1s}}").replace("name: p", "name: q", 1)
    steps = lines(asked("httproute/shop/r", MESH, ECHO, CART, PRODUCER, CONSUMER, named, times))
    apart = "callers of any namespace, but of blog, which have routes of their own; of far apart, which a policy names"
    assert f"    requests to 10.96.0.10:80: {apart}" in steps
    assert any(each.startswith("      policy: spec.default.authorization ") for each in steps)
    assert any(each.startswith("      policy: spec.default.timeouts ") for each in steps)
    places = lines(asked("routepolicy/shop/q", MESH, ECHO, CART, PRODUCER, CONSUMER, times))
    assert "  spec.default.timeouts: in force at 1 place: HTTPRoute shop/r rule 0 for Service shop/echo" in places


def test_whose_requests() -> None:
    assert (whose(""), whose("a")) == ("callers of any namespace", "callers of namespace 'a'")
