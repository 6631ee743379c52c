from gatewayd.ir.limits import CONSUMER_PORTS
from gatewayd.translator.mesh.frontends import Frontend
from gatewayd.translator.mesh.parents import CLAIMS, led, own_routes_at, routes_at, service_parents
from tests.unit.translator.manifests import member, scratch
from tests.unit.translator.mesh.manifests import CONSUMER, ECHO, MESH, callers, route

CALLS = route("calls", kind="GRPCRoute", to="name: echo, port: 7070")
WEB, GRPC = Frontend("", "10.96.0.10", 80), Frontend("", "10.96.0.10", 7070)


def test_a_grpc_route_takes_its_port_from_http_routes() -> None:
    view = scratch(MESH, ECHO, CALLS, route())
    [web] = service_parents(view, member("HTTPRoute", "shop/r"))
    assert web.frontends == (WEB,)
    assert 'port 7070 of Service "shop/echo" is that of GRPCRoute "shop/calls"' in web.verdict.message
    assert [each.key for each in routes_at(view, GRPC)] == [("shop", "calls")]
    assert [each.key for each in routes_at(view, WEB)] == [("shop", "r")]


def test_an_http_route_without_any_port_left_is_in_conflict() -> None:
    view = scratch(MESH, ECHO, CALLS, route(to="name: echo, port: 7070"))
    [parent] = service_parents(view, member("HTTPRoute", "shop/r"))
    assert (parent.verdict.status, parent.verdict.reason, parent.frontends) == (False, "Conflicted", ())


def test_consumers_and_producers_are_not_in_each_others_way() -> None:
    consumer = CONSUMER.replace("kind: HTTPRoute", "kind: GRPCRoute", 1)
    view = scratch(MESH, ECHO, route(to="name: echo, port: 80"), consumer)
    [producer] = service_parents(view, member("HTTPRoute", "shop/r"))
    assert producer.frontends == (WEB,)


def test_more_namespaces_than_there_are_ports_for_are_refused() -> None:
    many = [
        route("own", namespace=f"n{at:04}", to="name: echo, namespace: shop, port: 80")
        for at in range(CONSUMER_PORTS + 1)
    ]
    view = scratch(MESH, ECHO, "---".join(many))
    [last] = service_parents(view, member("HTTPRoute", f"n{CONSUMER_PORTS:04}/own"))
    assert (last.verdict.reason, last.frontends) == ("QuotaExceeded", ())
    [first] = service_parents(view, member("HTTPRoute", "n0000/own"))
    assert first.verdict.status


NAMED = callers("[{namespaces: [blog, shop]}]")


def test_named_callers_come_by_a_frontend_of_their_own_to_everybodys_routes() -> None:
    """The policy is for one of two routes, and both are there for those whom it names."""
    view = scratch(MESH, ECHO, route(), route("other"), NAMED)
    assert view.group(CLAIMS, None) == tuple(
        Frontend(name, "10.96.0.10", port) for name in ("", "blog", "shop") for port in (80, 7070)
    )
    for name in ("blog", "shop"):
        there = WEB._replace(view=name)
        assert own_routes_at(view, there) == ()
        assert [each.key for each in routes_at(view, there)] == [("shop", "other"), ("shop", "r")]


def test_frontends_of_named_callers_come_by_the_callers_names() -> None:
    names = [f"n{at}" for at in range(9, -1, -1)]
    view = scratch(MESH, ECHO, route(to="name: echo, port: 80"), callers(f"[{{namespaces: [{', '.join(names)}]}}]"))
    assert led(view, member("HTTPRoute", "shop/r")) == (WEB, *(WEB._replace(view=name) for name in sorted(names)))


def test_a_consumer_whom_a_policy_names_keeps_his_own_routes() -> None:
    calls = CALLS.replace("name: calls", "name: r", 1)
    view = scratch(MESH, ECHO, calls, NAMED.replace("HTTPRoute", "GRPCRoute"), CONSUMER)
    [own] = service_parents(view, member("HTTPRoute", "blog/own"))
    assert own.frontends == (WEB._replace(view="blog"), GRPC._replace(view="blog"))
    assert [each.key for each in routes_at(view, GRPC._replace(view="blog"))] == [("blog", "own")]
    assert [each.key for each in routes_at(view, GRPC._replace(view="shop"))] == [("shop", "r")]
