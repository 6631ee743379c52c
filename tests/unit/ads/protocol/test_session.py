"""One stream, message by message."""

from envoy.config.cluster.v3 import cluster_pb2
from envoy.service.discovery.v3 import discovery_pb2 as discovery
from google.rpc import status_pb2

from gatewayd.ads.protocol.session import Answer, Session, Shared
from gatewayd.ads.sharing.response_encoder import Mode, Push
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.limits import DEFAULT_DRAIN_SECONDS, RESOURCES_AT_ONCE
from gatewayd.xds.bootstrap import DRAIN_FIELD
from gatewayd.xds.resource import (
    CLUSTER,
    ENDPOINT,
    LISTENER,
    ROUTE,
    SECRET,
    TYPE_BY_URL,
    XDS_TYPES,
    Resource,
    Snapshot,
    TypeUrl,
    resource,
    snapshot,
)

Said = tuple[str, list[str], list[str]]


def cluster(name: str, edition: str = "1") -> Resource:
    message = cluster_pb2.Cluster(name=name, type=cluster_pb2.Cluster.EDS, alt_stat_name=edition)
    return resource(CLUSTER, name, message.SerializeToString())


def plain(type_url: TypeUrl, name: str, body: str = "1") -> Resource:
    return resource(type_url, name, body.encode())


def world(edition: str = "1", cluster_name: str = "c") -> Snapshot:
    """Return a cluster with endpoints, a route to it and a listener with that route."""
    return snapshot(
        GatewayFleet(namespace="ns", name="gw"),
        [
            cluster(cluster_name),
            plain(ENDPOINT, cluster_name),
            plain(ROUTE, "r", f"{edition} to {cluster_name}"),
            plain(LISTENER, "l", "r"),
        ],
    )


def changed(before: Snapshot, *resources: Resource) -> Snapshot:
    """Return a snapshot with some resources in place of those of their name, or beside them."""
    table = {(item.type_url, item.name): item for each in before.resources.values() for item in each.values()}
    table.update({(item.type_url, item.name): item for item in resources})
    return snapshot(GatewayFleet(namespace="ns", name="gw"), table.values())


class Delta:
    """A client that answers by hand."""

    def __init__(self, shared: Shared | None = None) -> None:
        self.session = Session(Mode.DELTA, shared or Shared())
        self.pushes: dict[TypeUrl, Push] = {}

    def ask(
        self, type_url: TypeUrl, *names: str, drop: tuple[str, ...] = (), has: dict[str, str] | None = None
    ) -> Answer:
        request = discovery.DeltaDiscoveryRequest(
            type_url=type_url, resource_names_subscribe=names, resource_names_unsubscribe=drop
        )
        request.initial_resource_versions.update(has or {})
        return self.session.on_request(request)

    def ack(self, type_url: TypeUrl) -> Answer:
        return self.answer(type_url, self.pushes[type_url].nonce)

    def nack(self, type_url: TypeUrl, words: str) -> Answer:
        return self.answer(type_url, self.pushes[type_url].nonce, words)

    def answer(self, type_url: TypeUrl, nonce: str, words: str = "") -> Answer:
        """Take a response, or refuse it with these words."""
        error = status_pb2.Status(code=13, message=words) if words else None
        return self.session.on_request(
            discovery.DeltaDiscoveryRequest(type_url=type_url, response_nonce=nonce, error_detail=error)
        )

    def read(self, now: float = 0.0) -> list[Said]:
        said: list[Said] = []
        for push in self.session.responses_to_send(now):
            self.pushes[push.type_url] = push
            message = discovery.DeltaDiscoveryResponse.FromString(push.data)
            short = TYPE_BY_URL[push.type_url].short
            said.append((short, [each.name for each in message.resources], list(message.removed_resources)))
        return said

    def start(self, latest: Snapshot) -> None:
        """Get in sync as Envoy does: clusters, endpoints, listeners, routes."""
        self.session.on_snapshot(latest)
        self.ask(CLUSTER)
        self.settle()
        self.ask(ENDPOINT, *latest.of(ENDPOINT))
        self.settle()
        self.ask(LISTENER)
        self.settle()
        self.ask(ROUTE, *latest.of(ROUTE))
        self.settle()

    def settle(self) -> list[Said]:
        said: list[Said] = []
        while more := self.read():
            said += more
            for push in tuple(self.pushes.values()):
                self.ack(push.type_url)
        return said


