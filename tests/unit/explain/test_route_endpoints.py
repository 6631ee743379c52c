import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.explain.route_endpoints import ready_endpoints
from gatewayd.offline.translate import offline, standalone_environment
from tests.unit.translator.manifests import SHOP, deltas

ROUTE = """
kind: HTTPRoute
metadata: {name: it, namespace: shop}
spec:
  parentRefs: [{name: %s}]
  rules: [%s]
"""
CART = "{backendRefs: [{name: cart, port: 80}]}"


@pytest.mark.parametrize(
    ("parent", "rules", "count"),
    [
        ("gw", CART, 1),
        ("gw", f"{CART}, {{matches: [{{path: {{value: /a}}}}], backendRefs: [{{name: cart, port: 80}}]}}", 1),
        ("gw", "{backendRefs: [{name: cart, port: 80, weight: 0}]}", None),
        ("gw", "{backendRefs: [{name: none, port: 80}]}", None),
        ("gw", "{filters: [{type: RequestRedirect, requestRedirect: {hostname: a.example}}]}", None),
        ("other", CART, None),
    ],
)
def test_each_backend_that_gets_traffic_is_counted_once(parent: str, rules: str, count: int | None) -> None:
    engine = offline(deltas(SHOP, ROUTE % (parent, rules)), standalone_environment("127.0.0.1", 0, None)).store.engine

    assert ready_endpoints(engine, "HTTPRoute", ObjectKey("shop", "it")) == count
