from dataclasses import replace

from gatewayd.incremental.view import Member
from gatewayd.ir.environment import ANY_IPV4, ANY_IPV6, DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.ir.mesh import PRODUCER_PORT
from gatewayd.ir.proxy import ProxyConfig, StreamListener
from gatewayd.store import Delta
from gatewayd.translator.mesh.consumers import assigned
from gatewayd.translator.mesh.proxy import mesh_proxy
from tests.unit.translator.manifests import CART, scratch
from tests.unit.translator.mesh.manifests import CONSUMER, ECHO, MESH, callers, policy, route


def config(*sources: str | Delta) -> ProxyConfig | None:
    return mesh_proxy(scratch(*sources), Member(Environment, HERE))


def stream(config: ProxyConfig | None) -> list[StreamListener]:
    assert config is not None
    return [each for each in config.listeners if isinstance(each, StreamListener)]


def test_without_a_mesh_nothing_is_made() -> None:
    assert config(ECHO, route()) is None


def test_all_nodes_have_one_configuration() -> None:
    to_cart = "[{backendRefs: [{name: cart, namespace: shop, port: 80}]}]"
    made = config(MESH, ECHO, CART, route(to="name: echo, port: 80", rules=to_cart), CONSUMER)
    assert made is not None
    assert made.fleet == MESH_FLEET
    assert [each.port for each in stream(made)] == [PRODUCER_PORT, assigned(["blog"])["blog"]]
    told = [each.key.destination for each in made.route_tables]
    assert told == ["10.96.0.10:80", "10.96.0.10:80", "10.96.0.10:7070"]
    assert [(each.upstream.name, each.upstream.port) for each in made.clusters] == [("cart", 80), ("echo", 80)]


def test_listeners_stand_by_port_whatever_namespaces_are_called() -> None:
    names = [f"n{at}" for at in range(20)]
    ports = [each.port for each in stream(config(MESH, ECHO, *(CONSUMER.replace("blog", each) for each in names)))]
    assert ports == [PRODUCER_PORT, *sorted(assigned(names).values())]


def test_who_is_asked_about_requests_has_a_cluster_however_few_ports_a_service_has() -> None:
    asking = policy("AccessPolicy", "default: {externalAuth: {protocol: GRPC, backendRef: {name: cart, port: 80}}}")
    for to in ("name: echo, port: 80", "name: echo"):
        made = config(MESH, ECHO, CART, route(to=to), asking)
        assert made is not None
        assert {each.upstream.name for each in made.clusters} == {"cart", "echo"}


def test_a_route_that_reaches_nothing_brings_no_clusters() -> None:
    made = config(MESH, ECHO, CART, route(to="name: nobody"))
    assert made is not None
    assert (list(made.clusters), list(made.route_tables)) == ([], [])


def test_the_kernel_tells_where_a_connection_was_for_and_alone_on_a_machine_who_connects_does() -> None:
    [on_a_node] = stream(config(MESH))
    assert (on_a_node.redirected, on_a_node.socket.proxy_protocol) == (True, "")
    alone = Delta(kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, standalone=True))
    [here] = stream(config(MESH, alone))
    assert (here.redirected, here.socket.proxy_protocol) == (False, "Required")


def test_where_addresses_of_ipv6_are_called_a_view_has_a_listener_for_these() -> None:
    both = ECHO.replace("clusterIP: 10.96.0.10", 'clusterIP: 10.96.0.10, clusterIPs: [10.96.0.10, "fd00:96::10"]')
    assert both != ECHO
    blog = assigned(["blog"])["blog"]
    assert [each.name for each in stream(config(MESH, both, CART, route()))] == ["tcp-15001", "tcp6-15001"]
    consumers = [each.name for each in stream(config(MESH, both, CART, CONSUMER))]
    assert consumers == ["tcp-15001", f"tcp-{blog}", f"tcp6-{blog}"]
    named = [each.name for each in stream(config(MESH, both, CART, route(), callers("[{namespaces: [blog]}]")))]
    assert named == ["tcp-15001", "tcp6-15001", f"tcp-{blog}", f"tcp6-{blog}"]
    alone = Delta(kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, standalone=True))
    assert [each.name for each in stream(config(MESH, both, CART, route(), alone))] == ["tcp-15001"]


def test_a_cluster_of_ipv6_has_listeners_of_both_families() -> None:
    there = Delta(kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, address=ANY_IPV6))
    assert [each.bind for each in stream(config(MESH, there))] == [ANY_IPV4]


def test_what_was_last_good_stays() -> None:
    before = config(MESH)
    assert mesh_proxy.rescue is not None
    assert mesh_proxy.rescue(scratch(), Member(Environment, HERE), ValueError("x"), before) is before
