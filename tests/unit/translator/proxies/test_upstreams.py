"""What the proxies of a Gateway speak to, by routes and listeners, and which Services that makes policies be for."""

from gatewayd.incremental.scratch import Scratch
from gatewayd.translator.outcomes.policies import upstreams_of
from gatewayd.translator.proxies.upstreams import ServiceUse, route_upstreams, service_uses
from tests.unit.translator.manifests import CART, GATEWAY, GW, SHOP, member, scratch

ROUTE = """
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec:
  parentRefs: [{name: gw}]
  rules:
  - filters: [{type: RequestMirror, requestMirror: {backendRef: {name: shadow, port: 80}}}]
    backendRefs: [{name: cart, port: 80}, {name: nobody, port: 80}]
"""
SHADOW = "{kind: Service, metadata: {name: shadow, namespace: shop}, spec: {ports: [{port: 80}]}}"


def upstreams(view: Scratch) -> list[str]:
    return sorted(each.name for each in route_upstreams(view, member("HTTPRoute", "shop/r")))


def test_who_is_asked_for_consent_is_an_upstream() -> None:
    auth = "{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {name: shadow, port: 80}, http: {}}}"
    route = f"""
kind: HTTPRoute
metadata: {{name: r, namespace: shop}}
spec: {{rules: [{{filters: [{auth}], backendRefs: [{{name: cart, port: 80}}]}}]}}
"""
    assert upstreams(scratch(CART, SHADOW, route)) == ["cart", "shadow"]


def test_whom_a_backend_asks_and_its_mirrors_are_upstreams() -> None:
    auth = "{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {name: shadow, port: 80}, http: {}}}"
    mirror = "{type: RequestMirror, requestMirror: {backendRef: {name: cart, port: 80}}}"
    route = f"""
kind: HTTPRoute
metadata: {{name: r, namespace: shop}}
spec: {{rules: [{{backendRefs: [{{name: nobody, port: 80, filters: [{auth}, {mirror}]}}]}}]}}
"""
    assert upstreams(scratch(CART, SHADOW, route)) == ["cart", "shadow"]


def test_backends_and_mirrors_are_upstreams_and_invalid_ones_are_not() -> None:
    assert upstreams(scratch(SHOP, SHADOW, ROUTE)) == ["cart", "shadow"]


def test_the_services_that_a_route_leads_to() -> None:
    view = scratch(SHOP, ROUTE)
    found = upstreams_of(view, member("HTTPRoute", "shop/r"))
    assert service_uses(found) == (ServiceUse(member("Service", "shop/cart").key, GW),)


def test_the_services_that_listeners_ask() -> None:
    auth = "{type: ExternalAuth, externalAuth: {protocol: GRPC, backendRef: {name: cart, port: 80}, grpc: {}}}"
    guarded = f"protocol: HTTP, hostname: %s.example, filters: {{requests: [{auth}]}}"
    gateway = GATEWAY.replace("protocol: HTTP", guarded % "own").replace(
        "  listeners:", "  allowedListeners: {namespaces: {from: Same}}\n  listeners:"
    )
    more = f"""
kind: ListenerSet
metadata: {{name: more, namespace: shop}}
spec: {{parentRef: {{name: gw}}, listeners: [{{name: l, port: 80, {guarded % "more"}}}]}}
"""
    view = scratch(SHOP, gateway, more)
    use = ServiceUse(member("Service", "shop/cart").key, GW)
    for row in (member("Gateway", "shop/gw"), member("ListenerSet", "shop/more")):
        assert service_uses(upstreams_of(view, row)) == (use,)
