import pytest

from gatewayd.api.clientpolicy import ClientAddressSection, ClientTLSSection
from tests.unit.api.documents import accepted, problems
from tests.unit.policies import policy, target

EDGE = target("Gateway", "edge", "https")


def test_sections_are_read() -> None:
    sections = {"tls": {"minVersion": "1.2", "curves": ["X25519"]}, "clientAddress": {"trustedHops": 1}}
    found = accepted(policy("ClientPolicy", "a", EDGE, default=sections))
    assert found.spec.default.tls == ClientTLSSection(min_version="1.2", curves=("X25519",))
    assert found.spec.default.client_address == ClientAddressSection(trusted_hops=1)


@pytest.mark.parametrize(
    ("sections", "path"),
    [
        ({"tls": {"minVersion": "2.0"}}, "spec.default.tls.minVersion"),
        ({"tls": {"ciphers": ["RC4"]}}, "spec.default.tls.ciphers[0]"),
        ({"clientAddress": {"trustedHops": 0}}, "spec.default.clientAddress.trustedHops"),
        ({"clientCertificate": {"forward": ["Key"]}}, "spec.default.clientCertificate.forward[0]"),
        ({"headers": {"maxKib": 4096}}, "spec.default.headers.maxKib"),
        ({"headers": {"early": {"set": [{"name": "a b", "value": "1"}]}}}, "spec.default.headers.early.set[0].name"),
        ({"path": {"escapedSlashes": "Maybe"}}, "spec.default.path.escapedSlashes"),
        ({"socket": {"bufferBytes": 1}}, "spec.default.socket.bufferBytes"),
        ({"connections": {"max": 0}}, "spec.default.connections.max"),
    ],
)
def test_bounds(sections: dict[str, object], path: str) -> None:
    found = problems(policy("ClientPolicy", "a", EDGE, default=sections))
    assert [each.partition(":")[0] for each in found] == [path]
