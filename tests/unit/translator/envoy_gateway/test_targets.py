from gatewayd.api.envoy_gateway.objects import SecurityPolicy
from gatewayd.api.meta import ObjectMeta
from gatewayd.translator.envoy_gateway.targets import target_problems, written_targets
from tests.unit.policies import target

KINDS = ("Gateway", "HTTPRoute")


def row(**spec: object) -> SecurityPolicy:
    return SecurityPolicy(metadata=ObjectMeta(name="a", namespace="shop"), spec=spec)


def names(of: SecurityPolicy) -> list[tuple[str, str]]:
    return [(each.path, each.ref.name) for each in written_targets(of, KINDS)]


def test_both_ways_to_name_targets_count() -> None:
    found = row(targetRef=target("Gateway", "gw"), targetRefs=[target("HTTPRoute", "a"), target("HTTPRoute", "b")])
    assert names(found) == [("spec.targetRef", "gw"), ("spec.targetRefs[0]", "a"), ("spec.targetRefs[1]", "b")]


def test_a_bad_spec_keeps_no_good_target_away() -> None:
    found = row(targetRefs=[5, {"kind": "HTTPRoute"}, target("HTTPRoute", "a")], cors="nonsense")
    assert names(found) == [("spec.targetRefs[2]", "a")]
    assert names(row(targetRefs={"a": 1})) == []


def test_a_target_of_another_kind_is_told_and_not_looked_for() -> None:
    found = row(targetRefs=[target("Service", "a"), target("UDPRoute", "b")])
    assert names(found) == []
    assert [path for path, _ in target_problems(found, KINDS)] == ["spec.targetRefs[0].kind", "spec.targetRefs[1].kind"]
