from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.meta import ObjectKey
from gatewayd.translator.parents import parent_gateway, parent_refs
from tests.unit.translator.manifests import CLASS, GATEWAY, GW, scratch

SET = """
kind: ListenerSet
metadata: {name: extra, namespace: blog}
spec:
  parentRef: {name: gw, namespace: shop}
  listeners: [{name: http, port: 7000, protocol: HTTP}]
"""
ROUTE = """
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec:
  useDefaultGateways: All
  parentRefs: [{name: gw}, {kind: ListenerSet, name: extra, namespace: blog}, {kind: Service, group: "", name: x}]
"""
DEFAULT = GATEWAY.replace("name: gw", "name: door").replace("spec:", "spec:\n  defaultScope: All")


def test_a_gateway_is_named_or_meant_by_a_set_or_is_everybodys() -> None:
    view = scratch(CLASS, GATEWAY, DEFAULT, SET, ROUTE)
    row = view.get(HTTPRoute, ObjectKey("shop", "r"))
    assert row is not None

    found = [parent_gateway(view, ref, "shop") for ref in parent_refs(view, row)]

    assert found == [GW, GW, None, ObjectKey("shop", "door")]


def test_a_set_that_is_not_there_means_none() -> None:
    view = scratch(CLASS, GATEWAY, ROUTE)
    row = view.get(HTTPRoute, ObjectKey("shop", "r"))
    assert row is not None

    assert parent_gateway(view, row.spec.parent_refs[1], "shop") is None
