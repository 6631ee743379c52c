from gatewayd.status.policy import policy_status
from tests.unit.status.shorthand import GROUP, US, parent, policy


def test_one_entry_for_each_gateway() -> None:
    (found,) = policy_status(policy(parent("gw")), US)["ancestors"]
    assert found["ancestorRef"] == {"group": GROUP, "kind": "Gateway", "name": "gw"}
    assert found["controllerName"] == US
    assert [each["type"] for each in found["conditions"]] == ["Accepted"]