def test_nothing_is_sent_before_the_first_snapshot() -> None:
    client = Delta()
    client.ask(CLUSTER)
    client.ask(LISTENER, "l")
    assert client.read() == []
    client.session.on_snapshot(world())
    assert client.read()[0] == ("CDS", ["c"], [])


def test_an_envoy_that_asks_in_its_order_gets_everything() -> None:
    client = Delta()
    client.session.on_snapshot(world())
    client.ask(CLUSTER)
    assert client.read() == [("CDS", ["c"], [])]
    client.ask(ENDPOINT, "c")
    assert client.read() == [("EDS", ["c"], [])]  # before the ACK of the cluster: Envoy holds that back while it warms
    client.ack(ENDPOINT)
    client.ack(CLUSTER)
    client.ask(LISTENER)
    assert client.read() == [("LDS", ["l"], [])]
    client.ask(ROUTE, "r")
    assert client.read() == [("RDS", ["r"], [])]
    client.ack(LISTENER)
    client.ack(ROUTE)
    assert client.read() == []


def test_changes_that_make_nothing_new_go_out_at_once() -> None:
    client = Delta()
    client.start(world())
    client.session.on_snapshot(world(edition="2"))
    assert client.read() == [("RDS", ["r"], [])]
    client.session.on_snapshot(
        snapshot(
            GatewayFleet(namespace="ns", name="gw"),
            [*world("2").of(ROUTE).values(), cluster("c"), plain(ENDPOINT, "c", "2"), plain(LISTENER, "l", "r")],
        )
    )
    assert client.read() == [("EDS", ["c"], [])]


def test_a_switch_makes_before_it_breaks() -> None:
    client = Delta()
    client.start(world())
    client.session.on_snapshot(world(cluster_name="d"))
    assert client.read() == [("CDS", ["d"], [])]
    client.ask(ENDPOINT, "d")
    assert client.read() == [("EDS", ["d"], [])]
    client.ack(ENDPOINT)
    assert client.read() == []
    client.ack(CLUSTER)
    assert client.read() == [("RDS", ["r"], [])]
    client.ack(ROUTE)
    assert client.read() == [("CDS", [], ["c"])]
    client.ack(CLUSTER)
    client.ask(ENDPOINT, drop=("c",))
    assert client.read() == []


def test_a_closed_gate_lets_go_when_its_time_has_come() -> None:
    client = Delta()
    client.start(world())
    client.session.on_snapshot(world(cluster_name="d"))
    client.read(now=100.0)
    assert client.session.deadline == 110.0
    assert client.read(now=109.9) == []
    assert client.read(now=110.0) == [("RDS", ["r"], [])]
    assert client.session.deadline is None


def test_new_clusters_in_every_snapshot_do_not_starve_the_routes() -> None:
    client = Delta()
    client.start(world())
    client.session.on_snapshot(world("1", "d"))
    client.read()
    client.session.on_snapshot(world("2", "e"))
    client.ask(ENDPOINT, "d")
    client.read()
    client.ack(ENDPOINT)
    client.ack(CLUSTER)
    said = client.read()
    assert said == [("CDS", ["e"], []), ("RDS", ["r"], [])]  # the route to d, which is there
    assert b"1 to d" in client.pushes[ROUTE].data


def test_a_changed_cluster_gets_its_endpoints_again() -> None:
    client = Delta()
    client.start(world())
    client.session.on_snapshot(changed(world(), cluster("c", "2")))
    assert client.read() == [("CDS", ["c"], []), ("EDS", ["c"], [])]


def test_asking_again_is_answered_and_asking_in_vain_too() -> None:
    client = Delta()
    client.start(world())
    client.ask(ROUTE, "r", "nowhere")
    assert client.read() == [("RDS", ["r"], ["nowhere"])]


def test_what_springs_into_existence_is_sent() -> None:
    client = Delta()
    client.start(world())
    client.ask(SECRET, "s")
    assert client.settle() == [("SDS", [], ["s"])]
    client.session.on_snapshot(changed(world(), plain(SECRET, "s")))
    assert client.read() == [("SDS", ["s"], [])]


