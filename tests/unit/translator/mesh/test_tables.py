from gatewayd.ir.http import CANNOT, Redirect, RouteTable
from gatewayd.ir.mesh import PRODUCER_PORT
from gatewayd.translator.mesh.consumers import assigned
from gatewayd.translator.mesh.frontends import Frontend
from gatewayd.translator.mesh.tables import frontend_table
from tests.unit.translator.manifests import scratch
from tests.unit.translator.mesh.manifests import CONSUMER, ECHO, MESH, route

WEB = Frontend("", "10.96.0.10", 80)
PATHS = "[{matches: [{path: {value: /%s}}], backendRefs: [{name: echo, port: 80}]}]"


def sources(table: RouteTable) -> list[str]:
    [host] = table.virtual_hosts
    return [str(each.source) for each in host.routes]


def test_routes_of_several_objects_stand_in_the_order_of_precedence() -> None:
    view = scratch(MESH, ECHO, route("a", rules=PATHS % "a"), route("b", rules=PATHS % "a/long"))
    table = frontend_table(view, WEB)
    assert str(table.key) == f"{PRODUCER_PORT}/10.96.0.10:80"
    assert sources(table) == ["httproute/shop/b/rule/0/match/0", "httproute/shop/a/rule/0/match/0"]
    assert table.virtual_hosts[0].fallback.status == 404


def test_a_view_has_its_own_routes_and_no_others() -> None:
    view = scratch(MESH, ECHO, route(), CONSUMER)
    own = frontend_table(view, Frontend("blog", "10.96.0.10", 80))
    assert (own.key.port, sources(own)) == (assigned(["blog"])["blog"], ["httproute/blog/own/rule/0/match/0"])


def test_a_redirect_shows_the_port_of_the_service() -> None:
    away = "[{filters: [{type: RequestRedirect, requestRedirect: {hostname: a.example}}]}]"
    table = frontend_table(scratch(MESH, ECHO, route(rules=away)), Frontend("", "10.96.0.10", 7070))
    action = table.virtual_hosts[0].routes[0].action
    assert isinstance(action, Redirect)
    assert action.port == 7070


def test_a_destination_that_gatewayd_fails_on_is_closed() -> None:
    assert frontend_table.rescue is not None
    table = frontend_table.rescue(scratch(MESH, ECHO, route()), WEB, ValueError("x"), None)
    assert table.virtual_hosts[0].fallback == CANNOT
