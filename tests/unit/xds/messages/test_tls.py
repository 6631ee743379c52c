import pytest
from envoy.extensions.transport_sockets.tls.v3 import common_pb2, tls_pb2

from gatewayd.ir.client_settings import TLSBounds
from gatewayd.ir.tls import (
    Certificate,
    ClientTrust,
    ClientValidation,
    DownstreamTLS,
    PrivateBytes,
    SanKind,
    SanMatcher,
    SystemTrust,
    TrustBundle,
    UpstreamTLS,
)
from gatewayd.xds.encoding import ADS
from gatewayd.xds.messages.tls import SYSTEM_CA_FILE, downstream, upstream

ONE = Certificate(name="shop/one", chain=b"CHAIN", key=PrivateBytes(b"KEY"))
TWO = Certificate(name="shop/two", chain=b"CHAIN", key=PrivateBytes(b"KEY"))
TRUST = TrustBundle(name="shop/ca", certificates=b"CA")
NAMES = (SanMatcher(kind=SanKind.DNS, value="b.example"), SanMatcher(kind=SanKind.URI, value="spiffe://b"))


def downstream_context(tls: DownstreamTLS) -> tls_pb2.DownstreamTlsContext:
    context = tls_pb2.DownstreamTlsContext()
    assert downstream(tls).typed_config.Unpack(context)
    return context


def upstream_context(trust: TrustBundle | SystemTrust, client: Certificate | None) -> tls_pb2.UpstreamTlsContext:
    context = tls_pb2.UpstreamTlsContext()
    tls = UpstreamTLS(sni="sent.example", trust=trust, names=NAMES, client=client)
    assert upstream(tls, ("h2",)).typed_config.Unpack(context)
    return context


def test_certificates_are_named_and_not_shown() -> None:
    tls = DownstreamTLS(certificates=(ONE, TWO), alpn=("h2", "http/1.1"), client=None)
    common = downstream_context(tls).common_tls_context
    assert [each.name for each in common.tls_certificate_sds_secret_configs] == [
        "certificate/shop/one",
        "certificate/shop/two",
    ]
    assert all(each.sds_config == ADS for each in common.tls_certificate_sds_secret_configs)
    assert list(common.alpn_protocols) == ["h2", "http/1.1"]
    assert common.WhichOneof("validation_context_type") is None
    assert b"KEY" not in downstream(tls).SerializeToString()


@pytest.mark.parametrize(
    ("validation", "required", "checked"),
    [
        (ClientValidation.REQUIRED, True, common_pb2.CertificateValidationContext.VERIFY_TRUST_CHAIN),
        (ClientValidation.INSECURE_FALLBACK, False, common_pb2.CertificateValidationContext.ACCEPT_UNTRUSTED),
    ],
)
def test_clients(validation: ClientValidation, *, required: bool, checked: int) -> None:
    client = ClientTrust(trust=TRUST, validation=validation)
    context = downstream_context(DownstreamTLS(certificates=(ONE,), alpn=(), client=client))
    combined = context.common_tls_context.combined_validation_context
    assert context.require_client_certificate.value is required
    assert combined.default_validation_context.trust_chain_verification == checked
    assert combined.validation_context_sds_secret_config.name == "trust/shop/ca"


def test_backends() -> None:
    context = upstream_context(TRUST, ONE)
    combined = context.common_tls_context.combined_validation_context
    accepted = combined.default_validation_context.match_typed_subject_alt_names
    assert context.sni == "sent.example"
    assert list(context.common_tls_context.alpn_protocols) == ["h2"]
    assert combined.validation_context_sds_secret_config.name == "trust/shop/ca"
    assert [(each.san_type, each.matcher.exact) for each in accepted] == [(2, "b.example"), (3, "spiffe://b")]
    (shown,) = context.common_tls_context.tls_certificate_sds_secret_configs
    assert shown.name == "certificate/shop/one"


def test_backends_that_the_system_trusts() -> None:
    common = upstream_context(SystemTrust.SYSTEM, None).common_tls_context
    assert common.validation_context.trusted_ca.filename == SYSTEM_CA_FILE
    assert len(common.validation_context.match_typed_subject_alt_names) == 2
    assert list(common.tls_certificate_sds_secret_configs) == []


def test_what_is_agreed_to() -> None:
    tls = DownstreamTLS(certificates=(ONE,), alpn=(), client=None)
    assert not downstream_context(tls).common_tls_context.HasField("tls_params")
    context = tls_pb2.DownstreamTlsContext()
    bounds = TLSBounds(least="1.2", ciphers=("AES128-SHA",), curves=("P-256",))
    assert downstream(tls, bounds).typed_config.Unpack(context)
    agreed = context.common_tls_context.tls_params
    assert agreed.tls_minimum_protocol_version == common_pb2.TlsParameters.TLSv1_2
    assert agreed.tls_maximum_protocol_version == common_pb2.TlsParameters.TLS_AUTO
    assert (list(agreed.cipher_suites), list(agreed.ecdh_curves)) == (["AES128-SHA"], ["P-256"])


def test_certificates_of_clients_that_are_good() -> None:
    tls = DownstreamTLS(
        certificates=(ONE,), alpn=(), client=ClientTrust(trust=TRUST, validation=ClientValidation.REQUIRED)
    )

    def checked(bounds: TLSBounds) -> tuple[list[str], list[str]]:
        context = tls_pb2.DownstreamTlsContext()
        assert downstream(tls, bounds).typed_config.Unpack(context)
        found = context.common_tls_context.combined_validation_context.default_validation_context
        return list(found.verify_certificate_hash), list(found.verify_certificate_spki)

    assert checked(TLSBounds()) == ([], [])
    assert checked(TLSBounds(hashes=("a",), key_hashes=("b",))) == (["a"], ["b"])
    # Nobody has it.
    assert checked(TLSBounds(hashes=("a",), trusts_nobody=True)) == (["0" * 64], [])
