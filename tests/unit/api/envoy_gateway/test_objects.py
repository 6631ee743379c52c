from gatewayd.api.envoy_gateway.objects import ENVOY_GATEWAY_GROUP, SecurityPolicy
from gatewayd.api.kinds import BY_STRUCT, ENVOY_GATEWAY_KINDS, KINDS, read_kinds
from tests.unit.envoy_gateway import foreign
from tests.unit.translator.manifests import delta


def test_whatever_a_spec_holds_it_is_a_row() -> None:
    row = delta(foreign("SecurityPolicy", "a", cors={"nobody": ["knows", {"this": 1}]}))
    assert row.kind is SecurityPolicy
    assert isinstance(row.obj, SecurityPolicy)
    assert row.obj.spec == {"cors": {"nobody": ["knows", {"this": 1}]}}


def test_their_kinds_are_read_on_request_only() -> None:
    assert read_kinds(envoy_gateway=False) == KINDS
    assert read_kinds(envoy_gateway=True) == (*KINDS, *ENVOY_GATEWAY_KINDS)
    assert not any(kind.on_request for kind in KINDS)
    for kind in ENVOY_GATEWAY_KINDS:
        assert kind.group == ENVOY_GATEWAY_GROUP
        assert kind.on_request
        assert BY_STRUCT[kind.struct] is kind
