"""Sections of ClientPolicy -> ClientSettings and SocketSettings, and what of them cannot be had.

A field that is left out is what it is without a policy. What cannot be had is left out, and named with its path.
"""

from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_network
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from gatewayd.api.clientpolicy import (
    ClientAddressSection,
    ClientCertificateSection,
    ClientConnectionsSection,
    ClientHeadersSection,
    ClientHTTP1Section,
    ClientHTTP2Section,
    ClientHTTP3Section,
    ClientPathSection,
    ClientPolicy,
    ClientSections,
    ClientSocketSection,
    ClientTimeoutsSection,
    ClientTLSSection,
)
from gatewayd.api.durations import milliseconds
from gatewayd.api.names import shown
from gatewayd.ir.client_settings import (
    HTTP3,
    STANDARD_CLIENTS,
    STANDARD_SOCKET,
    ClientSettings,
    ConnectionBounds,
    HeaderRules,
    PathRules,
    Patience,
    SocketSettings,
    StreamBounds,
    TLSBounds,
    TrustedProxies,
    TrustedRange,
)
from gatewayd.ir.edge import EscapedSlashes
from gatewayd.ir.filters import Header
from gatewayd.translator.policies.effective import Effective
from gatewayd.translator.policies.kinds import InheritedPolicy, by_strategy
from gatewayd.translator.policies.told import refused_header

_SLASHES: Final[Mapping[str, EscapedSlashes]] = MappingProxyType(
    {
        "Redirect": EscapedSlashes.REDIRECT,
        "Unescape": EscapedSlashes.UNESCAPE,
        "Reject": EscapedSlashes.REJECT,
        "Keep": EscapedSlashes.KEEP,
    }
)


def client_settings(sections: Effective) -> ClientSettings:
    """Return what sections in force come to for a filter chain."""
    read = {each.setting: each.read(ruled.value) for each in _READ for ruled in sections.of(each.section)}
    return ClientSettings(**read, tls=_tls(sections))


def socket_settings(sections: Effective) -> SocketSettings:
    """Return what sections in force come to for a port."""
    for ruled in sections.of("socket"):
        if isinstance(ruled.value, ClientSocketSection):
            return SocketSettings(
                proxy_protocol=ruled.value.proxy_protocol or "",
                buffer=ruled.value.buffer_bytes or STANDARD_SOCKET.buffer,
            )
    return STANDARD_SOCKET


def client_problems(row: InheritedPolicy) -> Iterator[str]:
    """Yield what of a ClientPolicy cannot be had, with its path."""
    if isinstance(row, ClientPolicy):
        for strategy, given in by_strategy(row):
            yield from (f"spec.{strategy}.{each}" for each in _problems(given))


def _problems(given: ClientSections) -> Iterator[str]:
    if given.client_address is not None:
        for at, written in enumerate(given.client_address.trusted_ranges):
            if _range(written) is None:
                why = f"{shown(written)} is no address range; an address or a range such as 10.0.0.0/8 is allowed"
                yield f"clientAddress.trustedRanges[{at}]: {why}"
    early = given.headers.early if given.headers is not None else None
    if early is not None:
        for field, names in (("set", [each.name for each in early.set]), ("remove", early.remove)):
            problems = ((at, refused_header(name)) for at, name in enumerate(names))
            yield from (f"headers.early.{field}[{at}]: {why}" for at, why in problems if why)


def _range(written: str) -> TrustedRange | None:
    try:
        network = ip_network(written)
    except ValueError:
        return None
    return TrustedRange(network=str(network.network_address), bits=network.prefixlen)


def _trusted(section: ClientAddressSection) -> TrustedProxies:
    ranges = map(_range, section.trusted_ranges)
    return TrustedProxies(hops=section.trusted_hops or 0, ranges=tuple(each for each in ranges if each is not None))


def _tls(sections: Effective) -> TLSBounds:
    found = [each.value for name in ("tls", "client_certificate") for each in sections.of(name)]
    written = next((each for each in found if isinstance(each, ClientTLSSection)), ClientTLSSection())
    told = next((each for each in found if isinstance(each, ClientCertificateSection)), ClientCertificateSection())
    return TLSBounds(
        least=written.min_version or "",
        most=written.max_version or "",
        ciphers=written.ciphers,
        curves=written.curves,
        forward=told.forward,
        hashes=told.hashes,
        key_hashes=told.public_key_hashes,
    )


def _serves_http10(section: ClientHTTP1Section) -> bool:
    return section.http10 != "Refuse"


def _streams(section: ClientHTTP2Section) -> StreamBounds:
    standard = STANDARD_CLIENTS.streams
    return StreamBounds(
        most=section.max_concurrent_streams or standard.most,
        stream_window=section.stream_window_bytes or standard.stream_window,
        connection_window=section.connection_window_bytes or standard.connection_window,
    )


def _http3(section: ClientHTTP3Section) -> HTTP3:
    return HTTP3(port=section.advertised_port or 0)


def _headers(section: ClientHeadersSection) -> HeaderRules:
    standard, early = STANDARD_CLIENTS.headers, section.early
    written = early.set if early is not None else ()
    return HeaderRules(
        count=section.max_count or standard.count,
        kib=section.max_kib or standard.kib,
        underscores=section.underscores or standard.underscores,
        early_set=tuple(Header(name=each.name, value=each.value) for each in written if not refused_header(each.name)),
        early_remove=tuple(name for name in (early.remove if early is not None else ()) if not refused_header(name)),
    )


def _path(section: ClientPathSection) -> PathRules:
    escaped = _SLASHES[section.escaped_slashes] if section.escaped_slashes is not None else None
    return PathRules(escaped=escaped, merges=section.repeated_slashes != "Keep")


def _patience(section: ClientTimeoutsSection) -> Patience:
    standard = STANDARD_CLIENTS.patience
    return Patience(
        handshake_ms=milliseconds(section.tls_handshake) or standard.handshake_ms,
        headers_ms=milliseconds(section.request_headers) or standard.headers_ms,
        stream_ms=milliseconds(section.stream_idle) or standard.stream_ms,
        idle_ms=milliseconds(section.idle) or standard.idle_ms,
    )


def _connections(section: ClientConnectionsSection) -> ConnectionBounds:
    return ConnectionBounds(
        most=section.max or 0, requests_each=section.max_requests_each or 0, age_ms=milliseconds(section.max_age)
    )


class _Reader(NamedTuple):
    """What reads a section, and what of the settings it makes."""

    section: str
    setting: str
    read: Callable[[Any], Any]


_READ: Final = (
    _Reader("client_address", "trusted", _trusted),
    _Reader("http1", "serves_http10", _serves_http10),
    _Reader("http2", "streams", _streams),
    _Reader("http3", "http3", _http3),
    _Reader("headers", "headers", _headers),
    _Reader("path", "path", _path),
    _Reader("timeouts", "patience", _patience),
    _Reader("connections", "connections", _connections),
)
