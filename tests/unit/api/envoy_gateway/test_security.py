from gatewayd.api.envoy_gateway.fields import DIFFERS, REFUSED, every_field
from gatewayd.api.envoy_gateway.security import SecurityPolicySpec


def test_marks_say_what_is_allowed_or_what_happens() -> None:
    marks = {path: member for path, member in every_field(SecurityPolicySpec) if member.mark}
    assert marks["spec.authorization.rules[].cel"].mark == REFUSED
    assert marks["spec.apiKeyAuth.sanitize"].mark == DIFFERS
    for path, member in marks.items():
        assert member.text, path
        assert member.mark != REFUSED or member.text.startswith("allowed: "), path


def test_names_are_theirs() -> None:
    paths = {path for path, _ in every_field(SecurityPolicySpec)}
    assert {
        "spec.targetRefs[].sectionName",
        "spec.jwt.providers[].remoteJWKS.uri",
        "spec.jwt.providers[].localJWKS.inline",
        "spec.authorization.rules[].principal.clientCIDRs",
        "spec.apiKeyAuth.forwardClientIDHeader",
        "spec.oidc.clientID",
        "spec.oidc.redirectURL",
        "spec.extAuth.bodyToExtAuth.maxRequestBytes",
    } <= paths
