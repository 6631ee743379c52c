from tests.unit.api.documents import accepted, document, listener, problems


def test_a_listener_set() -> None:
    made = accepted(document("ListenerSet", spec={"parentRef": {"name": "gw"}, "listeners": [listener()]}))
    assert made.spec.parent_ref.kind == "Gateway"
    assert made.spec.listeners[0].port == 80


def test_parent_and_listeners_are_required() -> None:
    assert problems(document("ListenerSet", spec={})) == ["spec.parentRef: is required", "spec.listeners: is required"]
