from gatewayd.api.envoy_gateway.fields import REFUSED, every_field
from gatewayd.api.envoy_gateway.outside import FilterSpec, OutsideSpec


def test_marks_say_what_is_allowed_or_what_happens() -> None:
    for struct in (OutsideSpec, FilterSpec):
        for path, member in every_field(struct):
            assert not member.mark or member.text, path
            assert member.mark != REFUSED or member.text.startswith("allowed: "), path


def test_names_are_theirs() -> None:
    paths = {path for struct in (OutsideSpec, FilterSpec) for path, _ in every_field(struct)}
    assert {"spec.tls.wellKnownCACertificates", "spec.endpoints[].fqdn.hostname", "spec.urlRewrite.path.type"} <= paths
