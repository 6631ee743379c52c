from gatewayd.incremental.scratch import Scratch
from gatewayd.translator.mesh.claims import claims
from tests.unit.translator.manifests import member, scratch
from tests.unit.translator.mesh.manifests import ECHO, MESH, route


def said(view: Scratch, of: str = "HTTPRoute shop/r") -> list[tuple[str, str]]:
    found = claims(view, member(*of.split(" ")))
    return [(each.verdict.reason, each.verdict.message) for each in found]


def test_without_a_mesh_nothing_is_said() -> None:
    assert said(scratch(ECHO, route())) == []


def test_hostnames_are_not_looked_at() -> None:
    view = scratch(MESH, ECHO, route(to="name: echo, port: 80", more=", hostnames: [a.example]"))
    assert said(view) == [("Accepted", "spec.hostnames: not looked at where the parent is a Service")]


def test_other_kinds_of_routes_have_no_services_as_parents() -> None:
    view = scratch(MESH, ECHO, route(kind="TCPRoute", to="name: echo, port: 6379"))
    [(reason, message)] = said(view, "TCPRoute shop/r")
    assert (reason, "no TCPRoute may have" in message) == ("UnsupportedValue", True)


def test_a_route_that_can_do_nothing_leads_nothing_away() -> None:
    bad = "[{matches: [{path: {type: RegularExpression, value: '['}}], backendRefs: [{name: echo, port: 80}]}]"
    view = scratch(MESH, ECHO, route(rules=bad))
    [parent] = claims(view, member("HTTPRoute", "shop/r"))
    assert (parent.verdict.reason, parent.frontends) == ("UnsupportedValue", ())


def test_what_gatewayd_fails_on_is_said_of_each_service() -> None:
    assert claims.rescue is not None
    view = scratch(MESH, ECHO, route())
    [parent] = claims.rescue(view, member("HTTPRoute", "shop/r"), ValueError("x"), None)
    assert (parent.verdict.status, parent.frontends) == (False, ())
