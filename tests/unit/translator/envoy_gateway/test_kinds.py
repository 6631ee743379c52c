from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.envoy_gateway.objects import ClientTrafficPolicy, EnvoyExtensionPolicy, SecurityPolicy
from gatewayd.api.kinds import ENVOY_GATEWAY_KINDS
from gatewayd.translator.envoy_gateway.kinds import FOREIGN_KINDS, FOREIGN_OF
from gatewayd.translator.policies.kinds import POLICY_KINDS


def test_every_kind_has_its_row_and_leads_to_kinds_of_ours() -> None:
    assert set(FOREIGN_KINDS) <= {kind.struct for kind in ENVOY_GATEWAY_KINDS}
    for table, kind in FOREIGN_KINDS.items():
        assert kind.table is table
        assert set(kind.translate) <= set(POLICY_KINDS)
    assert FOREIGN_OF[AccessPolicy] == (
        FOREIGN_KINDS[SecurityPolicy],
        FOREIGN_KINDS[ClientTrafficPolicy],
        FOREIGN_KINDS[EnvoyExtensionPolicy],
    )
    assert FOREIGN_KINDS[SecurityPolicy].name == "SecurityPolicy"


def test_what_protects_becomes_what_protects() -> None:
    for kind in FOREIGN_KINDS.values():
        assert kind.protecting == {own for own in kind.translate if POLICY_KINDS[own].protects}
