from typing import Any

import pytest

from gatewayd.convert.fates import Fate, Fidelity
from gatewayd.convert.fields import Fields
from gatewayd.convert.istio.settings import backend_sections


def sections(written: dict[str, Any]) -> dict[str, Any]:
    fates: list[Fate] = []
    fields = Fields(written, "policy", fates)
    done = backend_sections(fields)
    fields.end()
    lost = [fate.path for fate in fates if fate.fidelity is Fidelity.LOST]
    return {**done, **({"lost": lost} if lost else {})}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"simple": "LEAST_CONN"}, {"type": "LeastRequest"}),
        ({"simple": "RANDOM", "warmupDurationSecs": "30s"}, {"type": "Random", "slowStart": "30s"}),
        (
            {"consistentHash": {"httpHeaderName": "x-user"}},
            {"type": "RingHash", "hashOn": [{"type": "Header", "name": "x-user"}]},
        ),
        (
            {"consistentHash": {"httpCookie": {"name": "user", "ttl": "0s"}}},
            {"type": "RingHash", "hashOn": [{"type": "Cookie", "name": "user", "ttl": "0s"}]},
        ),
        (
            {"consistentHash": {"useSourceIp": True, "maglev": {"tableSize": 5}}},
            {"type": "Maglev", "hashOn": [{"type": "Address"}]},
        ),
        (
            {"consistentHash": {"httpQueryParameterName": "q"}},
            {"type": "RingHash", "hashOn": [{"type": "Query", "name": "q"}]},
        ),
    ],
)
def test_load_balancing(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    assert sections({"loadBalancer": theirs}) == {"loadBalancing": ours}


def test_what_there_is_no_section_for_is_lost() -> None:
    lost = sections({"loadBalancer": {"simple": "PASSTHROUGH"}, "portLevelSettings": [], "tunnel": {}})["lost"]
    assert lost == ["policy.portLevelSettings", "policy.tunnel", "policy.loadBalancer.simple"]


def test_pools_and_health() -> None:
    pool = {
        "tcp": {
            "maxConnections": 5, "connectTimeout": "30ms",
            "tcpKeepalive": {"time": "2h", "interval": "75s", "probes": 9},
        },
        "http": {
            "http1MaxPendingRequests": 6, "http2MaxRequests": 7, "maxRequestsPerConnection": 8,
            "idleTimeout": "1m", "maxConcurrentStreams": 10,
        },
    }  # fmt: skip
    outlier = {
        "consecutive5xxErrors": 7, "consecutiveGatewayErrors": 3, "interval": "5m",
        "baseEjectionTime": "15m", "maxEjectionPercent": 20,
    }  # fmt: skip
    assert sections({"connectionPool": pool, "outlierDetection": outlier}) == {
        "passiveHealth": {
            "consecutiveErrors": 7, "consecutiveGatewayErrors": 3, "interval": "5m",
            "baseEjection": "15m", "maxEjectionPercent": 20,
        },
        "limits": {"connections": 5, "pendingRequests": 6, "requests": 7, "requestsPerConnection": 8},
        "connection": {
            "connectTimeout": "30ms", "idleTimeout": "1m",
            "tcpKeepalive": {"idle": "2h", "interval": "1m15s", "probes": 9},
        },
        "http2": {"maxConcurrentStreams": 10},
    }  # fmt: skip


def test_errors_that_do_not_count_leave_nobody_out() -> None:
    assert "passiveHealth" not in sections({"outlierDetection": {"consecutive5xxErrors": 0, "interval": "1s"}})
    counted = sections({"outlierDetection": {"consecutive5xxErrors": 0, "consecutiveGatewayErrors": 3}})
    assert counted["passiveHealth"] == {"consecutiveErrors": 1000, "consecutiveGatewayErrors": 3}
