from gatewayd.api.filters import Fraction
from gatewayd.api.xtelemetrypolicy import XTelemetryPolicy
from tests.unit.api.documents import accepted, problems
from tests.unit.api.rules.test_telemetry import enabled


def test_a_policy_is_read_with_the_defaults_of_its_crd() -> None:
    policy = accepted(enabled(samplingRate={"numerator": 5}))
    assert isinstance(policy, XTelemetryPolicy)
    tracing = policy.spec.tracing
    assert tracing is not None
    assert tracing.sampling_rate == Fraction(numerator=5, denominator=100)
    assert tracing.provider is not None
    assert tracing.provider.backend_ref.kind == "Service"


def test_bounds_are_named_by_field() -> None:
    found = problems(enabled(serviceName="a b", spanName="a  b", samplingRate={"numerator": -1}))
    assert sorted(each.partition(":")[0] for each in found) == [
        "spec.tracing.samplingRate.numerator",
        "spec.tracing.serviceName",
        "spec.tracing.spanName",
    ]
