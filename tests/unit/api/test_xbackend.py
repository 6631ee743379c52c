from gatewayd.api.xbackend import XBackendPort, XBackendTLS
from tests.unit.api.documents import accepted, document, external


def test_an_outside_host() -> None:
    spec = accepted(external()).spec
    assert spec.external_hostname.hostname == "api.example.com"
    assert spec.port.value == 443
    assert spec.tls == XBackendTLS(mode="None")


def test_pods_by_label() -> None:
    spec = {"type": "EndpointSelector", "endpointSelector": {"matchLabels": {"app": "a"}}, "port": {"number": 80}}
    assert accepted(document("XBackend", spec=spec)).spec.endpoint_selector.match_labels == {"app": "a"}


def test_the_port_of_v1_6_is_read() -> None:
    assert accepted(external(port={"name": "https", "port": 8443})).spec.port.value == 8443
    assert XBackendPort().value == 0
