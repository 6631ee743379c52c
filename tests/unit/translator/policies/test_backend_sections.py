from typing import Any

from gatewayd.api.backendpolicy import BackendPolicy, BackendSections
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.backend_settings import (
    STANDARD,
    ActiveHealth,
    AskGRPC,
    AskHTTP,
    AskTCP,
    BackendSettings,
    Balancing,
    ConnectionLimits,
    Family,
    HashOn,
    Keepalive,
    PassiveHealth,
    Pings,
)
from gatewayd.translator.policies.attach import SERVICE_KIND
from gatewayd.translator.policies.backend_sections import backend_settings
from gatewayd.translator.policies.effective import ChainKey, ScopedTarget, effective
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import delta, scratch

CART = ScopedTarget(SERVICE_KIND, ObjectKey("shop", "cart"), "")


def settings(**sections: Any) -> BackendSettings:
    view = scratch(delta(policy("BackendPolicy", "a", target("Service", "cart"), default=sections)))
    return backend_settings(effective(view, ChainKey(BackendPolicy, (CART,))))


def test_a_section_that_says_nothing_changes_nothing() -> None:
    empty: dict[str, Any] = {"loadBalancing": {}, "limits": {}, "connection": {}, "http2": {}, "dns": {}}
    assert settings(**empty) == STANDARD


def test_a_section_that_is_disabled_changes_nothing() -> None:
    names = [each for each in BackendSections.__struct_encode_fields__ if each != "failover"]
    assert settings(**{name: {"mode": "Disabled"} for name in names}) == STANDARD


def test_load_balancing() -> None:
    on = [{"type": "Cookie", "name": "c", "ttl": "1m"}, {"type": "Cookie", "name": "d"}, {"type": "Address"}]
    found = settings(loadBalancing={"type": "Maglev", "hashOn": on}).load_balancing
    assert found.balancing is Balancing.MAGLEV
    assert found.hash_on == (
        HashOn(kind="Cookie", name="c", ttl_s=60),
        HashOn(kind="Cookie", name="d", ttl_s=None),
        HashOn(kind="Address", name="", ttl_s=None),
    )
    assert settings(loadBalancing={"slowStart": "1s500ms"}).load_balancing.slow_start_ms == 1500


def test_where_all_checks_fail_all_are_used_unless_it_is_said_otherwise() -> None:
    check: dict[str, Any] = {"tcp": {}}
    assert settings(activeHealth=check).load_balancing.panic_percent == 1
    assert settings(activeHealth=check, loadBalancing={}).load_balancing.panic_percent == 1
    assert settings(activeHealth=check, loadBalancing={"panicPercent": 0}).load_balancing.panic_percent == 0
    assert settings(loadBalancing={"panicPercent": 40}).load_balancing.panic_percent == 40


def test_active_health() -> None:
    found = settings(activeHealth={"http": {"path": "/healthz"}}).active_health
    assert found == ActiveHealth(
        ask=AskHTTP(host="localhost", path="/healthz", statuses=(200,)),
        port=0,
        interval_ms=5000,
        timeout_ms=1000,
        unhealthy_after=3,
        healthy_after=2,
    )
    asked = settings(activeHealth={"grpc": {"service": "a.B"}, "port": 81}).active_health
    assert asked is not None
    assert (asked.ask, asked.port) == (AskGRPC(service="a.B"), 81)
    knocked = settings(activeHealth={"tcp": {}}).active_health
    assert knocked is not None
    assert knocked.ask == AskTCP()


def test_passive_health() -> None:
    found = settings(passiveHealth={"interval": "1s"}).passive_health
    assert found == PassiveHealth(errors=5, gateway_errors=0, interval_ms=1000, ejection_ms=30_000, max_percent=50)
    of_gateways = settings(passiveHealth={"consecutiveGatewayErrors": 3, "maxEjectionPercent": 0}).passive_health
    assert of_gateways is not None
    assert (of_gateways.errors, of_gateways.gateway_errors, of_gateways.max_percent) == (0, 3, 0)


def test_limits_connections_and_names() -> None:
    assert settings(limits={"requests": 8}).limits == ConnectionLimits(requests=8)
    found = settings(
        connection={"connectTimeout": "250ms", "tcpKeepalive": {"idle": "1500ms"}, "proxyProtocol": "V2"},
        http2={"maxConcurrentStreams": 10, "keepalive": {"interval": "30s", "timeout": "5s"}},
        dns={"family": "All", "refresh": "5s"},
    )
    assert found.connection.connect_ms == 250
    assert found.connection.idle_ms == STANDARD.connection.idle_ms
    assert found.connection.keepalive == Keepalive(idle_s=2)
    assert found.connection.proxy_protocol == "V2"
    assert (found.http2.max_streams, found.http2.pings) == (10, Pings(interval_ms=30_000, timeout_ms=5_000))
    assert (found.dns.family, found.dns.refresh_ms) == (Family.ALL, 5_000)
