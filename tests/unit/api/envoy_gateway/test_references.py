from gatewayd.api.accesspolicy import PolicyBackendRef, SecretRef
from gatewayd.api.envoy_gateway.references import ExtensionBackendRef, SecurityBackendRef, SecuritySecretRef
from tests.unit.envoy_gateway import plain


def test_what_is_written_is_that_of_ours_and_says_which_kind_has_it() -> None:
    for theirs, own in ((SecurityBackendRef, PolicyBackendRef), (SecuritySecretRef, SecretRef)):
        assert plain(theirs(name="a")) == plain(own(name="a"))
        assert own.written_in is None
    assert str(SecurityBackendRef(name="a").written_in) == "gateway.envoyproxy.io/SecurityPolicy"
    assert str(ExtensionBackendRef.written_in) == "gateway.envoyproxy.io/EnvoyExtensionPolicy"
