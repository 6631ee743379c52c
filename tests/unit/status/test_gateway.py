from gatewayd.status.gateway import gateway_status, listener_status
from tests.unit.status.shorthand import GROUP, NO, RESOLVED, YES, gateway, listener


def test_the_status_of_a_gateway() -> None:
    found = gateway_status(gateway(listener("http", attached=3), verdicts=(YES, RESOLVED), generation=5))
    assert found["addresses"] == [{"type": "IPAddress", "value": "192.0.2.1"}]
    assert found["attachedListenerSets"] == 1
    assert [(each["type"], each["observedGeneration"]) for each in found["conditions"]] == [
        ("Accepted", 5),
        ("ResolvedRefs", 5),
    ]
    assert [each["name"] for each in found["listeners"]] == ["http"]


def test_the_entry_of_a_listener() -> None:
    found = listener_status(listener("http", NO, RESOLVED, attached=3), 5)
    assert found.keys() == {"name", "supportedKinds", "attachedRoutes", "conditions"}
    assert found["supportedKinds"] == [{"group": GROUP, "kind": "HTTPRoute"}]
    assert found["attachedRoutes"] == 3
    assert [(each["type"], each["status"], each["observedGeneration"]) for each in found["conditions"]] == [
        ("Accepted", "False", 5),
        ("ResolvedRefs", "True", 5),
    ]
