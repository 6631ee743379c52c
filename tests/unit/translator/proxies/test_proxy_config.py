import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.translator.proxies.proxy_config import gateway_proxy, proxy_config
from gatewayd.translator.proxies.upstreams import gateway_upstreams
from gatewayd.translator.proxies.virtualhosts import TableKey, served_tables
from tests.unit.translator.manifests import CART, CLASS, GATEWAY, GW, SHOP, member, scratch

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


def config(*manifests: str) -> ProxyConfig:
    found = proxy_config(scratch(*manifests), GW)
    assert found is not None
    return found


@pytest.mark.parametrize("allowed", ["All", "None"])
def test_whom_listeners_ask_is_an_upstream_of_their_gateway(allowed: str) -> None:
    auth = "{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {name: %s, port: 80}, http: {}}}"
    listener = "{name: %s, hostname: %s.example, port: 80, protocol: HTTP, filters: {requests: [%s]}}"
    own = listener % ("own", "own", auth % "shadow")
    more = listener % ("more", "more", auth % "cart")
    texts = f"""
kind: Gateway
metadata: {{name: gw, namespace: shop}}
spec: {{gatewayClassName: gatewayd, listeners: [{own}], allowedListeners: {{namespaces: {{from: {allowed}}}}}}}
---
kind: ListenerSet
metadata: {{name: set, namespace: shop}}
spec: {{parentRef: {{name: gw}}, listeners: [{more}]}}
"""
    names = [each.upstream.name for each in config(CLASS, CART, SHADOW, texts).clusters]
    assert names == (["cart", "shadow"] if allowed == "All" else ["shadow"])


def test_a_detached_route_needs_no_cluster() -> None:
    view = scratch(SHOP, SHADOW, ROUTE.replace("name: gw", "name: gw, sectionName: nope"))
    assert gateway_upstreams(view, member("HTTPRoute", "shop/r")) == ()
    found = proxy_config(view, GW)
    assert found is not None
    assert found.clusters == ()


def test_the_config_of_a_gateway() -> None:
    found = config(SHOP, SHADOW, ROUTE)
    assert found.fleet == GatewayFleet(namespace="shop", name="gw")
    assert found.address == "0.0.0.0"
    assert [each.name for each in found.listeners] == ["tcp-80"]
    assert [(each.key.port, each.key.listener) for each in found.route_tables] == [(80, "")]
    assert [each.upstream.name for each in found.clusters] == ["cart", "shadow"]


def test_clusters_are_shared_by_routes_and_sorted() -> None:
    twice = ROUTE.replace("name: r,", "name: s,")
    assert [each.upstream.name for each in config(SHOP, SHADOW, ROUTE, twice).clusters] == ["cart", "shadow"]


def test_a_gateway_without_routes_listens() -> None:
    found = config(SHOP)
    assert len(found.listeners) == 1
    assert found.clusters == ()


def test_a_gateway_that_is_not_ours_has_no_config() -> None:
    assert proxy_config(scratch(GATEWAY, CART), GW) is None
    assert proxy_config(scratch(CLASS), GW) is None
    assert gateway_proxy(scratch(CLASS), member("Gateway", "shop/gw")) is None


def test_every_gateway_has_its_own_clusters() -> None:
    other = GATEWAY.replace("name: gw", "name: other")
    view = scratch(SHOP, other, SHADOW, ROUTE)
    found = proxy_config(view, ObjectKey("shop", "other"))
    assert found is not None
    assert found.clusters == ()


def test_tables() -> None:
    entries = (
        "[{name: a, port: 80, protocol: HTTP}, {name: b, port: 80, protocol: HTTP, hostname: b.example},"
        " {name: c, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: x}]}},"
        " {name: d, port: 1, protocol: TCP}]"
    )
    view = scratch(CLASS, GATEWAY.replace("[{name: http, port: 80, protocol: HTTP}]", entries))
    # "c" has no certificate: nobody could ask for its table.
    assert served_tables(view, member("Gateway", "shop/gw")) == {TableKey(GW, 80, "")}


def test_layer_4_routes_have_upstreams_too() -> None:
    tcp = """
        kind: TCPRoute
        metadata: {name: t, namespace: shop}
        spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: cart, port: 80}, {name: nobody, port: 80}]}]}
    """
    listener = GATEWAY.replace("protocol: HTTP", "protocol: TCP")
    found = config(CLASS, listener, CART, tcp)
    assert [(each.upstream.name, each.upstream.protocol) for each in found.clusters] == [("cart", "tcp")]
