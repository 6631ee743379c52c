from gatewayd.translator.mesh.callers import named_callers
from gatewayd.translator.mesh.consumers import assigned, view_ports
from tests.unit.translator.manifests import member, scratch
from tests.unit.translator.mesh.manifests import CONSUMER, ECHO, MESH, callers, route

R = member("HTTPRoute", "shop/r")
NAMED = callers("[{namespaces: [blog, far]}, {methods: [GET]}]", "kind: Namespace")


def test_whom_a_policy_names_has_a_view() -> None:
    view = scratch(MESH, ECHO, route(), NAMED)
    assert named_callers(view, R) == {"blog", "far"}
    assert set(view_ports(view, ())) == {"", *assigned(["blog", "far"])}


def test_nobody_has_one_where_no_route_is_for_everybody() -> None:
    view = scratch(MESH, ECHO, CONSUMER, callers("[{namespaces: [far]}]", "kind: Namespace", "blog"))
    assert named_callers(view, member("HTTPRoute", "blog/own")) == frozenset()
    assert named_callers(scratch(MESH, ECHO, route()), R) == frozenset()
    assert named_callers(scratch(MESH, ECHO, NAMED), R) == frozenset()


def test_what_gatewayd_fails_on_names_nobody() -> None:
    assert named_callers.rescue is not None
    assert named_callers.rescue(scratch(MESH), R, ValueError("x"), None) == frozenset()
