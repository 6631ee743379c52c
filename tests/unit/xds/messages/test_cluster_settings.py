from dataclasses import replace
from typing import Any

import pytest
from envoy.config.cluster.v3 import cluster_pb2
from envoy.extensions.load_balancing_policies.least_request.v3 import least_request_pb2
from envoy.extensions.load_balancing_policies.maglev.v3 import maglev_pb2
from envoy.extensions.load_balancing_policies.random.v3 import random_pb2
from envoy.extensions.load_balancing_policies.ring_hash.v3 import ring_hash_pb2
from envoy.extensions.load_balancing_policies.round_robin.v3 import round_robin_pb2
from envoy.extensions.transport_sockets.proxy_protocol.v3 import upstream_proxy_protocol_pb2

from gatewayd.ir.backend import DEFAULT_RETRY_BUDGET, Protocol
from gatewayd.ir.backend_settings import (
    STANDARD,
    ActiveHealth,
    AskGRPC,
    AskHTTP,
    AskTCP,
    Balancing,
    ConnectionLimits,
    HashOn,
    HTTP2Settings,
    LoadBalancing,
    PassiveHealth,
    Pings,
)
from gatewayd.xds.messages.cluster_settings import announced, balancing, breakers, health, http2, keepalive

ASKED = ActiveHealth(
    ask=AskHTTP(host="localhost", path="/healthz", statuses=(200, 204)),
    port=0,
    interval_ms=1500,
    timeout_ms=500,
    unhealthy_after=3,
    healthy_after=2,
)
OBSERVED = PassiveHealth(errors=5, gateway_errors=0, interval_ms=1000, ejection_ms=3000, max_percent=50)


def cluster(fields: dict[str, Any]) -> Any:
    return cluster_pb2.Cluster(**fields)


def test_without_limits_only_storms_of_retries_are_stopped() -> None:
    found = breakers(ConnectionLimits(), DEFAULT_RETRY_BUDGET)
    (thresholds,) = found.thresholds
    assert {thresholds.max_connections.value, thresholds.max_requests.value} == {2**32 - 1}
    assert thresholds.retry_budget.min_retry_concurrency.value == DEFAULT_RETRY_BUDGET.least
    assert not found.per_host_thresholds


def test_limits_leave_the_budget_of_retries_alone() -> None:
    limits = ConnectionLimits(connections=1, pending_requests=2, requests=3, connections_per_endpoint=4)
    found = breakers(limits, DEFAULT_RETRY_BUDGET)
    (of_all,), (of_each,) = found.thresholds, found.per_host_thresholds
    counts = of_all.max_connections.value, of_all.max_pending_requests.value, of_all.max_requests.value
    assert counts == (1, 2, 3)
    assert of_each.max_connections.value == 4
    assert of_all.retry_budget == breakers(ConnectionLimits(), DEFAULT_RETRY_BUDGET).thresholds[0].retry_budget


def test_endpoints_are_asked_as_often_without_requests() -> None:
    (check,) = cluster(health(ASKED, None, Protocol.HTTP1)).health_checks
    assert check.interval == check.no_traffic_interval
    assert (check.http_health_check.path, check.http_health_check.host) == ("/healthz", "localhost")
    assert [(each.start, each.end) for each in check.http_health_check.expected_statuses] == [(200, 201), (204, 205)]
    assert not check.HasField("alt_port")


def test_the_ways_to_ask() -> None:
    def asked(ask: AskGRPC | AskTCP) -> Any:
        (check,) = cluster(health(replace(ASKED, ask=ask, port=81), None, Protocol.HTTP2)).health_checks
        assert not check.HasField("alt_port")  # Envoy does not look at it
        return check

    assert asked(AskGRPC(service="shop.Cart")).grpc_health_check.service_name == "shop.Cart"
    assert asked(AskTCP()).WhichOneof("health_checker") == "tcp_health_check"


def test_only_what_is_counted_leads_out() -> None:
    found = cluster(health(None, OBSERVED, Protocol.HTTP1)).outlier_detection
    assert found.consecutive_5xx.value == 5
    enforced = found.enforcing_consecutive_5xx, found.enforcing_consecutive_gateway_failure
    assert [each.value for each in enforced] == [100, 0]
    assert found.enforcing_success_rate.value == 0
    assert found.max_ejection_percent.value == 50
    assert health(None, None, Protocol.HTTP1) == {}


