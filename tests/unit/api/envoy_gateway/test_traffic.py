from gatewayd.api.envoy_gateway.fields import REFUSED, every_field
from gatewayd.api.envoy_gateway.traffic import BackendTrafficPolicySpec


def test_marks_say_what_is_allowed_or_what_happens() -> None:
    marks = {path: member for path, member in every_field(BackendTrafficPolicySpec) if member.mark}
    for path, member in marks.items():
        assert member.text, path
        assert member.mark != REFUSED or member.text.startswith("allowed: "), path
