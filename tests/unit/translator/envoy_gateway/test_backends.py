from typing import Any

import pytest

from gatewayd.translator.envoy_gateway.backends import backends
from tests.unit.envoy_gateway import plain
from tests.unit.policies import target

GATEWAY = [target("Gateway", "gw")]


def taken(**spec: Any) -> dict[str, Any]:
    """Return the sections of a spec of which nothing is refused, as plain values."""
    found = backends({"targetRefs": GATEWAY, **spec}, "shop")
    assert [str(each) for each in found.refused] == []
    return {each.name: plain(each.value) for each in found.sections}


def refused(**spec: Any) -> list[str]:
    return [each.path for each in backends({"targetRefs": GATEWAY, **spec}, "shop").refused]


def test_load_balancing() -> None:
    assert taken(loadBalancer={"type": "RoundRobin", "slowStart": {"window": "30s"}}) == {
        "load_balancing": {"type": "RoundRobin", "slowStart": "30s"}
    }
    cookie = {"type": "Cookie", "cookie": {"name": "s", "ttl": "60s"}}
    for hashed, sources in (
        ({"type": "SourceIP"}, [{"type": "Address"}]),
        ({"type": "Header", "header": {"name": "x-a"}}, [{"type": "Header", "name": "x-a"}]),
        ({"type": "Headers", "headers": [{"name": "x-a"}]}, [{"type": "Header", "name": "x-a"}]),
        (cookie, [{"type": "Cookie", "name": "s", "ttl": "60s"}]),
        ({"type": "QueryParams", "queryParams": [{"name": "q"}]}, [{"type": "Query", "name": "q"}]),
    ):
        found = taken(loadBalancer={"type": "ConsistentHash", "consistentHash": hashed})
        assert found == {"load_balancing": {"type": "Maglev", "hashOn": sources}}
    assert refused(loadBalancer={"type": "ConsistentHash"}) == ["spec.loadBalancer.consistentHash"]
    assert refused(loadBalancer={"type": "DynamicModule"}) == ["spec.loadBalancer.type"]


def test_health() -> None:
    active = {"type": "HTTP", "http": {"path": "/healthz", "expectedStatuses": [200, 204]}, "overrides": {"port": 9}}
    assert taken(healthCheck={"active": active, "passive": {}, "panicThreshold": 10}) == {
        "load_balancing": {"panicPercent": 10},
        "active_health": {
            "http": {"path": "/healthz", "statuses": [200, 204]},
            "port": 9,
            "interval": "3s",
            "timeout": "1s",
            "unhealthyAfter": 3,
            "healthyAfter": 1,
        },
        "passive_health": {
            "consecutiveErrors": 5,
            "interval": "3s",
            "baseEjection": "30s",
            "maxEjectionPercent": 10,
        },
    }
    assert taken(healthCheck={"active": {"type": "TCP"}})["active_health"]["tcp"] == {}
    assert taken(healthCheck={"active": {"type": "GRPC", "grpc": {"service": "a"}}})["active_health"]["grpc"] == {
        "service": "a"
    }
    assert refused(healthCheck={"active": {"type": "HTTP"}}) == ["spec.healthCheck.active.http"]


def test_limits_and_connections() -> None:
    breaker = {"maxConnections": 10, "maxPendingRequests": 5, "perEndpoint": {"maxConnections": 2}}
    assert taken(circuitBreaker=breaker) == {
        "limits": {"connections": 10, "pendingRequests": 5, "connectionsPerEndpoint": 2}
    }
    assert refused(circuitBreaker={"maxParallelRequests": 0}) == ["spec.circuitBreaker.maxParallelRequests"]
    found = taken(
        timeout={"tcp": {"connectTimeout": "3s"}, "http": {"connectionIdleTimeout": "1m"}},
        tcpKeepalive={"probes": 3, "idleTime": "1m", "interval": "10s"},
        proxyProtocol={"version": "V2"},
    )
    assert found == {
        "connection": {
            "connectTimeout": "3s",
            "idleTimeout": "1m",
            "tcpKeepalive": {"idle": "1m", "interval": "10s", "probes": 3},
            "proxyProtocol": "V2",
        }
    }


def test_http2_and_names() -> None:
    http2 = {
        "initialStreamWindowSize": "64Ki",
        "maxConcurrentStreams": 50,
        "connectionKeepalive": {"interval": "10s", "timeout": "2s"},
    }
    assert taken(http2=http2, dns={"lookupFamily": "IPv6Preferred", "dnsRefreshRate": "5s"}) == {
        "http2": {
            "maxConcurrentStreams": 50,
            "streamWindowBytes": 65536,
            "keepalive": {"interval": "10s", "timeout": "2s"},
        },
        "dns": {"family": "V6Preferred", "refresh": "5s"},
    }
    assert refused(http2={"connectionKeepalive": {"interval": "1s"}}) == ["spec.http2.connectionKeepalive"]


@pytest.mark.parametrize("at", [target("HTTPRoute", "r"), target("Gateway", "gw", "http"), target("ListenerSet", "l")])
def test_what_is_not_for_a_whole_gateway_is_left_out_and_told(at: dict[str, str]) -> None:
    spec = {"loadBalancer": {"type": "Random"}, "timeout": {"tcp": {"connectTimeout": "1s"}}}
    found = backends({"targetRefs": [at], **spec}, "shop")
    assert [each.path for each in found.refused] == ["spec.loadBalancer", "spec.timeout.tcp"]


def test_what_is_said_of_requests_alone_is_no_fault_of_a_route() -> None:
    found = backends({"targetRefs": [target("HTTPRoute", "r")], "timeout": {"http": {"requestTimeout": "1s"}}}, "shop")
    assert found.refused == ()
