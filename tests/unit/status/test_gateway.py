from dataclasses import replace

from gatewayd.ir.outcome import Address
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


def test_where_an_address_can_be_reached_from_is_said_when_it_is_known() -> None:
    inside = Address(type="IPAddress", value="10.96.0.9", routability="Cluster")
    found = gateway_status(replace(gateway(listener("http")), addresses=(inside,)))
    assert found["addresses"] == [{"type": "IPAddress", "value": "10.96.0.9", "routability": "Cluster"}]