@pytest.mark.parametrize(
    ("chosen", "policy"),
    [
        (Balancing.LEAST_REQUEST, cluster_pb2.Cluster.LEAST_REQUEST),
        (Balancing.ROUND_ROBIN, cluster_pb2.Cluster.ROUND_ROBIN),
        (Balancing.RANDOM, cluster_pb2.Cluster.RANDOM),
    ],
)
def test_ways_to_choose(chosen: Balancing, policy: int) -> None:
    found = cluster(balancing(LoadBalancing(balancing=chosen, panic_percent=30)))
    assert found.lb_policy == policy
    assert found.common_lb_config.healthy_panic_threshold.value == 30
    assert found.WhichOneof("lb_config") is None


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (Balancing.LEAST_REQUEST, least_request_pb2.LeastRequest),
        (Balancing.ROUND_ROBIN, round_robin_pb2.RoundRobin),
        (Balancing.RANDOM, random_pb2.Random),
    ],
)
def test_the_own_zone_is_preferred_as_soon_as_somebody_is_there(chosen: Balancing, message: Any) -> None:
    found = cluster(balancing(LoadBalancing(balancing=chosen, slow_start_ms=1500, panic_percent=30), prefers_zone=True))
    assert found.common_lb_config.healthy_panic_threshold.value == 30
    (policy,) = found.load_balancing_policy.policies
    config = message()
    assert policy.typed_extension_config.typed_config.Unpack(config)
    zones = config.locality_lb_config.zone_aware_lb_config
    assert (zones.min_cluster_size.value, zones.force_local_zone.min_size.value) == (1, 1)
    if chosen is not Balancing.RANDOM:
        assert config.slow_start_config.slow_start_window.nanos == 500_000_000


def test_what_is_hashed_knows_no_zones() -> None:
    hashed = LoadBalancing(balancing=Balancing.MAGLEV, hash_on=(HashOn(kind="Address", name="", ttl_s=None),))
    assert balancing(hashed, prefers_zone=True) == balancing(hashed)


def test_a_slow_start() -> None:
    slow = cluster(balancing(LoadBalancing(slow_start_ms=1500)))
    assert slow.least_request_lb_config.slow_start_config.slow_start_window.nanos == 500_000_000
    turns = cluster(balancing(LoadBalancing(balancing=Balancing.ROUND_ROBIN, slow_start_ms=1000)))
    assert turns.round_robin_lb_config.slow_start_config.slow_start_window.seconds == 1


@pytest.mark.parametrize(
    ("chosen", "message"), [(Balancing.RING_HASH, ring_hash_pb2.RingHash), (Balancing.MAGLEV, maglev_pb2.Maglev)]
)
def test_what_is_hashed_stands_in_the_cluster(chosen: Balancing, message: Any) -> None:
    on = (
        HashOn(kind="Header", name="x-user", ttl_s=None),
        HashOn(kind="Cookie", name="kept", ttl_s=0),
        HashOn(kind="Cookie", name="given", ttl_s=None),
        HashOn(kind="Query", name="q", ttl_s=None),
        HashOn(kind="Address", name="", ttl_s=None),
    )
    found = cluster(balancing(LoadBalancing(balancing=chosen, hash_on=on)))
    (policy,) = found.load_balancing_policy.policies
    config = message()
    assert policy.typed_extension_config.typed_config.Unpack(config)
    header, kept, given, query, address = config.consistent_hashing_lb_config.hash_policy
    assert header.header.header_name == "x-user"
    assert kept.cookie.HasField("ttl")
    assert kept.cookie.path == "/"
    assert not given.cookie.HasField("ttl")
    assert query.query_parameter.name == "q"
    assert address.connection_properties.source_ip


def test_http2_and_keepalive() -> None:
    standard = http2(STANDARD.http2)
    assert not standard.HasField("max_concurrent_streams")
    assert not standard.HasField("connection_keepalive")
    found = http2(HTTP2Settings(max_streams=10, pings=Pings(interval_ms=1000, timeout_ms=500)))
    assert found.max_concurrent_streams.value == 10
    assert found.connection_keepalive.interval.seconds == 1
    assert keepalive(STANDARD.connection.keepalive).tcp_keepalive.keepalive_probes.value == 3


def test_a_socket_that_says_whose_connection_it_is() -> None:
    assert announced(None, "") is None
    found = announced(None, "V2")
    wrapped = upstream_proxy_protocol_pb2.ProxyProtocolUpstreamTransport()
    assert found is not None
    assert found.typed_config.Unpack(wrapped)
    assert wrapped.transport_socket.name == "envoy.transport_sockets.raw_buffer"
    again = announced(found, "V1")
    assert again is not None
    assert again.typed_config.Unpack(wrapped)
    assert wrapped.transport_socket == found
