import pytest

from gatewayd.ir.tls import ClientValidation
from gatewayd.translator.gateways.listener_conflicts import listeners
from gatewayd.translator.gateways.termination import Termination, termination, termination_key
from tests.unit.translator import pem
from tests.unit.translator.manifests import CLASS, GW, scratch
from tests.unit.translator.test_refused_secrets import refused_by

CERT = pem.good_secret("cert")
CA = pem.bundle("ca", pem.certificate_of(pem.ec_key(5), "ca.example"))
OTHER_CA = pem.bundle("ca2", pem.certificate_of(pem.ec_key(6), "ca2.example"))
REF = "{name: cert}"


def gateway(refs: str = REF, frontend: str = "", protocol: str = "HTTPS") -> str:
    return f"""
        kind: Gateway
        metadata: {{name: gw, namespace: shop}}
        spec:
          gatewayClassName: gatewayd
          {frontend and f"tls: {{frontend: {frontend}}}"}
          listeners: [{{name: l, port: 443, protocol: {protocol}, tls: {{certificateRefs: [{refs}]}}}}]
    """


def ended(*manifests: str) -> Termination:
    view = scratch(CLASS, *manifests)
    (listener,) = listeners(view, GW)
    return termination(view, termination_key(GW, listener))


def grant(kind: str, to: str = "Secret") -> str:
    return f"""
        kind: ReferenceGrant
        metadata: {{name: g, namespace: certs}}
        spec:
          from: [{{group: gateway.networking.k8s.io, kind: {kind}, namespace: shop}}]
          to: [{{group: "", kind: {to}}}]
    """


def test_a_good_certificate() -> None:
    found = ended(gateway(), CERT)
    assert found.tls is not None
    assert [each.name for each in found.tls.certificates] == ["shop/cert"]
    assert found.tls.alpn == ("h2", "http/1.1")
    assert found.tls.client is None
    assert (found.unresolved, found.refused) == (None, None)


def test_a_listener_may_leave_certificates_to_ingresses() -> None:
    option = "mode: Terminate, options: {gatewayd.io/certificates: ingress}"
    found = ended(gateway().replace(f"certificateRefs: [{REF}]", option))
    assert found.tls is not None
    assert found.tls.certificates == ()
    assert found.unresolved is None
    # What has a certificate shows it, and only requests have Ingresses.
    assert ended(
        gateway().replace("certificateRefs", "options: {gatewayd.io/certificates: ingress}, certificateRefs"), CERT
    ).tls
    assert ended(gateway(protocol="TLS").replace(f"certificateRefs: [{REF}]", option)).tls is None
    assert ended(gateway().replace(f"certificateRefs: [{REF}]", option.replace("ingress", "other"))).tls is None


def test_tls_listeners_offer_no_http() -> None:
    found = ended(gateway(protocol="TLS"), CERT)
    assert found.tls is not None
    assert found.tls.alpn == ()


@pytest.mark.parametrize(
    ("ref", "reason", "said"),
    [
        ("{name: nobody}", "InvalidCertificateRef", 'Secret "shop/nobody" does not exist'),
        ("{name: cert, kind: Thing}", "InvalidCertificateRef", "kind Thing is not supported; allowed: Secret"),
        ("{name: cert, group: x.example}", "InvalidCertificateRef", "kind x.example/Secret is not supported"),
        ("{name: cert, namespace: certs}", "RefNotPermitted", 'Secret "certs/cert" is in another namespace'),
        # Nobody learns whether a Secret exists that he may not point at.
        ("{name: nobody, namespace: certs}", "RefNotPermitted", 'Secret "certs/nobody" is in another namespace'),
    ],
)
def test_a_bad_reference(ref: str, reason: str, said: str) -> None:
    found = ended(gateway(ref), CERT, pem.good_secret("cert", "certs"))
    assert found.tls is None
    assert found.refused is None
    assert found.unresolved is not None
    assert found.unresolved.reason == reason
    assert found.unresolved.message.startswith("spec.listeners[0].tls.certificateRefs[0]: ")
    assert said in found.unresolved.message


@pytest.mark.parametrize(("kind", "permitted"), [("Gateway", True), ("ListenerSet", False), ("HTTPRoute", False)])
def test_a_grant_for_the_gateway(kind: str, *, permitted: bool) -> None:
    found = ended(gateway("{name: cert, namespace: certs}"), pem.good_secret("cert", "certs"), grant(kind))
    assert (found.tls is not None) is permitted


def test_one_good_certificate_is_enough_to_serve_and_the_bad_one_is_said() -> None:
    found = ended(gateway("{name: nobody}, {name: cert}"), CERT)
    assert found.tls is not None
    assert [each.name for each in found.tls.certificates] == ["shop/cert"]
    assert found.unresolved is not None
    assert found.unresolved.reason == "InvalidCertificateRef"


def test_a_listener_that_must_terminate_and_does_not_say_how() -> None:
    found = ended(gateway().replace(f", tls: {{certificateRefs: [{REF}]}}", ""))
    assert (found.tls, found.refused) == (None, None)
    assert found.unresolved is not None
    assert (found.unresolved.status, found.unresolved.reason) == (False, "InvalidCertificateRef")
    assert found.unresolved.message == "spec.listeners[0].tls: must be given for this protocol"


def test_options_alone_are_no_certificate() -> None:
    manifest = gateway("").replace("certificateRefs: []", "options: {a.example/b: c}")
    found = ended(manifest)
    assert found.tls is None
    assert found.unresolved is not None
    assert found.unresolved.message.endswith("tls.certificateRefs: at least one is needed")


VALIDATION = "{validation: {caCertificateRefs: [%s]%s}}"
CA_REF = "{group: '', kind: ConfigMap, name: ca}"


