from gatewayd.status.gatewayclass import controller_status
from tests.unit.status.shorthand import gatewayclass


def test_the_status_of_a_class() -> None:
    found = controller_status(gatewayclass("Gateway", "HTTPRoute"))
    assert found["supportedFeatures"] == [{"name": "Gateway"}, {"name": "HTTPRoute"}]
    assert [(each["type"], each["status"]) for each in found["conditions"]] == [("Accepted", "True")]
