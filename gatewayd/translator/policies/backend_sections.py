"""Sections of BackendPolicy -> BackendSettings. What is left out is as it is without a policy, or named here."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from gatewayd.api.backendpolicy import (
    ActiveHealthSection,
    BackendHTTP2Section,
    ConnectionSection,
    DNSSection,
    HashSource,
    HTTP2Keepalive,
    LimitsSection,
    LoadBalancingSection,
    PassiveHealthSection,
    TCPKeepalive,
)
from gatewayd.api.durations import milliseconds
from gatewayd.ir.backend_settings import (
    STANDARD,
    ActiveHealth,
    AskGRPC,
    AskHTTP,
    AskTCP,
    BackendSettings,
    Balancing,
    ConnectionLimits,
    ConnectionSettings,
    Family,
    HashOn,
    HTTP2Settings,
    Keepalive,
    LoadBalancing,
    NameResolution,
    PassiveHealth,
    Pings,
)
from gatewayd.translator.policies.effective import Effective

_SECOND_MS: Final = 1000
CHECK_HOST: Final = "localhost"
"""What most servers take for a name of their own; Envoy would send the name of the cluster."""
_OK: Final = 200
_INTERVAL_MS: Final = 5_000
_TIMEOUT_MS: Final = 1_000
_UNHEALTHY_AFTER: Final = 3
_HEALTHY_AFTER: Final = 2
_ERRORS: Final = 5
_OBSERVED_MS: Final = 10_000
_EJECTION_MS: Final = 30_000
_MOST_EJECTED: Final = 50
"""A fault that all endpoints have, such as a bad release, must not leave a backend with none of them."""
_PANIC_PERCENT: Final = 1
"""Where proxies ask endpoints themselves, and none answers well, the question is more likely wrong than all answers."""


def backend_settings(sections: Effective) -> BackendSettings:
    """Return what sections in force come to."""
    read = {name: reader(ruled.value) for name, reader in _READ.items() for ruled in sections.of(name)}
    balancing = read.get("load_balancing", STANDARD.load_balancing)
    panics = _panic(sections, has_active="active_health" in read)
    return BackendSettings(**{**read, "load_balancing": _with_panic(balancing, panics)})


def _panic(sections: Effective, *, has_active: bool) -> int:
    for ruled in sections.of("load_balancing"):
        if isinstance(ruled.value, LoadBalancingSection) and ruled.value.panic_percent is not None:
            return ruled.value.panic_percent
    return _PANIC_PERCENT if has_active else 0


def _with_panic(of: LoadBalancing, percent: int) -> LoadBalancing:
    return LoadBalancing(
        balancing=of.balancing, hash_on=of.hash_on, slow_start_ms=of.slow_start_ms, panic_percent=percent
    )


def _load_balancing(section: LoadBalancingSection) -> LoadBalancing:
    return LoadBalancing(
        balancing=Balancing(section.type) if section.type else Balancing.LEAST_REQUEST,
        hash_on=tuple(map(_hash_on, section.hash_on)),
        slow_start_ms=milliseconds(section.slow_start),
    )


def _hash_on(source: HashSource) -> HashOn:
    ttl = None if source.ttl is None else milliseconds(source.ttl) // _SECOND_MS
    return HashOn(kind=source.type, name=source.name or "", ttl_s=ttl)


def _active_health(section: ActiveHealthSection) -> ActiveHealth:
    return ActiveHealth(
        ask=_ask(section),
        port=section.port or 0,
        interval_ms=milliseconds(section.interval) or _INTERVAL_MS,
        timeout_ms=milliseconds(section.timeout) or _TIMEOUT_MS,
        unhealthy_after=section.unhealthy_after or _UNHEALTHY_AFTER,
        healthy_after=section.healthy_after or _HEALTHY_AFTER,
    )


def _ask(section: ActiveHealthSection) -> AskHTTP | AskGRPC | AskTCP:
    if section.http is not None:
        return AskHTTP(
            host=section.http.host or CHECK_HOST, path=section.http.path, statuses=section.http.statuses or (_OK,)
        )
    return AskTCP() if section.grpc is None else AskGRPC(service=section.grpc.service or "")


def _passive_health(section: PassiveHealthSection) -> PassiveHealth:
    gateway_errors = section.consecutive_gateway_errors or 0
    most = section.max_ejection_percent
    return PassiveHealth(
        errors=section.consecutive_errors or (0 if gateway_errors else _ERRORS),
        gateway_errors=gateway_errors,
        interval_ms=milliseconds(section.interval) or _OBSERVED_MS,
        ejection_ms=milliseconds(section.base_ejection) or _EJECTION_MS,
        max_percent=_MOST_EJECTED if most is None else most,
    )


def _limits(section: LimitsSection) -> ConnectionLimits:
    return ConnectionLimits(
        connections=section.connections or 0,
        pending_requests=section.pending_requests or 0,
        requests=section.requests or 0,
        connections_per_endpoint=section.connections_per_endpoint or 0,
        requests_per_connection=section.requests_per_connection or 0,
    )


def _connection(section: ConnectionSection) -> ConnectionSettings:
    standard = STANDARD.connection
    return ConnectionSettings(
        connect_ms=milliseconds(section.connect_timeout) or standard.connect_ms,
        idle_ms=milliseconds(section.idle_timeout) or standard.idle_ms,
        keepalive=standard.keepalive if section.tcp_keepalive is None else _keepalive(section.tcp_keepalive),
        proxy_protocol=section.proxy_protocol or "",
    )


def _keepalive(written: TCPKeepalive) -> Keepalive:
    standard = STANDARD.connection.keepalive
    return Keepalive(
        idle_s=_whole_seconds(written.idle) or standard.idle_s,
        interval_s=_whole_seconds(written.interval) or standard.interval_s,
        probes=written.probes or standard.probes,
    )


def _whole_seconds(duration: str | None) -> int:
    """Return a duration as sockets take it: at least a second, 0 for an absent one."""
    return -(-milliseconds(duration) // _SECOND_MS)


def _http2(section: BackendHTTP2Section) -> HTTP2Settings:
    standard = STANDARD.http2
    return HTTP2Settings(
        max_streams=section.max_concurrent_streams or standard.max_streams,
        stream_window=section.stream_window_bytes or standard.stream_window,
        connection_window=section.connection_window_bytes or standard.connection_window,
        pings=None if section.keepalive is None else _pings(section.keepalive),
    )


def _pings(written: HTTP2Keepalive) -> Pings:
    return Pings(interval_ms=milliseconds(written.interval), timeout_ms=milliseconds(written.timeout))


def _dns(section: DNSSection) -> NameResolution:
    standard = STANDARD.dns
    return NameResolution(
        family=Family(section.family) if section.family else standard.family,
        refresh_ms=milliseconds(section.refresh) or standard.refresh_ms,
    )


_READ: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "load_balancing": _load_balancing,
        "active_health": _active_health,
        "passive_health": _passive_health,
        "limits": _limits,
        "connection": _connection,
        "http2": _http2,
        "dns": _dns,
    }
)
"""What reads a section, by its attribute, which is that of the settings as well."""
