from gatewayd.api.gateway import ListenerNamespaces
from tests.unit.api.documents import accepted, gateway


def test_a_small_gateway() -> None:
    spec = accepted(gateway()).spec
    assert spec.gateway_class_name == "gatewayd"
    assert (spec.addresses, spec.infrastructure, spec.allowed_listeners, spec.tls) == ((), None, None, None)


def test_listener_sets_are_kept_out_unless_let_in() -> None:
    assert accepted(gateway(allowedListeners={})).spec.allowed_listeners.namespaces == ListenerNamespaces(from_="None")


def test_addresses_are_ip_addresses_by_default() -> None:
    (address,) = accepted(gateway(addresses=[{"value": "192.0.2.7"}])).spec.addresses
    assert address.type == "IPAddress"


def test_tls_to_both_sides() -> None:
    ca = {"group": "", "kind": "ConfigMap", "name": "ca"}
    tls = {
        "backend": {"clientCertificateRef": {"name": "client"}},
        "frontend": {
            "default": {"validation": {"caCertificateRefs": [ca]}},
            "perPort": [{"port": 8443, "tls": {}}],
        },
    }
    made = accepted(gateway(tls=tls)).spec.tls
    assert made.backend.client_certificate_ref.kind == "Secret"
    assert made.frontend.default.validation.mode == "AllowValidOnly"
    assert made.frontend.per_port[0].tls.validation is None
