from gatewayd.api.meta import ObjectKey
from gatewayd.translator.policies.telemetry import telemetry_policy
from tests.unit.translator.manifests import GW, scratch


def policy(name: str, created: str, kind: str = "Gateway") -> str:
    return f"""
        kind: XTelemetryPolicy
        metadata: {{name: {name}, namespace: shop, creationTimestamp: "{created}"}}
        spec:
          targetRefs: [{{group: gateway.networking.k8s.io, kind: {kind}, name: gw}}]
          tracing: {{mode: Disabled}}
    """


OLD, YOUNG = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"


def test_the_oldest_applies_then_the_first_by_name() -> None:
    assert telemetry_policy(scratch(policy("a", YOUNG), policy("b", OLD)), GW) == ObjectKey("shop", "b")
    assert telemetry_policy(scratch(policy("b", OLD), policy("a", OLD)), GW) == ObjectKey("shop", "a")


def test_what_is_for_something_else_does_not_apply() -> None:
    assert telemetry_policy(scratch(policy("a", OLD, "HTTPRoute")), GW) is None
    assert telemetry_policy(scratch(policy("a", OLD)), ObjectKey("infra", "gw")) is None
