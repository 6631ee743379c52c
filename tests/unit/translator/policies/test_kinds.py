from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectMeta
from gatewayd.api.routepolicy import RoutePolicy, RoutePolicySpec, RouteSections
from gatewayd.api.rules.inherited import SPECS, sections_of
from gatewayd.translator.policies.kinds import POLICY_KINDS, by_strategy


def test_every_kind_with_rules_is_here_and_what_protects_is_known_to_those_who_read_it() -> None:
    assert {kind.sections for kind in POLICY_KINDS.values()} == {sections_of(spec) for spec in SPECS}
    for table, kind in POLICY_KINDS.items():
        assert BY_STRUCT[table].protects == kind.protects


def test_what_adds_up_is_a_section() -> None:
    for kind in POLICY_KINDS.values():
        assert kind.adds_up <= set(kind.names)


def test_a_policy_has_the_strategy_that_it_is_written_for() -> None:
    sections, metadata = RouteSections(), ObjectMeta(name="a", namespace="shop")
    of_default = RoutePolicySpec(target_refs=(), default=sections)
    of_override = RoutePolicySpec(target_refs=(), override=sections)
    assert [*by_strategy(RoutePolicy(metadata=metadata, spec=of_default))] == [("default", sections)]
    assert [*by_strategy(RoutePolicy(metadata=metadata, spec=of_override))] == [("override", sections)]
    assert [*by_strategy(RoutePolicy(metadata=metadata, spec=RoutePolicySpec(target_refs=())))] == []
