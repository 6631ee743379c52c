from envoy.config.cluster.v3 import cluster_pb2
from envoy.extensions.filters.udp.udp_proxy.v3 import route_pb2

from gatewayd.ir.backend import DEFAULT_RETRY_BUDGET, Cluster, Protocol, Resolved
from gatewayd.ir.l4 import L4Action, L4Refuse
from gatewayd.ir.proxy import DatagramListener
from gatewayd.xds.messages.udp_proxy import datagram_cluster, datagram_endpoints, udp_proxy
from tests.unit.xds.shorthand import NOWHERE, cluster, endpoint, l4, service, upstream

A, B, EMPTY, NAMED = (service(name, protocol=Protocol.UDP) for name in ("a", "b", "empty", "named"))
CLUSTERS = (
    cluster("a", endpoint(1), endpoint(2), protocol=Protocol.UDP),
    cluster("b", endpoint(3), protocol=Protocol.UDP),
    cluster("empty", protocol=Protocol.UDP),
    Cluster(
        upstream=upstream("named", protocol=Protocol.UDP),
        endpoints=Resolved(hostname="dns.example", port=53, absolute=False),
        tls=None,
        retry_budget=DEFAULT_RETRY_BUDGET,
    ),
)
UPSTREAMS = {each.upstream: each for each in CLUSTERS}


def port(action: L4Action) -> DatagramListener:
    return DatagramListener(port=53, action=action)


def test_the_listener_says_nothing_of_the_route() -> None:
    made = udp_proxy(port(l4((A, 1))))
    route = route_pb2.Route()
    assert made.matcher.on_no_match.action.typed_config.Unpack(route)
    assert route.cluster == "udp/53"
    assert made == udp_proxy(port(L4Refuse()))


def test_backends_are_weighted_localities() -> None:
    found = datagram_endpoints(port(l4((A, 6), (B, 2), (A, 0))), UPSTREAMS)
    assert [each.load_balancing_weight.value for each in found.endpoints] == [6, 2]
    assert [len(each.lb_endpoints) for each in found.endpoints] == [2, 1]
    assert len({each.locality.zone for each in found.endpoints}) == 2
    made = datagram_cluster(port(l4((A, 6))), UPSTREAMS)
    assert made.common_lb_config.HasField("locality_weighted_lb_config")
    assert made.type == cluster_pb2.Cluster.EDS


def test_the_share_of_a_backend_without_endpoints_is_refused_and_not_given_to_others() -> None:
    found = datagram_endpoints(port(l4((A, 1), (NOWHERE, 2), (EMPTY, 3))), UPSTREAMS)
    addresses = [each.lb_endpoints[0].endpoint.address.socket_address for each in found.endpoints]
    assert [(each.address, each.port_value) for each in addresses[1:]] == [("127.0.0.1", 1)] * 2


def test_names() -> None:
    of = port(l4((A, 1), (NAMED, 1)))
    made = datagram_cluster(of, UPSTREAMS)
    assert made.cluster_type.name == "envoy.cluster.dns"
    assert [len(each.lb_endpoints) for each in made.load_assignment.endpoints] == [2, 1]
    assert datagram_endpoints(of, UPSTREAMS) is None


def test_refusal() -> None:
    assert list(datagram_endpoints(port(L4Refuse()), UPSTREAMS).endpoints) == []
