"""ClientTrafficPolicy -> sections of a ClientPolicy. What tells who a client is and cannot be had closes its listeners.

https://gateway.envoyproxy.io/docs/api/extension_types/#clienttrafficpolicyspec
"""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any, Final, Literal, cast, get_args

from gatewayd.api.clientpolicy import (
    Cipher,
    ClientAddressSection,
    ClientCertificateSection,
    ClientConnectionsSection,
    ClientHeadersSection,
    ClientHTTP2Section,
    ClientHTTP3Section,
    ClientPathSection,
    ClientSocketSection,
    ClientTimeoutsSection,
    ClientTLSSection,
    Curve,
    EarlyHeaders,
    TLSVersion,
)
from gatewayd.api.envoy_gateway.clients import (
    AddressDetection,
    ClientHeaders,
    ClientPath,
    ClientTLS,
    ClientTrafficPolicySpec,
)
from gatewayd.api.inherited import PolicySection
from gatewayd.api.names import shown
from gatewayd.translator.envoy_gateway.amounts import whole_bytes
from gatewayd.translator.envoy_gateway.reading import read
from gatewayd.translator.envoy_gateway.taken import TakenPolicy, TakenSection, Telling

_KIB: Final = 1024
_PROTECTING: Final = (
    "spec.clientIPDetection",
    "spec.tls.clientValidation",
    "spec.tls.ciphers",
    "spec.tls.ecdhCurves",
    "spec.tls.signatureAlgorithms",
    "spec.headers.xForwardedClientCert",
    "spec.headers.earlyRequestHeaders.removeOnMatch",
    "spec.mergeType",
)
"""Fields that say who a client is, what it must not say itself, or how well a connection is guarded.

And what would be lost if `mergeType` were left out: all that the policy above has of these.
"""
_SELECTORS: Final = "spec.targetSelectors"
_GUARDS: Final = (
    *_PROTECTING,
    "spec.tls",
    "spec.path",
    "spec.proxyProtocol",
    "spec.enableProxyProtocol",
    "spec.headers.withUnderscoresAction",
    "spec.headers.earlyRequestHeaders",
)
"""Fields that others build on and that can be had: lost where a policy selects what it is for, since that cannot."""
_SLASHES: Final[Mapping[str, Literal["Redirect", "Unescape", "Reject", "Keep"]]] = {
    "UnescapeAndRedirect": "Redirect",
    "UnescapeAndForward": "Unescape",
    "RejectRequest": "Reject",
    "KeepUnchanged": "Keep",
}
_UNDERSCORES: Final[Mapping[str, Literal["Reject", "Drop", "Allow"]]] = {
    "RejectRequest": "Reject",
    "DropHeader": "Drop",
    "Allow": "Allow",
}
_FORWARD: Final[Mapping[str, Literal["Subject", "URI", "DNS", "Certificate", "Chain"]]] = {
    "Subject": "Subject",
    "URI": "URI",
    "DNS": "DNS",
    "Cert": "Certificate",
    "Chain": "Chain",
}


def clients(written: Mapping[str, Any], namespace: str) -> TakenPolicy:
    """Return what the spec of a ClientTrafficPolicy of a namespace says of clients."""
    telling = Telling(namespace=namespace)
    spec = _spec(written, telling)
    return telling.result(_sections(spec, telling) if spec is not None else ())


def what_protects(written: Mapping[str, Any], namespace: str) -> TakenPolicy:
    """Return what of such a spec closes what it is for: it tells who a client is, or cannot be read at all."""
    telling = Telling(namespace=namespace)
    spec = _spec(written, telling)
    if spec is None:
        return telling.result(())
    refused = telling.result(_sections(spec, telling)).refused
    guards = any(_is_written(written, each) for each in _GUARDS)
    paths = (*_PROTECTING, _SELECTORS) if guards else _PROTECTING
    closing = tuple(each for each in refused if each.path.startswith(paths))
    return TakenPolicy(sections=(), refused=closing, differs=())


def _is_written(written: Mapping[str, Any], path: str) -> bool:
    here: Any = {"spec": written}
    for name in path.split("."):
        here = here.get(name) if isinstance(here, Mapping) else None
    return here is not None and here is not False


def _spec(written: Mapping[str, Any], telling: Telling) -> ClientTrafficPolicySpec | None:
    spec = read(written, ClientTrafficPolicySpec, telling)
    if spec is not None and spec.merge_type is not None:
        telling.refuse("spec.mergeType", "must not be set: the nearest policy counts")
    return spec


def _sections(spec: ClientTrafficPolicySpec, telling: Telling) -> Iterator[TakenSection]:
    detection, headers = spec.client_ip_detection, spec.headers
    told = headers.x_forwarded_client_cert if headers is not None else None
    sections: tuple[tuple[str, PolicySection | None, str], ...] = (
        ("client_address", _address(detection, telling) if detection is not None else None, "clientIPDetection"),
        ("tls", _tls(spec.tls, telling) if spec.tls is not None else None, "tls"),
        (
            "client_certificate",
            ClientCertificateSection(forward=tuple(_FORWARD[each] for each in told.cert_details_to_add))
            if told is not None and told.mode == "SanitizeSet"
            else None,
            "headers",
        ),
        ("http2", _http2(spec, telling), "http2"),
        ("http3", ClientHTTP3Section() if spec.http3 is not None else None, "http3"),
        ("headers", _headers(headers, telling) if headers is not None else None, "headers"),
        ("path", _path(spec.path) if spec.path is not None else None, "path"),
        ("timeouts", _timeouts(spec), "timeout"),
        ("connections", _connections(spec), "connection"),
        ("socket", _socket(spec, telling), "proxyProtocol" if spec.proxy_protocol is not None else "connection"),
    )
    yield from (TakenSection(name, value, f"spec.{path}") for name, value, path in sections if value is not None)


