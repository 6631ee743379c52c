from gatewayd.api.envoy_gateway.clients import ClientTrafficPolicySpec
from gatewayd.api.envoy_gateway.fields import REFUSED, every_field


def test_marks_say_what_is_allowed_or_what_happens() -> None:
    for path, member in every_field(ClientTrafficPolicySpec):
        assert not member.mark or member.text, path
        assert member.mark != REFUSED or member.text.startswith("allowed: "), path


def test_names_are_theirs() -> None:
    paths = {path for path, _ in every_field(ClientTrafficPolicySpec)}
    assert {
        "spec.clientIPDetection.xForwardedFor.trustedCIDRs",
        "spec.headers.xForwardedClientCert.certDetailsToAdd",
        "spec.tls.ecdhCurves",
        "spec.timeout.http.requestHeadersReceivedTimeout",
        "spec.connection.connectionLimit.maxRequestsPerConnection",
    } <= paths
