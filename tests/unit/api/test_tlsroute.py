from tests.unit.api.documents import accepted, document

RULE = {"backendRefs": [{"name": "db", "port": 5432}]}


def test_a_route() -> None:
    made = accepted(document("TLSRoute", spec={"hostnames": ["*.example.com"], "rules": [RULE]}))
    assert made.spec.hostnames == ("*.example.com",)
    assert made.spec.rules[0].backend_refs[0].port == 5432


def test_an_old_route_needs_no_hostname() -> None:
    assert accepted(document("TLSRoute", "v1alpha2", spec={"rules": [RULE, RULE]})).spec.hostnames == ()