def frontend(refs: str = CA_REF, mode: str = "") -> str:
    return f"{{default: {VALIDATION % (refs, mode)}}}"


def test_clients_are_checked_against_the_bundle() -> None:
    found = ended(gateway(frontend=frontend()), CERT, CA)
    assert found.tls is not None
    assert found.tls.client is not None
    assert found.tls.client.trust.name == "configmap/shop/ca"
    assert found.tls.client.validation is ClientValidation.REQUIRED


def test_clients_may_be_let_in_without() -> None:
    found = ended(gateway(frontend=frontend(mode=", mode: AllowInsecureFallback")), CERT, CA)
    assert found.tls is not None
    assert found.tls.client is not None
    assert found.tls.client.validation is ClientValidation.INSECURE_FALLBACK


def test_several_bundles_are_one() -> None:
    both = f"{CA_REF}, {CA_REF.replace('ca}', 'ca2}')}"
    found = ended(gateway(frontend=frontend(both)), CERT, CA, OTHER_CA)
    assert found.tls is not None
    assert found.tls.client is not None
    assert found.tls.client.trust.name == "configmap/shop/ca+configmap/shop/ca2"
    assert found.tls.client.trust.certificates.count(b"BEGIN CERTIFICATE") == 2


@pytest.mark.parametrize(
    ("refs", "reason"),
    [
        ("{group: '', kind: ConfigMap, name: nobody}", "InvalidCACertificateRef"),
        ("{group: '', kind: Service, name: ca}", "InvalidCACertificateKind"),
        ("{group: '', kind: ConfigMap, name: ca, namespace: certs}", "RefNotPermitted"),
    ],
)
def test_a_bundle_that_cannot_be_had_takes_the_listener_down(refs: str, reason: str) -> None:
    found = ended(gateway(frontend=frontend(refs)), CERT, CA)
    assert found.tls is None
    assert found.unresolved is not None
    assert found.unresolved.reason == reason
    assert found.unresolved.message.startswith("spec.tls.frontend.default.validation.caCertificateRefs[0]: ")
    assert found.refused is not None
    assert (found.refused.type, found.refused.reason) == ("Accepted", "NoValidCACertificate")


def test_a_ports_own_rule_goes_before_the_default() -> None:
    rules = f"{{default: {VALIDATION % (CA_REF, '')}, perPort: [{{port: %d, tls: {{}}}}]}}"
    here, elsewhere = ended(gateway(frontend=rules % 443), CERT, CA), ended(gateway(frontend=rules % 444), CERT, CA)
    assert here.tls is not None
    assert elsewhere.tls is not None
    assert here.tls.client is None
    assert elsewhere.tls.client is not None


def test_a_ports_own_rule_is_named_in_messages() -> None:
    nobody = VALIDATION % (CA_REF.replace("name: ca", "name: nobody"), "")
    found = ended(gateway(frontend=f"{{default: {{}}, perPort: [{{port: 443, tls: {nobody}}}]}}"), CERT)
    assert found.refused is not None
    assert found.refused.message.startswith("spec.tls.frontend.perPort[0].tls.validation.caCertificateRefs[0]: ")


def test_clients_of_tls_listeners_are_not_asked() -> None:
    found = ended(gateway(frontend=frontend(), protocol="TLS"), CERT, CA)
    assert found.tls is not None
    assert found.tls.client is None


def test_a_listener_set_needs_a_grant_of_its_own() -> None:
    outer = """
        kind: Gateway
        metadata: {name: gw, namespace: shop}
        spec:
          gatewayClassName: gatewayd
          allowedListeners: {namespaces: {from: All}}
          listeners: [{name: http, port: 80, protocol: HTTP}]
    """
    inner = """
        kind: ListenerSet
        metadata: {name: more, namespace: shop}
        spec:
          parentRef: {name: gw}
          listeners: [{name: l, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert, namespace: certs}]}}]
    """

    def found(granted: str) -> Termination:
        view = scratch(CLASS, outer, inner, pem.good_secret("cert", "certs"), grant(granted))
        return termination(view, termination_key(GW, listeners(view, GW)[1]))

    assert found("ListenerSet").tls is not None
    assert found("Gateway").tls is None


def test_client_certificates_by_a_trust_bundle_of_the_cluster() -> None:
    ref = "{group: certificates.k8s.io, kind: ClusterTrustBundle, name: roots}"
    roots = pem.cluster_bundle("roots", pem.certificate_of(pem.ec_key(5), "ca.example"))
    frontend = f"{{default: {{validation: {{caCertificateRefs: [{ref}]}}}}}}"
    found = ended(gateway(frontend=frontend), CERT, roots)
    assert found.tls is not None
    assert found.tls.client is not None
    assert found.tls.client.trust.name == "clustertrustbundle/roots"
    lost = ended(gateway(frontend=frontend), CERT)
    assert lost.tls is None
    assert lost.unresolved is not None
    assert lost.unresolved.reason == "InvalidCACertificateRef"


def test_clients_that_would_be_checked_with_a_bundle_that_was_refused_get_nothing() -> None:
    whole = ended(gateway(frontend=frontend()), CERT, CA)
    assert whole.tls is not None
    assert whole.tls.client is not None
    view = scratch(CLASS, gateway(frontend=frontend()), CERT, CA, refused_by(GW, whole.tls.client.trust))
    (listener,) = listeners(view, GW)
    found = termination(view, termination_key(GW, listener))
    assert found.tls is None
    assert found.refused is not None
    assert found.refused.reason == "NoValidCACertificate"
    assert found.refused.message.endswith("a proxy refused it: Failed to load")
