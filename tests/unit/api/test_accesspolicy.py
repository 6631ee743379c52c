import pytest

from gatewayd.api.accesspolicy import ClientAddressRange, Clients
from tests.unit.api.documents import accepted, problems
from tests.unit.policies import policy, target

EDGE = target("Gateway", "edge")


def test_a_section_is_read() -> None:
    section = {"deny": [{"cidr": "10.0.0.0/8"}, {"cidr": "::1", "source": "Peer"}]}
    made = accepted(policy("AccessPolicy", "a", EDGE, override={"clients": section}))
    assert made.spec.default is None
    denied = (ClientAddressRange(cidr="10.0.0.0/8", source="Client"), ClientAddressRange(cidr="::1", source="Peer"))
    assert made.spec.override.clients == Clients(allow=(), deny=denied)


@pytest.mark.parametrize(
    ("sections", "path"),
    [({"client": {}}, "spec.default"), ({"clients": {"denied": []}}, "spec.default.clients")],
)
def test_what_is_mistyped_is_refused_and_not_left_out(sections: dict[str, object], path: str) -> None:
    (found,) = problems(policy("AccessPolicy", "a", EDGE, default=sections))
    assert found.startswith(f"{path}: has no field ")


@pytest.mark.parametrize("cidr", ["", "a host", "10.0.0.0/8/9", "10.0.0.0/", "10.0.0.0/8\n", "x" * 60])
def test_text_that_can_be_no_range_is_refused(cidr: str) -> None:
    found = problems(policy("AccessPolicy", "a", EDGE, default={"clients": {"allow": [{"cidr": cidr}]}}))
    assert [each.partition(":")[0] for each in found] == ["spec.default.clients.allow[0].cidr"]
