"""A TrafficPolicy of a DestinationRule, as sections of a BackendPolicy.

https://istio.io/latest/docs/reference/config/networking/destination-rule/#TrafficPolicy
"""

from typing import Any, Final

from gatewayd.convert.draft import JSON
from gatewayd.convert.fields import Fields
from gatewayd.convert.spans import duration, milliseconds

_SIMPLE: Final = {
    "ROUND_ROBIN": "RoundRobin",
    "LEAST_CONN": "LeastRequest",
    "LEAST_REQUEST": "LeastRequest",
    "RANDOM": "Random",
}
_OTHER: Final = "a BackendPolicy is for all ports of a Service, or one by its name: write one"
_UNHAD: Final = {
    "portLevelSettings": _OTHER,
    "tunnel": "connections are not made through a proxy",
    "proxyProtocol": "a BackendPolicy's connection.proxyProtocol says it",
    "retryBudget": "retries are limited by their number",
}
_OF_TCP: Final = {"maxConnectionDuration": "connections are not ended by age"}
_OF_HTTP: Final = {
    "maxRetries": "retries at a time are not limited",
    "h2UpgradePolicy": "the appProtocol kubernetes.io/h2c of a Service's port says that it speaks HTTP/2",
    "useClientProtocol": "the appProtocol of a Service's port says what it speaks",
}


def backend_sections(written: Fields) -> dict[str, Any]:
    """Return the sections that a traffic policy says something of."""
    written.lost_if_written(_UNHAD)
    sections = {
        "loadBalancing": _load_balancing(written.one("loadBalancer")),
        "passiveHealth": _passive_health(written.one("outlierDetection")),
        **_pool(written.one("connectionPool")),
    }
    return {name: each for name, each in sections.items() if each}


def _load_balancing(written: Fields) -> JSON:
    written.lost_if_written(
        {"localityLbSetting": "a Service's trafficDistribution says it", "warmup": "slowStart says it"}
    )
    sections: dict[str, Any] = {}
    warmup = milliseconds(written, "warmupDurationSecs")
    if warmup:
        sections["slowStart"] = duration(warmup)
    simple, hashed = written.text("simple"), written.one("consistentHash")
    if simple in _SIMPLE:
        sections["type"] = _SIMPLE[simple]
    elif simple and simple != "UNSPECIFIED":
        written.lost("simple", f"{simple} is none of {', '.join(_SIMPLE)}")
    if hashed:
        sections |= _hashed(hashed)
    return sections


def _hashed(written: Fields) -> JSON:
    kind = "Maglev" if "maglev" in written else "RingHash"
    sizes = (
        (written, "minimumRingSize"),
        (written.one("ringHash"), "minimumRingSize"),
        (written.one("maglev"), "tableSize"),
    )
    for of, name in sizes:
        if name in of:
            of.approximate(name, "the size is the proxy's own")
    cookie = written.one("httpCookie")
    sources: list[JSON] = []
    if "httpHeaderName" in written:
        sources.append({"type": "Header", "name": written.text("httpHeaderName")})
    if cookie:
        cookie.lost_if_written({"path": "the cookie is for all paths", "attributes": "the cookie has none"})
        ttl = milliseconds(cookie, "ttl")
        sources.append({
            "type": "Cookie",
            "name": cookie.text("name"),
            **({"ttl": duration(ttl)} if ttl is not None else {}),
        })  # fmt: skip
    if "httpQueryParameterName" in written:
        sources.append({"type": "Query", "name": written.text("httpQueryParameterName")})
    if written.boolean("useSourceIp"):
        sources.append({"type": "Address"})
    return {"type": kind, "hashOn": sources} if sources else {}


_MOST_ERRORS: Final = 1000
"""What a BackendPolicy may say; it cannot say that errors do not count."""


def _passive_health(written: Fields) -> JSON:
    written.lost_if_written({
        "minHealthPercent": "a BackendPolicy's loadBalancing.panicPercent says it",
        "splitExternalLocalOriginErrors": "errors are counted together",
        "consecutiveLocalOriginFailures": "errors are counted together",
    })  # fmt: skip
    errors = "consecutive5xxErrors" if "consecutive5xxErrors" in written else "consecutiveErrors"
    counts = {"consecutiveErrors": errors, "consecutiveGatewayErrors": "consecutiveGatewayErrors"}
    spans = {"interval": "interval", "baseEjection": "baseEjectionTime"}
    counted = {name: written.number(theirs) for name, theirs in counts.items() if theirs in written}
    timed = {name: milliseconds(written, theirs) for name, theirs in spans.items() if theirs in written}
    percent = written.number("maxEjectionPercent")
    if counted.get("consecutiveErrors") == 0:
        if not counted.get("consecutiveGatewayErrors"):
            return {}
        written.approximate(errors, f"{_MOST_ERRORS} in a row, in place of never")
        counted["consecutiveErrors"] = _MOST_ERRORS
    return {
        **{name: each for name, each in counted.items() if each},
        **{name: duration(each) for name, each in timed.items() if each},
        **({"maxEjectionPercent": percent} if percent else {}),
    }


def _pool(written: Fields) -> dict[str, JSON]:
    tcp, http = written.one("tcp"), written.one("http")
    tcp.lost_if_written(_OF_TCP)
    http.lost_if_written(_OF_HTTP)
    limits = {
        "connections": tcp.number("maxConnections"),
        "pendingRequests": http.number("http1MaxPendingRequests"),
        "requests": http.number("http2MaxRequests"),
        "requestsPerConnection": http.number("maxRequestsPerConnection"),
    }
    connection: dict[str, Any] = {
        name: duration(each)
        for name, each in (
            ("connectTimeout", milliseconds(tcp, "connectTimeout")),
            ("idleTimeout", milliseconds(http, "idleTimeout") or milliseconds(tcp, "idleTimeout")),
        )
        if each
    }
    keepalive = _keepalive(tcp.one("tcpKeepalive"))
    streams = http.number("maxConcurrentStreams")
    return {
        "limits": {name: each for name, each in limits.items() if each},
        "connection": {**connection, **({"tcpKeepalive": keepalive} if keepalive else {})},
        "http2": {"maxConcurrentStreams": streams} if streams else {},
    }


def _keepalive(written: Fields) -> JSON:
    idle, interval = milliseconds(written, "time"), milliseconds(written, "interval")
    probes = written.number("probes")
    return {
        **({"idle": duration(idle)} if idle else {}),
        **({"interval": duration(interval)} if interval else {}),
        **({"probes": probes} if probes else {}),
    }
