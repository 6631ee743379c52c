from gatewayd.api.envoy_gateway.fields import REFUSED, every_field
from gatewayd.api.envoy_gateway.limits import TrafficBandwidth, TrafficLimits


def test_marks_say_what_is_allowed_or_what_happens() -> None:
    for struct in (TrafficBandwidth, TrafficLimits):
        for path, member in every_field(struct):
            assert not member.mark or member.text, path
            assert member.mark != REFUSED or member.text.startswith("allowed: "), path


def test_names_are_theirs() -> None:
    paths = {path for path, _ in every_field(TrafficLimits)}
    assert {"spec.global.rules[].cost.request.from", "spec.global.rules[].clientSelectors[].sourceCIDR.value"} <= paths
