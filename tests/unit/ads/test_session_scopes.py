"""One stream that finds its routes by host, message by message."""

from envoy.config.route.v3 import route_components_pb2, route_pb2
from envoy.service.discovery.v3 import discovery_pb2 as discovery

from gatewayd.ads.protocol.session import Session, Shared
from gatewayd.ads.sharing.response_encoder import Mode
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.xds.resource import CLUSTER, ENDPOINT, LISTENER, ROUTE, SCOPED_ROUTE, Snapshot, resource, snapshot
from tests.unit.ads.protocol.test_session import Delta, changed, cluster, plain, world


def scoped(*hosts: str, cluster_name: str = "c") -> Snapshot:
    """Return a listener that finds the routes of these hosts by scopes."""
    found = [plain(SCOPED_ROUTE, host, f"of {host}") for host in hosts]
    found += [plain(ROUTE, f"of {host}", f"to {cluster_name}") for host in hosts]
    return snapshot(
        GatewayFleet(namespace="ns", name="gw"),
        [cluster(cluster_name), plain(ENDPOINT, cluster_name), plain(LISTENER, "l", "scoped"), *found],
    )


def in_sync_with_scopes(*hosts: str) -> Delta:
    client, latest = Delta(), scoped(*hosts)
    client.session.on_snapshot(latest)
    client.ask(CLUSTER)
    client.settle()
    client.ask(ENDPOINT, "c")
    client.ask(LISTENER)
    client.ask(SCOPED_ROUTE)
    client.settle()
    client.ask(ROUTE, *latest.of(ROUTE))
    client.settle()
    return client


def test_a_new_host_has_its_cluster_then_its_scope_then_its_routes() -> None:
    client = in_sync_with_scopes("a")
    client.session.on_snapshot(changed(scoped("a", "b"), cluster("d"), plain(ENDPOINT, "d")))
    assert client.read() == [("CDS", ["d"], [])]
    client.ask(ENDPOINT, "d")
    assert client.read() == [("EDS", ["d"], [])]
    client.ack(ENDPOINT)
    client.ack(CLUSTER)
    assert client.read() == [("SRDS", ["b"], [])]
    client.ask(ROUTE, "of b")
    assert client.read() == [("RDS", ["of b"], [])]


def test_routes_of_many_scopes_may_be_asked_for_in_any_portions_and_an_edit_comes_between() -> None:
    hosts = [f"h{number}" for number in range(50)]
    client = Delta()
    client.session.on_snapshot(scoped(*hosts))
    client.ask(CLUSTER)
    client.settle()
    client.ask(ENDPOINT, "c")
    client.ask(LISTENER)
    client.ask(SCOPED_ROUTE)
    client.settle()
    got: list[str] = []
    for start in range(0, 50, 7):
        client.ask(ROUTE, *(f"of {host}" for host in hosts[start : start + 7]))
        if start == 14:
            client.session.on_snapshot(changed(scoped(*hosts), cluster("d"), plain(ROUTE, "of h0", "to d")))
            got += [name for short, names, _ in client.read() if short == "RDS" for name in names]
            client.ask(ENDPOINT, "d")
        got += [name for short, names, _ in client.settle() if short == "RDS" for name in names]
    assert set(got) == {f"of {host}" for host in hosts}
    assert client.session.is_settled


def test_a_host_goes_scope_first() -> None:
    client = in_sync_with_scopes("a", "b")
    client.session.on_snapshot(scoped("a"))
    assert client.read() == [("SRDS", [], ["b"])]
    client.ack(SCOPED_ROUTE)
    client.ask(ROUTE, drop=("of b",))
    assert client.read() == []
    assert client.session.is_settled


def test_a_cluster_stays_until_the_new_listener_has_the_routes_without_it() -> None:
    client = Delta()
    client.start(world())
    client.session.on_snapshot(scoped("a", cluster_name="d"))
    client.read()
    client.ask(ENDPOINT, "d")
    client.read()
    client.ack(ENDPOINT)
    client.ack(CLUSTER)
    assert client.read() == [("LDS", ["l"], [])]
    client.ack(LISTENER)
    assert client.read() == []
    client.ask(SCOPED_ROUTE)
    assert client.read() == [("SRDS", ["a"], [])]
    client.ack(SCOPED_ROUTE)
    assert client.read() == []
    client.ask(ROUTE, "of a")
    assert client.read() == [("RDS", ["of a"], [])]
    client.ack(ROUTE)
    assert client.read() == [("RDS", [], ["r"])]
    client.ack(ROUTE)
    assert client.read() == [("CDS", [], ["c"])]


def test_scopes_stay_as_long_as_a_listener_that_needs_them_may_drain() -> None:
    client = in_sync_with_scopes("a", "b")
    hosts = [route_components_pb2.VirtualHost(name=each, domains=[each]) for each in ("a", "b")]
    table = route_pb2.RouteConfiguration(name="r", virtual_hosts=hosts)
    client.session.on_snapshot(changed(world(cluster_name="d"), resource(ROUTE, "r", table.SerializeToString())))
    client.read()
    client.ask(ENDPOINT, "d")
    client.read()
    client.ack(ENDPOINT)
    client.ack(CLUSTER)
    assert client.read() == [("LDS", ["l"], [])]
    client.ack(LISTENER)
    client.ask(ROUTE, "r")
    assert client.read(now=1.0) == [("RDS", ["r"], [])]
    client.ack(ROUTE)
    assert client.read(now=1.0) == []
    assert (client.session.is_settled, client.session.deadline) == (True, 601.0)
    assert client.read(now=601.0) == [("SRDS", [], ["a", "b"])]
    client.ack(SCOPED_ROUTE)
    client.ask(ROUTE, drop=("of a", "of b"))
    assert client.read(now=601.0) == [("CDS", [], ["c"])]


def test_scopes_are_the_whole_state_in_the_other_variant_too() -> None:
    session = Session(Mode.SOTW, Shared())
    for url in (CLUSTER, LISTENER, SCOPED_ROUTE):
        session.on_request(discovery.DiscoveryRequest(type_url=url))
    session.on_request(discovery.DiscoveryRequest(type_url=ENDPOINT, resource_names=["c"]))
    session.on_request(discovery.DiscoveryRequest(type_url=ROUTE, resource_names=["of a", "of b"]))
    names = {ENDPOINT: ["c"], ROUTE: ["of a", "of b"]}
    last: dict[str, list[bytes]] = {}
    for latest in (scoped("a", "b"), scoped("b")):
        session.on_snapshot(latest)
        while pushes := session.responses_to_send(0.0):
            for push in pushes:
                message = discovery.DiscoveryResponse.FromString(push.data)
                last[push.type_url] = [each.value for each in message.resources]
                answer = discovery.DiscoveryRequest(type_url=push.type_url, response_nonce=push.nonce)
                answer.resource_names.extend(names.get(push.type_url, []))
                session.on_request(answer)
        assert last[SCOPED_ROUTE] == [item.body for item in latest.of(SCOPED_ROUTE).values()]
