from typing import Any

import pytest

from gatewayd.translator.envoy_gateway.outside import NoOutside, Outside, outside

NAME = {"fqdn": {"hostname": "api.example.com", "port": 443}}
ADDRESS = {"ip": {"address": "192.0.2.1", "port": 8080}}


def found(**spec: Any) -> Outside:
    value = outside(spec)
    assert isinstance(value, Outside), str(value)
    return value


def test_a_name_or_any_number_of_addresses() -> None:
    named = found(endpoints=[NAME])
    assert (named.hostname, named.addresses, named.port) == ("api.example.com", (), 443)
    both = found(type="Endpoints", endpoints=[ADDRESS, {"ip": {"address": "192.0.2.2", "port": 81}}])
    assert (both.hostname, both.addresses, both.port) == ("", (("192.0.2.1", 8080), ("192.0.2.2", 81)), 8080)
    assert found(endpoints=[NAME], appProtocols=["gateway.envoyproxy.io/h2c"]).speaks_http2


def test_under_tls_who_answers_is_checked() -> None:
    tls = found(endpoints=[NAME], tls={"wellKnownCACertificates": "System"}).validation
    assert tls is not None
    assert tls.hostname == "api.example.com"
    refs = [{"group": "", "kind": "ConfigMap", "name": "roots"}]
    named = found(endpoints=[ADDRESS], tls={"caCertificateRefs": refs, "sni": "other.example.com"}).validation
    assert named is not None
    assert (named.hostname, named.ca_certificate_refs[0].name) == ("other.example.com", "roots")


@pytest.mark.parametrize(
    ("spec", "at"),
    [
        ({}, "spec.endpoints"),
        ({"endpoints": [NAME, ADDRESS]}, "spec.endpoints"),
        ({"endpoints": [NAME, NAME]}, "spec.endpoints"),
        ({"endpoints": [{**ADDRESS, "unix": {"path": "/run/x"}}]}, "spec.endpoints[0].unix"),
        ({"type": "DynamicResolver", "endpoints": [NAME]}, "spec.type"),
        ({"endpoints": [NAME], "tls": {"insecureSkipVerify": True, "wellKnownCACertificates": "System"}}, "spec.tls"),
        ({"endpoints": [NAME], "tls": {}}, "spec.tls"),
        ({"endpoints": [ADDRESS], "tls": {"wellKnownCACertificates": "System"}}, "spec.tls.sni"),
        ({"endpoints": [NAME], "frob": 1}, "spec"),
    ],
)
def test_what_cannot_be_had_leads_nowhere(spec: dict[str, Any], at: str) -> None:
    value = outside(spec)
    assert isinstance(value, NoOutside)
    assert value.problems[0].path.startswith(at)
    assert str(value).startswith(value.problems[0].path)
