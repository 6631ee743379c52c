import pytest

from gatewayd.ir.backend import Cluster, Discovered, Protocol, Upstream
from gatewayd.ir.tls import SanKind, SubjectAltName, SystemTrust, TrustBundle, UpstreamTLS
from gatewayd.translator.backends import GatewayUpstream, cluster
from gatewayd.translator.policies.backendtls import Settings, upstream_settings
from tests.unit.translator import pem
from tests.unit.translator.manifests import CART, CLASS, GATEWAY, GW, brief, scratch

UPSTREAM = Upstream(kind="Service", namespace="shop", name="cart", port=80, protocol=Protocol.HTTP1)
CA = pem.bundle("ca", pem.certificate_of(pem.ec_key(5), "ca.example"))
REF = "{group: '', kind: ConfigMap, name: ca}"


def policy(validation: str, section: str = "") -> str:
    return f"""
        kind: BackendTLSPolicy
        metadata: {{name: p, namespace: shop}}
        spec:
          targetRefs: [{{group: "", kind: Service, name: cart{section}}}]
          validation: {{hostname: cart.example, {validation}}}
    """


def found(*manifests: str, of: Upstream = UPSTREAM) -> Settings:
    settings = upstream_settings(scratch(CART, CA, *manifests), of)
    assert settings is not None
    return settings


def tls(*manifests: str, of: Upstream = UPSTREAM) -> UpstreamTLS:
    settings = found(*manifests, of=of)
    assert settings.tls is not None
    assert brief((settings.accepted, settings.resolved)) == {"Accepted": "Accepted", "ResolvedRefs": "ResolvedRefs"}
    return settings.tls


def test_without_a_policy_plain_text() -> None:
    assert upstream_settings(scratch(CART), UPSTREAM) is None


def test_the_authorities_of_the_machine() -> None:
    made = tls(policy("wellKnownCACertificates: System"))
    assert (made.sni, made.trust, made.client) == ("cart.example", SystemTrust.SYSTEM, None)
    assert made.names == (SubjectAltName(kind=SanKind.DNS, value="cart.example"),)


def test_authorities_of_ones_own() -> None:
    made = tls(policy(f"caCertificateRefs: [{REF}]"))
    assert isinstance(made.trust, TrustBundle)
    assert made.trust.name == "configmap/shop/ca"


def test_names_take_the_place_of_the_hostname() -> None:
    names = "[{type: Hostname, hostname: '*.cart.example'}, {type: URI, uri: 'spiffe://a.example/b'}]"
    made = tls(policy(f"wellKnownCACertificates: System, subjectAltNames: {names}"))
    assert made.sni == "cart.example"
    assert made.names == (
        SubjectAltName(kind=SanKind.DNS, value="*.cart.example"),
        SubjectAltName(kind=SanKind.URI, value="spiffe://a.example/b"),
    )


@pytest.mark.parametrize(
    ("validation", "accepted", "resolved"),
    [
        (
            "caCertificateRefs: [{group: '', kind: ConfigMap, name: nobody}]",
            "!NoValidCACertificate",
            "!InvalidCACertificateRef",
        ),
        ("caCertificateRefs: [{group: '', kind: Service, name: ca}]", "!NoValidCACertificate", "!InvalidKind"),
        ("wellKnownCACertificates: bundles.example/mine", "!Invalid", "ResolvedRefs"),
    ],
)
def test_what_cannot_be_verified_is_not_spoken_to(validation: str, accepted: str, resolved: str) -> None:
    settings = found(policy(validation))
    assert settings.tls is None
    assert brief((settings.accepted, settings.resolved)) == {"Accepted": accepted, "ResolvedRefs": resolved}


def test_of_several_authorities_the_good_ones_count_and_the_bad_ones_are_said() -> None:
    settings = found(policy(f"caCertificateRefs: [{{group: '', kind: ConfigMap, name: nobody}}, {REF}]"))
    assert settings.tls is not None
    assert brief((settings.accepted, settings.resolved)) == {
        "Accepted": "Accepted",
        "ResolvedRefs": "!InvalidCACertificateRef",
    }


def test_a_policy_for_a_port_by_its_name() -> None:
    by_name = policy("wellKnownCACertificates: System", ", sectionName: web")
    assert tls(by_name).trust is SystemTrust.SYSTEM
    other = policy("wellKnownCACertificates: System", ", sectionName: other")
    assert upstream_settings(scratch(CART, other), UPSTREAM) is None


def test_an_xbackend_says_it_itself() -> None:
    xbackend = """
        kind: XBackend
        metadata: {name: api, namespace: shop}
        spec:
          type: ExternalHostname
          externalHostname: {hostname: api.example}
          port: {number: 443}
          protocol: HTTP
          tls:
            mode: ServerOnly
            validation: {hostname: api.example, wellKnownCACertificates: System}
    """
    outside = Upstream(kind="XBackend", namespace="shop", name="api", port=443, protocol=Protocol.HTTP1)
    assert tls(xbackend, of=outside).sni == "api.example"


def clustered(*manifests: str) -> Cluster:
    return cluster(scratch(CLASS, CART, CA, *manifests), GatewayUpstream(GW, UPSTREAM))


def test_a_cluster_shows_the_gateways_certificate() -> None:
    gateway = f"{GATEWAY}  tls: {{backend: {{clientCertificateRef: {{name: cert}}}}}}\n"
    made = clustered(gateway, pem.good_secret("cert"), policy("wellKnownCACertificates: System"))
    assert made.tls is not None
    assert made.tls.client is not None
    assert made.tls.client.name == "shop/cert"


def test_a_cluster_whose_tls_cannot_be_had_has_no_endpoints() -> None:
    made = clustered(GATEWAY, policy("caCertificateRefs: [{group: '', kind: ConfigMap, name: nobody}]"))
    assert made.tls is None
    assert made.endpoints == Discovered(endpoints=())


def test_trust_of_the_cluster() -> None:
    ref = "{group: certificates.k8s.io, kind: ClusterTrustBundle, name: roots}"
    roots = pem.cluster_bundle("roots", pem.certificate_of(pem.ec_key(5), "ca.example"))
    trust = tls(policy(f"caCertificateRefs: [{ref}]"), roots).trust
    assert isinstance(trust, TrustBundle)
    assert trust.name == "clustertrustbundle/roots"
    lost = found(policy(f"caCertificateRefs: [{ref}]"))
    assert lost.tls is None
    assert brief((lost.accepted, lost.resolved)) == {
        "Accepted": "!NoValidCACertificate",
        "ResolvedRefs": "!InvalidCACertificateRef",
    }
