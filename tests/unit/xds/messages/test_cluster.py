import pytest
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import health_check_pb2
from envoy.extensions.clusters.dns.v3 import dns_cluster_pb2
from envoy.extensions.transport_sockets.tls.v3 import tls_pb2
from envoy.extensions.upstreams.http.v3 import http_protocol_options_pb2

from gatewayd.ir.backend import DEFAULT_RETRY_BUDGET, Cluster, Protocol, Resolved, RetryBudget
from gatewayd.ir.tls import SystemTrust, UpstreamTLS
from gatewayd.xds.encoding import ADS, serialised
from gatewayd.xds.messages.cluster import cluster, parts
from tests.unit.xds import shorthand
from tests.unit.xds.shorthand import upstream

TLS = UpstreamTLS(sni="a.example", trust=SystemTrust.SYSTEM, names=(), client=None)
MOST = 2**32 - 1


def test_endpoints_come_by_eds_under_the_clusters_own_name() -> None:
    made = cluster(shorthand.cluster("cart"))
    assert made.type == cluster_pb2.Cluster.EDS
    assert made.eds_cluster_config.eds_config == ADS
    assert made.eds_cluster_config.service_name == ""


def test_what_clusters_have_in_common_is_in_memory_once() -> None:
    of = shorthand.cluster("cart"), shorthand.cluster("catalog"), shorthand.cluster("cart", protocol=Protocol.HTTP2)
    (one, tail), (two, same), (_, other) = map(parts, of)
    assert one + tail == serialised(cluster(of[0]))
    assert two + same == serialised(cluster(of[1]))
    assert tail is same
    assert tail != other


def test_names_are_resolved_by_envoy() -> None:
    endpoints = Resolved(hostname="db.example", port=5432, absolute=False)
    made = cluster(Cluster(upstream=upstream("db"), endpoints=endpoints, tls=None, retry_budget=DEFAULT_RETRY_BUDGET))
    dns = dns_cluster_pb2.DnsCluster()
    assert made.cluster_type.name == "envoy.cluster.dns"
    assert made.cluster_type.typed_config.Unpack(dns)
    assert dns.respect_dns_ttl
    (locality,) = made.load_assignment.endpoints
    address = locality.lb_endpoints[0].endpoint.address.socket_address
    assert (address.address, address.port_value) == ("db.example", 5432)


def test_a_whole_name_is_looked_for_under_no_search_domain() -> None:
    asked = {
        (name, absolute): Resolved(hostname=name, port=80, absolute=absolute).question
        for name in ("db.example", "db.example.")
        for absolute in (True, False)
    }
    assert asked == {
        ("db.example", True): "db.example.",
        ("db.example", False): "db.example",
        ("db.example.", True): "db.example.",
        ("db.example.", False): "db.example.",
    }


def test_breakers_stop_nothing_but_storms_of_retries() -> None:
    (thresholds,) = cluster(shorthand.cluster("cart")).circuit_breakers.thresholds
    limits = (thresholds.max_connections, thresholds.max_pending_requests, thresholds.max_requests)
    assert {each.value for each in limits} == {MOST}
    assert thresholds.retry_budget.budget_percent.value == 20
    assert thresholds.retry_budget.min_retry_concurrency.value == 100


def test_a_budget_for_retries() -> None:
    (thresholds,) = cluster(
        shorthand.cluster("cart", budget=RetryBudget(percent=5, least=2))
    ).circuit_breakers.thresholds
    assert thresholds.retry_budget.budget_percent.value == 5
    assert thresholds.retry_budget.min_retry_concurrency.value == 2


def test_what_is_not_ready_is_not_used_and_sessions_stay_while_endpoints_drain() -> None:
    made = cluster(shorthand.cluster("cart"))
    assert made.common_lb_config.HasField("healthy_panic_threshold")
    assert made.common_lb_config.healthy_panic_threshold.value == 0
    assert health_check_pb2.DRAINING in made.common_lb_config.override_host_status.statuses
    assert made.ignore_health_on_host_removal


@pytest.mark.parametrize(
    ("protocol", "config"),
    [(Protocol.HTTP1, "http_protocol_options"), (Protocol.HTTP2, "http2_protocol_options"), (Protocol.TCP, None)],
)
def test_protocols(protocol: Protocol, config: str | None) -> None:
    options = cluster(shorthand.cluster("cart", protocol=protocol)).typed_extension_protocol_options
    found = http_protocol_options_pb2.HttpProtocolOptions()
    for packed in options.values():
        assert packed.Unpack(found)
    assert found.explicit_http_config.WhichOneof("protocol_config") == config


@pytest.mark.parametrize(("protocol", "alpn"), [(Protocol.HTTP1, []), (Protocol.HTTP2, ["h2"]), (Protocol.TCP, [])])
def test_tls(protocol: Protocol, alpn: list[str]) -> None:
    made = cluster(shorthand.cluster("cart", protocol=protocol, tls=TLS))
    context = tls_pb2.UpstreamTlsContext()
    assert made.transport_socket.typed_config.Unpack(context)
    assert list(context.common_tls_context.alpn_protocols) == alpn
    assert not cluster(shorthand.cluster("cart")).HasField("transport_socket")
