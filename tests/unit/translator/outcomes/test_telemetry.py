from gatewayd.ir.outcome import PolicyOutcome
from gatewayd.translator.outcomes.telemetry import telemetry_outcome
from tests.unit.translator.manifests import CLASS, GATEWAY, member, scratch

OTHERS = GATEWAY.replace("name: gw,", "name: other,").replace("gatewayClassName: gatewayd", "gatewayClassName: else")


def policy(*targets: str, name: str = "traces", created: str = "2026-01-01T00:00:00Z") -> str:
    refs = ", ".join(f"{{group: gateway.networking.k8s.io, {each}}}" for each in targets)
    return f"""
        kind: XTelemetryPolicy
        metadata: {{name: {name}, namespace: shop, creationTimestamp: "{created}", generation: 3}}
        spec: {{targetRefs: [{refs}], tracing: {{mode: Disabled}}}}
    """


def told(*documents: str, name: str = "traces") -> PolicyOutcome | None:
    return telemetry_outcome(scratch(CLASS, GATEWAY, OTHERS, *documents), member("XTelemetryPolicy", f"shop/{name}"))


def reasons(outcome: PolicyOutcome | None) -> dict[str, list[str]]:
    assert outcome is not None
    return {f"{each.ref.kind}/{each.ref.name}": [of.reason for of in each.verdicts] for each in outcome.ancestors}


def test_each_gateway_of_ours_is_told() -> None:
    outcome = told(policy("kind: Gateway, name: gw", "kind: Gateway, name: other"))
    assert reasons(outcome) == {"Gateway/gw": ["Accepted", "ResolvedRefs"]}
    assert outcome is not None
    assert outcome.generation == 3


def test_who_names_only_gateways_of_others_is_told_nothing() -> None:
    assert told(policy("kind: Gateway, name: other")) is None


def test_targets_that_are_none_are_told_as_they_are_written() -> None:
    outcome = told(policy("kind: HTTPRoute, name: cart", "kind: Gateway, name: gone"))
    assert reasons(outcome) == {"HTTPRoute/cart": ["Invalid"], "Gateway/gone": ["TargetNotFound"]}


def test_the_younger_one_is_told_of_the_older() -> None:
    young = policy("kind: Gateway, name: gw", name="young", created="2026-02-01T00:00:00Z")
    assert reasons(told(policy("kind: Gateway, name: gw"), young, name="young")) == {
        "Gateway/gw": ["Conflicted", "ResolvedRefs"]
    }
