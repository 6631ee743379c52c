"""Certificate, TrustBundle -> Secret, by SDS."""

from typing import Any

from envoy.config.core.v3 import base_pb2
from envoy.extensions.transport_sockets.tls.v3 import common_pb2, secret_pb2

from gatewayd.ir.tls import Certificate, TrustBundle
from gatewayd.xds import names


def secret(of: Certificate | TrustBundle) -> Any:
    """Return the Secret. It holds a private key: serialise it, never print it."""
    if isinstance(of, Certificate):
        pair = common_pb2.TlsCertificate(
            certificate_chain=base_pb2.DataSource(inline_bytes=of.chain),
            # A copy as plain bytes: the message wants the very type.
            private_key=base_pb2.DataSource(inline_bytes=bytes(of.key)),
        )
        return secret_pb2.Secret(name=names.secret(of), tls_certificate=pair)
    ca = common_pb2.CertificateValidationContext(trusted_ca=base_pb2.DataSource(inline_bytes=of.certificates))
    return secret_pb2.Secret(name=names.secret(of), validation_context=ca)
