from gatewayd.api.meta import ObjectKey
from tests.unit.api.documents import accepted, document, listener, problems


def test_a_listener_set() -> None:
    made = accepted(document("ListenerSet", spec={"parentRef": {"name": "gw"}, "listeners": [listener()]}))
    assert made.spec.parent_ref.kind == "Gateway"
    assert made.spec.listeners[0].port == 80


def test_its_parent_is_of_its_own_namespace_where_none_is_named() -> None:
    spec = {"parentRef": {"name": "gw"}, "listeners": [listener()]}
    own = accepted(document("ListenerSet", spec=spec))
    away = accepted(document("ListenerSet", spec={**spec, "parentRef": {"name": "gw", "namespace": "edge"}}))
    assert own.parent == ObjectKey(own.metadata.namespace, "gw")
    assert away.parent == ObjectKey("edge", "gw")


def test_parent_and_listeners_are_required() -> None:
    assert problems(document("ListenerSet", spec={})) == ["spec.parentRef: is required", "spec.listeners: is required"]
