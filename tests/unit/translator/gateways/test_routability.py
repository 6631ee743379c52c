import pytest

from gatewayd.api.gateway import GatewayAddress
from gatewayd.ir.outcome import Address
from gatewayd.translator.gateways.routability import assignment, inside_only, is_asked, matched


def address(value: str, routability: str | None = None, kind: str = "IPAddress") -> Address:
    return Address(type=kind, value=value, routability=routability)


OUTSIDE, HOST, INSIDE = address("198.51.100.1"), address("lb.example", kind="Hostname"), address("10.96.0.9")
ANY, CLUSTER = GatewayAddress(), GatewayAddress(routability="Cluster")


@pytest.mark.parametrize(
    ("asked", "spoken_of", "inside"),
    [((), False, False), ((ANY,), False, False), ((CLUSTER,), True, True), ((CLUSTER, ANY), True, False)],
)
def test_what_is_asked_for(asked: tuple[GatewayAddress, ...], spoken_of: bool, inside: bool) -> None:  # noqa: FBT001
    assert is_asked(asked) is spoken_of
    assert inside_only(asked) is inside


def test_each_entry_gets_an_address_of_its_own() -> None:
    found = matched((ANY, CLUSTER, CLUSTER), (OUTSIDE, HOST), (INSIDE,))
    assert found.addresses == (address("10.96.0.9", "Cluster"), address("198.51.100.1", ""))
    assert found.unsatisfied == ("spec.addresses[2]: no address of the cluster's own has been assigned",)
    assert assignment(found).reason == "PartiallyAssigned"


def test_who_wants_a_certain_address_chooses_first() -> None:
    certain = GatewayAddress(value="10.96.0.9", routability="Cluster")
    other = address("10.96.0.8")
    found = matched((CLUSTER, certain), (), (INSIDE, other))
    assert [each.value for each in found.addresses] == ["10.96.0.8", "10.96.0.9"]
    assert assignment(found).status


def test_entries_that_get_nothing_are_told_of_in_their_order() -> None:
    certain = GatewayAddress(value="10.96.0.7", routability="Cluster")
    found = matched((CLUSTER, certain, CLUSTER), (), ()).unsatisfied
    assert [each.partition(":")[0] for each in found] == [f"spec.addresses[{at}]" for at in range(3)]


def test_an_entry_that_asks_for_nothing_gets_what_there_was() -> None:
    assert matched((ANY,), (INSIDE,), (INSIDE,)).addresses == (address("10.96.0.9", "Cluster"),)
    assert matched((ANY,), (), (INSIDE,)).addresses == ()


def test_an_entry_of_another_type_is_not_satisfied() -> None:
    asked = GatewayAddress(type="Hostname", routability="Cluster")
    assert matched((asked,), (HOST,), (INSIDE,)).addresses == ()
