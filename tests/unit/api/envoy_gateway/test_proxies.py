from gatewayd.api.envoy_gateway.fields import REFUSED, every_field
from gatewayd.api.envoy_gateway.proxies import EnvoyProxySpec


def test_marks_say_what_is_allowed_or_what_happens() -> None:
    for path, member in every_field(EnvoyProxySpec):
        assert not member.mark or member.text, path
        assert member.mark != REFUSED or member.text.startswith("allowed: "), path


def test_names_are_theirs() -> None:
    paths = {path for path, _ in every_field(EnvoyProxySpec)}
    assert {
        "spec.telemetry.accessLog.settings[].sinks[].openTelemetry.backendRefs[].port",
        "spec.telemetry.tracing.provider.serviceName",
        "spec.telemetry.metrics.enableGRPCStats",
        "spec.telemetry.requestID",
        "spec.backendTLS",
        "spec.geoIP",
        "spec.ipFamily",
    } <= paths
