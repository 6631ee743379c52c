"""Certificate, TrustBundle, SharedSecret -> Secret, by SDS; and which of them listeners and clusters refer to."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from envoy.config.core.v3 import base_pb2
from envoy.extensions.transport_sockets.tls.v3 import common_pb2, secret_pb2

from gatewayd.ir.backend import Cluster
from gatewayd.ir.proxy import FilterChain
from gatewayd.ir.tls import Certificate, SharedSecret, TrustBundle
from gatewayd.xds import names

Secret: TypeAlias = Certificate | TrustBundle | SharedSecret


def secret(of: Secret) -> Any:
    """Return the Secret. It holds a private key: serialise it, never print it."""
    if isinstance(of, Certificate):
        pair = common_pb2.TlsCertificate(
            certificate_chain=base_pb2.DataSource(inline_bytes=of.chain),
            # A copy as plain bytes: the message wants the very type.
            private_key=base_pb2.DataSource(inline_bytes=bytes(of.key)),
        )
        return secret_pb2.Secret(name=names.secret(of), tls_certificate=pair)
    if isinstance(of, SharedSecret):
        shared = secret_pb2.GenericSecret(secret=base_pb2.DataSource(inline_bytes=bytes(of.content)))
        return secret_pb2.Secret(name=names.secret(of), generic_secret=shared)
    revoked = of.revoked
    ca = common_pb2.CertificateValidationContext(
        trusted_ca=base_pb2.DataSource(inline_bytes=of.certificates),
        crl=None if revoked is None else base_pb2.DataSource(inline_bytes=revoked.lists),
        only_verify_leaf_cert_crl=revoked is not None and not revoked.whole_chain,
    )
    return secret_pb2.Secret(name=names.secret(of), validation_context=ca)


def secrets_of_chains(chains: Iterable[FilterChain]) -> Iterator[Secret]:
    """Yield what filter chains refer to, as often as they do."""
    for chain in chains:
        if chain.tls is not None:
            yield from chain.tls.certificates
            if chain.tls.client is not None:
                yield chain.tls.client.trust


def secrets_of_cluster(of: Cluster) -> tuple[Secret, ...]:
    """Return what the connections of a cluster refer to."""
    if of.tls is None:
        return ()
    trust = (of.tls.trust,) if isinstance(of.tls.trust, TrustBundle) else ()
    return trust if of.tls.client is None else (*trust, of.tls.client)