def test_a_wildcard_that_matches_nothing_is_answered_once() -> None:
    client = Delta()
    client.session.on_snapshot(snapshot(GatewayFleet(namespace="ns", name="gw"), []))
    client.ask(CLUSTER)
    assert client.read() == [("CDS", [], [])]
    client.ack(CLUSTER)
    assert client.read() == []


def test_a_reconnect_sends_what_changed_meanwhile() -> None:
    latest = world()
    client = Delta()
    client.session.on_snapshot(latest)
    for url in (CLUSTER, ENDPOINT, LISTENER, ROUTE):
        names = () if TYPE_BY_URL[url].wildcard else tuple(latest.of(url))
        client.ask(url, *names, has={name: item.version for name, item in latest.of(url).items()})
    assert client.read() == []


def test_a_reconnect_removes_what_is_gone_when_the_routes_are_known() -> None:
    latest = world()
    client = Delta()
    client.session.on_snapshot(latest)
    client.ask(CLUSTER, has={"c": latest.of(CLUSTER)["c"].version, "gone": "1"})
    assert client.read() == []
    client.ask(LISTENER, has={"l": latest.of(LISTENER)["l"].version})
    client.ask(ROUTE, "r", has={"r": "of before"})
    assert client.read() == [("RDS", ["r"], [])]
    client.ack(ROUTE)
    assert client.read() == [("CDS", [], ["gone"])]


def test_a_refused_resource_waits_for_new_content_and_holds_back_nothing() -> None:
    client = Delta()
    client.start(world())
    client.session.on_snapshot(changed(world(), cluster("bad"), plain(ROUTE, "r", "2 to c and bad")))
    assert client.read() == [("CDS", ["bad"], [])]
    assert client.nack(CLUSTER, "no") is Answer.NACK
    assert client.settle() == [("RDS", ["r"], [])]
    assert list(client.session.ledgers[CLUSTER].refused) == ["bad"]


def test_a_stale_nonce_is_no_answer_but_its_names_count() -> None:
    client = Delta()
    client.start(world())
    client.session.on_snapshot(changed(world(), cluster("c", "2")))
    client.read()
    stale = discovery.DeltaDiscoveryRequest(type_url=ROUTE, response_nonce="old", resource_names_subscribe=["x"])
    assert client.session.on_request(stale) is Answer.SUBSCRIPTION
    for url in (ROUTE, CLUSTER):
        stale = discovery.DeltaDiscoveryRequest(type_url=url, response_nonce="old")
        assert client.session.on_request(stale) is Answer.IGNORED
    assert client.session.ledgers[CLUSTER].flight is not None
    assert client.ack(CLUSTER) is Answer.ACK


def test_a_type_that_nobody_serves_is_ignored() -> None:
    assert Delta().session.on_request(discovery.DeltaDiscoveryRequest(type_url="x")) is Answer.IGNORED


def test_only_the_first_node_is_looked_at() -> None:
    session = Session(Mode.DELTA, Shared())
    session.on_request(discovery.DeltaDiscoveryRequest(node={"id": "one"}, type_url=CLUSTER))
    session.on_request(discovery.DeltaDiscoveryRequest(node={"id": "two"}, type_url=CLUSTER))
    assert session.node.id == "one"


def test_an_envoy_says_how_long_its_listeners_drain() -> None:
    def drain(**metadata: float | str) -> float:
        session = Session(Mode.DELTA, Shared())
        session.on_request(discovery.DeltaDiscoveryRequest(node={"id": "one", "metadata": metadata}, type_url=CLUSTER))
        return session.node.drain

    assert drain(**{DRAIN_FIELD: 60}) == 60.0
    for said in ({}, {DRAIN_FIELD: "60"}, {DRAIN_FIELD: -1}, {DRAIN_FIELD: 1e9}, {DRAIN_FIELD: float("nan")}):
        assert drain(**said) == DEFAULT_DRAIN_SECONDS


