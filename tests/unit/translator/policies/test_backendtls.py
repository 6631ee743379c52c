from dataclasses import replace

import pytest

from gatewayd.ir.backend import Cluster, Discovered, Protocol, Upstream
from gatewayd.ir.tls import SanKind, SanMatcher, SystemTrust, TrustBundle, UpstreamTLS
from gatewayd.translator.backends.backend_refs import GatewayUpstream, cluster
from gatewayd.translator.policies.backendtls import ValidationEffect, upstream_settings
from tests.unit.translator import pem
from tests.unit.translator.manifests import CART, CLASS, GATEWAY, GW, brief, scratch
from tests.unit.translator.test_refused_secrets import refused_by

UPSTREAM = Upstream(kind="Service", namespace="shop", name="cart", port=80, protocol=Protocol.HTTP1)
CA = pem.bundle("ca", pem.certificate_of(pem.ec_key(5), "ca.example"))
TWO_PORTS = CART.replace("{name: web, port: 80}", "{name: web, port: 80}, {name: other, port: 81}")
REF = "{group: '', kind: ConfigMap, name: ca}"


def policy(validation: str, section: str = "") -> str:
    return f"""
        kind: BackendTLSPolicy
        metadata: {{name: p, namespace: shop}}
        spec:
          targetRefs: [{{group: "", kind: Service, name: cart{section}}}]
          validation: {{hostname: cart.example, {validation}}}
    """


def found(*manifests: str, of: Upstream = UPSTREAM) -> ValidationEffect:
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
    assert made.names == (SanMatcher(kind=SanKind.DNS, value="cart.example"),)


def test_authorities_of_ones_own() -> None:
    made = tls(policy(f"caCertificateRefs: [{REF}]"))
    assert isinstance(made.trust, TrustBundle)
    assert made.trust.name == "configmap/shop/ca"


def test_names_take_the_place_of_the_hostname() -> None:
    names = "[{type: Hostname, hostname: '*.cart.example'}, {type: URI, uri: 'spiffe://a.example/b'}]"
    made = tls(policy(f"wellKnownCACertificates: System, subjectAltNames: {names}"))
    assert made.sni == "cart.example"
    assert made.names == (
        SanMatcher(kind=SanKind.DNS, value="*.cart.example"),
        SanMatcher(kind=SanKind.URI, value="spiffe://a.example/b"),
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
    assert upstream_settings(scratch(TWO_PORTS, other), UPSTREAM) is None


@pytest.mark.parametrize("section", ["nope", "80", "web-x", "http"])
def test_a_port_that_the_service_does_not_have_leaves_none_in_plain_text(section: str) -> None:
    lost = policy("wellKnownCACertificates: System", f", sectionName: '{section}'")
    for of in (UPSTREAM, replace(UPSTREAM, port=81)):
        settings = upstream_settings(scratch(TWO_PORTS, lost), of)
        assert settings is not None
        assert settings.tls is None
        assert brief((settings.accepted,)) == {"Accepted": "!TargetNotFound"}
        assert settings.accepted.message == (
            f'spec.targetRefs[0].sectionName: Service "shop/cart" has no port named "{section}"; ports: web, other'
        )


def test_a_port_that_another_policy_covers_is_not_closed_by_a_lost_one() -> None:
    lost = policy("wellKnownCACertificates: System", ", sectionName: nope").replace("name: p,", "name: lost,")
    whole = policy("wellKnownCACertificates: System")
    assert tls(TWO_PORTS, lost, whole).trust is SystemTrust.SYSTEM
    one = policy("wellKnownCACertificates: System", ", sectionName: web")
    assert tls(TWO_PORTS, lost, one).trust is SystemTrust.SYSTEM
    assert found(TWO_PORTS, lost, one, of=replace(UPSTREAM, port=81)).tls is None


def test_a_lost_policy_of_another_service_closes_nothing() -> None:
    lost = policy("wellKnownCACertificates: System", ", sectionName: nope").replace("name: cart,", "name: other,")
    assert upstream_settings(scratch(CART, lost), UPSTREAM) is None


def test_ports_of_one_number_are_told_apart_by_transport() -> None:
    ports = CART.replace("{name: web, port: 80}", "{name: dns, port: 80, protocol: UDP}, {name: web, port: 80}")
    by_name = policy("wellKnownCACertificates: System", ", sectionName: web")
    assert tls(ports, by_name).trust is SystemTrust.SYSTEM


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
    assert isinstance(made.endpoints, Discovered)
    assert made.endpoints.endpoints == ()
    assert made.endpoints.closed.startswith("no plain text is sent: spec.validation.caCertificateRefs[0]: ConfigMap ")


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


def test_a_bundle_that_a_proxy_of_the_gateway_refused_reaches_nobody_there() -> None:
    manifests = (CLASS, GATEWAY, CART, CA, policy(f"caCertificateRefs: [{REF}]"))
    view = scratch(*manifests)
    whole = cluster(view, GatewayUpstream(GW, UPSTREAM))
    assert whole.tls is not None
    assert isinstance(whole.tls.trust, TrustBundle)
    after = scratch(*manifests, refused_by(GW, whole.tls.trust))
    closed = cluster(after, GatewayUpstream(GW, UPSTREAM))
    assert closed.tls is None
    assert isinstance(closed.endpoints, Discovered)
    assert closed.endpoints.endpoints == ()
    assert closed.endpoints.closed.endswith("a proxy refused it: Failed to load")
    assert cluster(after, GatewayUpstream(GW._replace(name="other"), UPSTREAM)) == whole