def _address(written: AddressDetection, telling: Telling) -> ClientAddressSection | None:
    forwarded = written.x_forwarded_for
    if forwarded is None or (not forwarded.num_trusted_hops and not forwarded.trusted_cidrs):
        return None
    for at, each in enumerate(forwarded.trusted_cidrs):
        try:
            ip_network(each, strict=False)
        except ValueError:
            path = f"spec.clientIPDetection.xForwardedFor.trustedCIDRs[{at}]"
            telling.refuse(path, f"{shown(each)} is no address range; allowed: one such as 10.0.0.0/8")
            return None
    return ClientAddressSection(
        trusted_hops=forwarded.num_trusted_hops or None,
        trusted_ranges=tuple(str(ip_network(each, strict=False)) for each in forwarded.trusted_cidrs),
    )


def _tls(written: ClientTLS, telling: Telling) -> ClientTLSSection | None:
    before = len(telling.refused)
    for name, given, known in (
        ("ciphers", written.ciphers, get_args(Cipher)),
        ("ecdhCurves", written.ecdh_curves, get_args(Curve)),
    ):
        for at, each in enumerate(given):
            if each not in known:
                telling.refuse(f"spec.tls.{name}[{at}]", f"{shown(each)} is not known; allowed: {', '.join(known)}")
    section = ClientTLSSection(
        min_version=_version(written.min_version),
        max_version=_version(written.max_version),
        ciphers=cast("tuple[Cipher, ...]", written.ciphers),
        curves=cast("tuple[Curve, ...]", written.ecdh_curves),
    )
    return None if section == ClientTLSSection() or len(telling.refused) > before else section


def _version(written: str | None) -> TLSVersion | None:
    return None if written in (None, "Auto") else cast("TLSVersion", written)


def _http2(spec: ClientTrafficPolicySpec, telling: Telling) -> ClientHTTP2Section | None:
    written = spec.http2
    if written is None:
        return None
    if written.connection_keepalive is not None:
        telling.refuse(
            "spec.http2.connectionKeepalive", "must not be set for clients; allowed: timeout.http.idleTimeout"
        )
    return ClientHTTP2Section(
        max_concurrent_streams=written.max_concurrent_streams,
        stream_window_bytes=whole_bytes(
            written.initial_stream_window_size, "spec.http2.initialStreamWindowSize", telling
        ),
        connection_window_bytes=whole_bytes(
            written.initial_connection_window_size, "spec.http2.initialConnectionWindowSize", telling
        ),
    )


def _headers(written: ClientHeaders, telling: Telling) -> ClientHeadersSection | None:
    most = whole_bytes(written.max_request_header_limit, "spec.headers.maxRequestHeaderLimit", telling)
    early = written.early_request_headers
    section = ClientHeadersSection(
        max_kib=max(1, most // _KIB) if most is not None else None,
        underscores=_UNDERSCORES[written.with_underscores_action]
        if written.with_underscores_action is not None
        else None,
        early=EarlyHeaders(set=early.set, remove=early.remove) if early is not None else None,
    )
    return None if section == ClientHeadersSection() else section


def _path(written: ClientPath) -> ClientPathSection | None:
    action = written.escaped_slashes_action
    section = ClientPathSection(
        escaped_slashes=_SLASHES[action] if action is not None else None,
        repeated_slashes="Keep" if written.disable_merge_slashes else None,
    )
    return None if section == ClientPathSection() else section


def _timeouts(spec: ClientTrafficPolicySpec) -> ClientTimeoutsSection | None:
    tcp = spec.timeout.tcp if spec.timeout is not None else None
    http = spec.timeout.http if spec.timeout is not None else None
    section = ClientTimeoutsSection(
        tls_handshake=tcp.tls_handshake_timeout if tcp is not None else None,
        request_headers=http.request_headers_received_timeout if http is not None else None,
        stream_idle=http.stream_idle_timeout if http is not None else None,
        idle=http.idle_timeout if http is not None else None,
    )
    return None if section == ClientTimeoutsSection() else section


def _connections(spec: ClientTrafficPolicySpec) -> ClientConnectionsSection | None:
    limit = spec.connection.connection_limit if spec.connection is not None else None
    if limit is None:
        return None
    section = ClientConnectionsSection(
        max=limit.value, max_requests_each=limit.max_requests_per_connection, max_age=limit.max_connection_duration
    )
    return None if section == ClientConnectionsSection() else section


def _socket(spec: ClientTrafficPolicySpec, telling: Telling) -> ClientSocketSection | None:
    optional = spec.proxy_protocol is not None and bool(spec.proxy_protocol.optional)
    is_spoken = spec.proxy_protocol is not None or bool(spec.enable_proxy_protocol)
    buffer = spec.connection.buffer_limit if spec.connection is not None else None
    section = ClientSocketSection(
        proxy_protocol=("Optional" if optional else "Required") if is_spoken else None,
        buffer_bytes=whole_bytes(buffer, "spec.connection.bufferLimit", telling),
    )
    return None if section == ClientSocketSection() else section
