from gatewayd.api.gateway import Gateway
from gatewayd.ir.proxy import Declared
from gatewayd.translator.gateways.declared import DECLARATIONS, declared, declaring
from gatewayd.translator.gateways.listeners import ListenerKey
from tests.unit.translator.manifests import CLASS, GW, scratch

GATEWAY = """
kind: Gateway
metadata: {name: gw, namespace: shop, uid: gw-uid, generation: 3}
spec:
  gatewayClassName: gatewayd
  allowedListeners: {namespaces: {from: Same}}
  listeners: [{name: http, port: 80, protocol: HTTP}]
"""


def listener_set(namespace: str = "shop") -> str:
    return f"""
kind: ListenerSet
metadata: {{name: more, namespace: {namespace}, uid: set-uid, generation: 5}}
spec:
  parentRef: {{name: gw, namespace: shop}}
  listeners: [{{name: more, port: 81, protocol: HTTP}}]
"""


def test_a_gateway_and_its_sets_declare_its_listeners() -> None:
    view = scratch(CLASS, GATEWAY, listener_set())
    assert set(view.collect(DECLARATIONS, GW, declared)) == {
        Declared(uid="gw-uid", generation=3),
        Declared(uid="set-uid", generation=5),
    }


def test_a_set_that_is_not_let_in_declares_nothing() -> None:
    view = scratch(CLASS, GATEWAY, listener_set("elsewhere"))
    assert list(view.collect(DECLARATIONS, GW, declared)) == [Declared(uid="gw-uid", generation=3)]


def test_a_gateway_of_another_controller_declares_nothing() -> None:
    assert list(scratch(GATEWAY).collect(DECLARATIONS, GW, declared)) == []


def test_a_listener_is_declared_by_the_object_that_it_stands_in() -> None:
    view = scratch(CLASS, GATEWAY, listener_set())
    assert declaring(view, ListenerKey("Gateway", "shop", "gw", "http")) == Declared(uid="gw-uid", generation=3)
    assert declaring(view, ListenerKey("ListenerSet", "shop", "more", "more")) == Declared(uid="set-uid", generation=5)
    assert declaring(view, ListenerKey(Gateway.__name__, "shop", "gone", "http")) is None
