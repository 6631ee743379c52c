"""Annotations of ingress-nginx about what a request may be like, how long it may take, and how often it may come."""

import re
from typing import Final

from gatewayd.translator.nginx.annotations import AnnotationEffect, Effects, NginxAnnotations
from gatewayd.translator.nginx.fates import Fidelity

_SIZE: Final = re.compile(r"0*([0-9]{1,15})([kKmMgG]?)")
_UNITS: Final = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
"""Those of nginx are powers of two: https://nginx.org/en/docs/syntax.html"""
MOST_BYTES: Final = 104_857_600
"""The most that a RoutePolicy's `body` may ask for."""
_TIMEOUT: Final = 60
"""Seconds that proxy-read-timeout and proxy-send-timeout are without an annotation."""
_LONGEST: Final = 99_999
"""The largest number in a duration of the Gateway API."""
_BURST: Final = 5
"""https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#rate-limiting"""


def body_size(written: NginxAnnotations) -> Effects:
    """Yield how large a request may be: proxy-body-size, in binary units."""
    if "proxy-body-size" not in written:
        return
    size = _SIZE.fullmatch(written.text("proxy-body-size"))
    if size is None:
        yield written.ignored("proxy-body-size", "a number with k, m or g")
        return
    number = int(size[1]) * _UNITS[size[2].lower()]
    if number == 0:
        yield written.exact("proxy-body-size", "there is no limit unless one is set")
    elif number > MOST_BYTES:
        yield written.fate("proxy-body-size", Fidelity.LOST, f"{number} bytes; limits are up to {MOST_BYTES}")
    else:
        yield AnnotationEffect(passage={"body": {"maxBytes": number}})
        note = "RoutePolicy body; a request waits in the proxy's memory, and WebSockets do not get through a limit"
        yield written.approximate("proxy-body-size", note)


def timeouts(written: NginxAnnotations) -> Effects:
    """Yield how long nothing may come: proxy-read-timeout and proxy-send-timeout; and proxy-connect-timeout."""
    silences = [name for name in ("proxy-read-timeout", "proxy-send-timeout") if name in written]
    good = [name for name in silences if _seconds(written, name)]
    yield from (written.ignored(name, "a number of seconds") for name in silences if name not in good)
    if good:
        each = [_seconds(written, name) or _TIMEOUT for name in ("proxy-read-timeout", "proxy-send-timeout")]
        yield AnnotationEffect(passage={"timeouts": {"streamIdle": f"{max(each)}s"}})
        note = (
            f"RoutePolicy timeouts.streamIdle: {max(each)}s without a byte in either direction, the longer of the two"
        )
        yield from (written.approximate(name, note) for name in good)
    if "proxy-connect-timeout" in written:
        seconds = _seconds(written, "proxy-connect-timeout")
        if seconds is None:
            yield written.ignored("proxy-connect-timeout", "a number of seconds")
            return
        yield AnnotationEffect(backend={"connection": {"connectTimeout": f"{seconds}s"}})
        yield written.approximate("proxy-connect-timeout", "BackendPolicy connection.connectTimeout, for the Service")


def _seconds(written: NginxAnnotations, name: str) -> int | None:
    seconds = written.integer(name)
    return seconds if seconds is not None and 0 < seconds <= _LONGEST else None


def rate(written: NginxAnnotations) -> Effects:
    """Yield how often a client may come: limit-rps, limit-rpm; what else limits is lost."""
    limits = []
    burst = written.integer("limit-burst-multiplier") or _BURST
    for name, unit in (("limit-rps", "Second"), ("limit-rpm", "Minute")):
        if name not in written:
            continue
        number = written.integer(name)
        if number is None or number < 1:
            yield written.ignored(name, "a number above 0")
            continue
        limits.append({"requests": number, "unit": unit, "burst": number * burst, "perClient": True})
        note = f"RoutePolicy rateLimit, {number * burst} at once; 429 in the place of 503; each proxy counts by itself"
        yield written.approximate(name, note)
    if limits:
        yield AnnotationEffect(passage={"rateLimit": {"limits": limits}})
    if "limit-burst-multiplier" in written:
        yield written.exact("limit-burst-multiplier", "burst")
    for name in ("limit-connections", "limit-rate", "limit-rate-after"):
        if name in written:
            yield written.fate(name, Fidelity.LOST, "connections and bytes of one client are not limited")
    for name in ("limit-allowlist", "limit-whitelist"):
        if name in written:
            yield written.fate(name, Fidelity.LOST, "these clients are limited as all others")
