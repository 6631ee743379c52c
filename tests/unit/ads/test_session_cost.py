"""What a client costs that asks for what another one has: calls of functions, which no other machine makes fewer."""

import sys
from types import FrameType

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.route.v3 import scoped_route_pb2
from envoy.service.discovery.v3 import discovery_pb2

from gatewayd.ads.protocol.session import Session, Shared
from gatewayd.ads.sharing.response_encoder import Mode, Push
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.xds.resource import (
    CLUSTER,
    ENDPOINT,
    LISTENER,
    ROUTE,
    SCOPED_ROUTE,
    Resource,
    Snapshot,
    TypeUrl,
    resource,
    snapshot,
)

HOSTS = 2_000
CLUSTERS = 500


def everything() -> Snapshot:
    """Return a Gateway of many hosts, found by scopes, and of some clusters."""
    clusters = [
        resource(CLUSTER, name, cluster_pb2.Cluster(name=name, type=cluster_pb2.Cluster.EDS).SerializeToString())
        for name in (f"cluster-{at}" for at in range(CLUSTERS))
    ]
    scopes = [_scope(f"80:host-{at}", f"80:#{at % 100}") for at in range(HOSTS)]
    routes = [resource(ROUTE, f"80:#{at}", b"routes") for at in range(100)]
    endpoints = [resource(ENDPOINT, each.name, b"endpoints") for each in clusters]
    listener = resource(LISTENER, "80", b"listener")
    fleet = GatewayFleet(namespace="ns", name="gw")
    return snapshot(fleet, (*clusters, *endpoints, *routes, *scopes, listener))


def _scope(name: str, configuration: str) -> Resource:
    message = scoped_route_pb2.ScopedRouteConfiguration(name=name, route_configuration_name=configuration)
    return resource(SCOPED_ROUTE, name, message.SerializeToString())


class Client:
    """A client that takes everything; `calls` are those of Python functions that its session has made."""

    def __init__(self, of: Snapshot, shared: Shared) -> None:
        self.calls = 0
        self._of = of
        self._session = Session(Mode.DELTA, shared)
        self._session.on_snapshot(of)

    def connect(self, had: Snapshot | None = None) -> list[Push]:
        """Ask for everything and ACK it; return what came."""
        sys.setprofile(self._count)
        try:
            return self._asked(had)
        finally:
            sys.setprofile(None)

    def _asked(self, had: Snapshot | None) -> list[Push]:
        taken: list[Push] = []
        for url in (CLUSTER, ENDPOINT, LISTENER, SCOPED_ROUTE, ROUTE):
            names = sorted(self._of.of(url), reverse=True) if url in (ENDPOINT, ROUTE) else []
            versions = {name: item.version for name, item in had.of(url).items()} if had is not None else {}
            waiting = self._request(url, names, versions)
            while waiting:
                push = waiting.pop(0)
                taken.append(push)
                waiting += self._request(push.type_url, (), {}, push.nonce)
        return taken

    def _request(
        self, url: TypeUrl, names: list[str] | tuple[()], versions: dict[str, str], nonce: str = ""
    ) -> list[Push]:
        message = discovery_pb2.DeltaDiscoveryRequest(
            type_url=url, resource_names_subscribe=names, initial_resource_versions=versions, response_nonce=nonce
        )
        self._session.on_request(message)
        return list(self._session.responses_to_send(0.0))

    def _count(self, _frame: FrameType, event: str, _argument: object) -> None:
        self.calls += event == "call"


def test_the_second_client_of_many_hosts() -> None:
    of, shared = everything(), Shared()
    shared.strangers.follow(of)
    first, second = Client(of, shared), Client(of, shared)
    taken = first.connect()
    cost = shared.envelope.cost
    encoded = cost.responses

    again = second.connect()

    assert [each.nonce for each in again] == [each.nonce for each in taken]
    assert cost.responses == encoded
    assert second.calls < HOSTS / 2, "none for each host"


def test_a_client_that_comes_back_with_everything() -> None:
    of, shared = everything(), Shared()
    shared.strangers.follow(of)
    client = Client(of, shared)

    assert client.connect(had=of) == []
    assert Client(of, shared).connect() != []
    back = Client(of, shared)
    assert back.connect(had=of) == []
    assert back.calls < HOSTS / 4, "none for each host"
