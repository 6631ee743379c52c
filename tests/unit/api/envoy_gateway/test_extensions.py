from gatewayd.api.envoy_gateway.extensions import EnvoyExtensionPolicySpec
from gatewayd.api.envoy_gateway.fields import REFUSED, every_field


def test_marks_say_what_is_allowed_or_what_happens() -> None:
    marks = {path: member for path, member in every_field(EnvoyExtensionPolicySpec) if member.mark}
    assert (
        marks["spec.lua[].filterContext"].mark == marks["spec.wasm"].mark == marks["spec.dynamicModule"].mark == REFUSED
    )
    for path, member in marks.items():
        assert member.text, path
        assert member.mark != REFUSED or member.text.startswith("allowed: "), path


def test_names_are_theirs() -> None:
    paths = {path for path, _ in every_field(EnvoyExtensionPolicySpec)}
    assert {"spec.extProc[].processingMode.request.body", "spec.extProc[].statusOnError"} <= paths