def test_nothing_at_all_is_said_of_each_type() -> None:
    client = Delta()
    client.session.on_snapshot(snapshot(GatewayFleet(namespace="ns", name="gw"), []))
    for url, short in ((CLUSTER, "CDS"), (LISTENER, "LDS")):
        client.ask(url)
        assert client.read() == [(short, [], [])]
        client.ack(url)


def test_streams_share_bytes_and_comparisons() -> None:
    shared = Shared()
    clients = [Delta(shared) for _ in range(50)]
    before = world()
    for client in clients:
        client.start(before)
    cost = shared.envelope.cost
    assert (cost.responses, cost.entries) == (4, 4)
    computed = shared.differing.computed
    latest = world(edition="2")
    for client in clients:
        client.session.on_snapshot(latest)
        client.read()
    assert (cost.responses, cost.entries) == (5, 5)
    assert shared.differing.computed - computed <= len(XDS_TYPES)  # one comparison for each type
    assert len({id(client.pushes[ROUTE].data) for client in clients}) == 1


def test_many_routes_come_in_several_responses_that_streams_share() -> None:
    names = [f"r{number:04}" for number in range(2 * RESOURCES_AT_ONCE + 1)]
    latest = changed(world(), *(plain(ROUTE, name, "to c") for name in names))
    shared = Shared()
    clients = Delta(shared), Delta(shared)
    for client, asked in zip(clients, (names, names[::-1]), strict=True):
        client.session.on_snapshot(latest)
        client.ask(CLUSTER)
        client.settle()
        client.ask(ENDPOINT, "c")
        client.settle()
        client.ask(LISTENER)
        client.settle()
        client.ask(ROUTE, *asked)
    counts = []
    while said := [client.read() for client in clients]:
        if not said[0]:
            break
        assert said[0] == said[1]
        assert clients[0].pushes[ROUTE] is clients[1].pushes[ROUTE]
        counts.append([len(each) for short, each, _ in said[0] if short == "RDS"])
        for client in clients:
            client.ack(ROUTE)
    assert counts == [[RESOURCES_AT_ONCE], [RESOURCES_AT_ONCE], [1]]


def test_listeners_wait_for_the_last_of_many_routes() -> None:
    client = Delta()
    names = [f"r{number:04}" for number in range(RESOURCES_AT_ONCE + 1)]
    client.start(changed(world(), *(plain(ROUTE, name, "to c") for name in names)))
    client.session.on_snapshot(
        changed(world(), plain(LISTENER, "l", "r, otherwise"), *(plain(ROUTE, name, "other") for name in names))
    )
    assert [(short, len(made)) for short, made, _ in client.read()] == [("RDS", RESOURCES_AT_ONCE)]
    client.ack(ROUTE)
    assert [(short, len(made)) for short, made, _ in client.read()] == [("RDS", 1), ("LDS", 1)]


def test_routes_wait_for_the_last_of_many_clusters() -> None:
    client, names = Delta(), [f"c{number:04}" for number in range(RESOURCES_AT_ONCE + 1)]
    client.start(world())
    clusters = [each for name in names for each in (cluster(name), plain(ENDPOINT, name))]
    client.session.on_snapshot(changed(world(), *clusters, plain(ROUTE, "r", f"to {names[0]}")))
    first, rest = names[:RESOURCES_AT_ONCE], names[RESOURCES_AT_ONCE:]
    assert client.read() == [("CDS", first, [])]
    client.ask(ENDPOINT, *first)
    client.ack(CLUSTER)
    assert client.read() == [("CDS", rest, []), ("EDS", first, [])]
    client.ack(ENDPOINT)
    assert client.read() == []
    client.ask(ENDPOINT, *rest)
    client.ack(CLUSTER)
    assert client.read() == [("EDS", rest, [])]
    client.ack(ENDPOINT)
    assert client.read() == [("RDS", ["r"], [])]


def test_one_response_of_a_type_is_unanswered_at_a_time() -> None:
    client = Delta()
    client.start(world())
    for number in range(3):
        client.session.on_snapshot(world(edition=f"later-{number}"))
        assert len(client.read()) == (number == 0)
    client.ack(ROUTE)
    assert client.read() == [("RDS", ["r"], [])]
    assert b"later-2" in client.pushes[ROUTE].data
