from gatewayd.status.listenerset import listenerset_status
from tests.unit.status.shorthand import listener, listenerset


def test_the_status_of_a_listener_set() -> None:
    found = listenerset_status(listenerset(listener("a"), listener("b")))
    assert found.keys() == {"conditions", "listeners"}
    assert [each["status"] for each in found["conditions"]] == ["False"]
    assert [each["name"] for each in found["listeners"]] == ["a", "b"]
