"""DownstreamTLS, UpstreamTLS -> transport sockets.

Invariant: no certificate and no key stands here. Each is named and comes by SDS, so a new certificate changes neither
a listener nor a cluster, and no connection is closed.
"""

from typing import Any, assert_never

from envoy.config.core.v3 import base_pb2
from envoy.extensions.transport_sockets.quic.v3 import quic_transport_pb2
from envoy.extensions.transport_sockets.tls.v3 import common_pb2, secret_pb2, tls_pb2
from envoy.type.matcher.v3 import string_pb2
from google.protobuf import wrappers_pb2

from gatewayd.ir.client_settings import STANDARD_CLIENTS, TLSBounds
from gatewayd.ir.tls import (
    Certificate,
    ClientTrust,
    ClientValidation,
    DownstreamTLS,
    SanKind,
    SanMatcher,
    SystemTrust,
    TrustBundle,
    UpstreamTLS,
)
from gatewayd.xds import names
from gatewayd.xds.encoding import ADS, packed

SYSTEM_CA_FILE = "/etc/ssl/certs/ca-certificates.crt"
"""Where Debian, and the images of Envoy that are made from it, keep the CA certificates."""

_NAME = "envoy.transport_sockets.tls"
_QUIC_NAME = "envoy.transport_sockets.quic"
_PARAMETERS = common_pb2.TlsParameters(
    # As a client, Envoy ends at 1.2 when nothing is said, and cannot speak to a backend that begins at 1.3.
    tls_maximum_protocol_version=common_pb2.TlsParameters.TLSv1_3,
)
_VERSIONS = {
    "": common_pb2.TlsParameters.TLS_AUTO,
    "1.0": common_pb2.TlsParameters.TLSv1_0,
    "1.1": common_pb2.TlsParameters.TLSv1_1,
    "1.2": common_pb2.TlsParameters.TLSv1_2,
    "1.3": common_pb2.TlsParameters.TLSv1_3,
}
_Validation = common_pb2.CertificateValidationContext
_OF_NOBODY = "0" * 64
"""A hash that no certificate has, as nobody can make one for it."""
_SAN_TYPES = {
    SanKind.DNS: common_pb2.SubjectAltNameMatcher.DNS,
    SanKind.URI: common_pb2.SubjectAltNameMatcher.URI,
}


def downstream(tls: DownstreamTLS, bounds: TLSBounds = STANDARD_CLIENTS.tls) -> Any:
    """Return the socket that terminates TLS within bounds."""
    return base_pb2.TransportSocket(name=_NAME, typed_config=packed(_context(tls, bounds, tls.alpn)))


def quic(tls: DownstreamTLS, bounds: TLSBounds = STANDARD_CLIENTS.tls) -> Any:
    """Return the socket that terminates QUIC: of the bounds the curves count, as there is one version of TLS."""
    context = _context(tls, TLSBounds(curves=bounds.curves), ())
    transport = quic_transport_pb2.QuicDownstreamTransport(downstream_tls_context=context)
    return base_pb2.TransportSocket(name=_QUIC_NAME, typed_config=packed(transport))


def _context(tls: DownstreamTLS, bounds: TLSBounds, alpn: tuple[str, ...]) -> Any:
    required = tls.client is not None and tls.client.validation is ClientValidation.REQUIRED
    return tls_pb2.DownstreamTlsContext(
        common_tls_context=tls_pb2.CommonTlsContext(
            tls_params=_agreed(bounds),
            tls_certificate_sds_secret_configs=[_secret(certificate) for certificate in tls.certificates],
            alpn_protocols=alpn,
            combined_validation_context=None if tls.client is None else _client_validation(tls.client, bounds),
        ),
        require_client_certificate=wrappers_pb2.BoolValue(value=required),
    )


def _agreed(bounds: TLSBounds) -> Any:
    """Return what is agreed to, None for what Envoy has by itself."""
    if not (bounds.least or bounds.most or bounds.ciphers or bounds.curves):
        return None
    return common_pb2.TlsParameters(
        tls_minimum_protocol_version=_VERSIONS[bounds.least],
        tls_maximum_protocol_version=_VERSIONS[bounds.most],
        cipher_suites=bounds.ciphers,
        ecdh_curves=bounds.curves,
    )


def upstream(tls: UpstreamTLS, alpn: tuple[str, ...]) -> Any:
    """Return the socket that speaks TLS to a backend.

    The certificate must carry one of the names; `sni` is only sent:
    https://gateway-api.sigs.k8s.io/reference/spec/#backendtlspolicyvalidation
    """
    context = tls_pb2.UpstreamTlsContext(
        sni=tls.sni,
        common_tls_context=tls_pb2.CommonTlsContext(
            tls_params=_PARAMETERS,
            tls_certificate_sds_secret_configs=[] if tls.client is None else [_secret(tls.client)],
            alpn_protocols=alpn,
            **_backend_validation(tls),
        ),
    )
    return base_pb2.TransportSocket(name=_NAME, typed_config=packed(context))


def _secret(of: Certificate | TrustBundle) -> Any:
    return secret_pb2.SdsSecretConfig(name=names.secret(of), sds_config=ADS)


def _client_validation(client: ClientTrust, bounds: TLSBounds) -> Any:
    kind = client.validation
    match kind:
        case ClientValidation.REQUIRED:
            checked = _Validation.VERIFY_TRUST_CHAIN
        case ClientValidation.INSECURE_FALLBACK:
            checked = _Validation.ACCEPT_UNTRUSTED
        case _:
            assert_never(kind)
    return tls_pb2.CommonTlsContext.CombinedCertificateValidationContext(
        default_validation_context=_Validation(trust_chain_verification=checked, **_pinned(bounds)),
        validation_context_sds_secret_config=_secret(client.trust),
    )


def _pinned(bounds: TLSBounds) -> dict[str, Any]:
    """Return which certificates of clients are good beyond being of a CA."""
    if bounds.trusts_nobody:
        return {"verify_certificate_hash": [_OF_NOBODY]}
    return {"verify_certificate_hash": bounds.hashes, "verify_certificate_spki": bounds.key_hashes}


def _backend_validation(tls: UpstreamTLS) -> dict[str, Any]:
    accepted = [_name(name) for name in tls.names]
    if isinstance(tls.trust, SystemTrust):
        ca = base_pb2.DataSource(filename=SYSTEM_CA_FILE)
        return {"validation_context": _Validation(trusted_ca=ca, match_typed_subject_alt_names=accepted)}
    combined = tls_pb2.CommonTlsContext.CombinedCertificateValidationContext(
        default_validation_context=_Validation(match_typed_subject_alt_names=accepted),
        validation_context_sds_secret_config=_secret(tls.trust),
    )
    return {"combined_validation_context": combined}


def _name(name: SanMatcher) -> Any:
    return common_pb2.SubjectAltNameMatcher(
        san_type=_SAN_TYPES[name.kind], matcher=string_pb2.StringMatcher(exact=name.value)
    )
