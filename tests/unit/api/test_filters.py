from gatewayd.api.filters import Fraction, HeaderModifier, HTTPExternalAuthFilter, HTTPHeader
from gatewayd.api.refs import BackendObjectRef
from tests.unit.api.documents import accepted, http_filter


def test_header_modifiers() -> None:
    source = {"set": [{"name": "a", "value": "b"}], "add": [{"name": "c", "value": "d e"}], "remove": ["f"]}
    made = accepted(http_filter("RequestHeaderModifier", requestHeaderModifier=source)).spec.rules[0].filters[0]
    assert made.request_header_modifier == HeaderModifier(
        set=(HTTPHeader(name="a", value="b"),), add=(HTTPHeader(name="c", value="d e"),), remove=("f",)
    )


def test_a_mirror_has_a_fraction_of_a_hundred() -> None:
    mirror = {"backendRef": {"name": "shadow", "port": 80}, "fraction": {"numerator": 5}}
    made = accepted(http_filter("RequestMirror", requestMirror=mirror)).spec.rules[0].filters[0]
    assert made.request_mirror.fraction == Fraction(numerator=5, denominator=100)


def test_external_auth_forwards_no_body_unless_told() -> None:
    auth = HTTPExternalAuthFilter(protocol="GRPC", backend_ref=BackendObjectRef(name="auth", port=9000))
    assert (auth.forward_body, auth.grpc, auth.http) == (None, None, None)
