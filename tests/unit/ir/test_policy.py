from gatewayd.ir.policy import AddressRange, AddressRule, ClientAddresses, lets_in


def test_the_address_of_the_connection_is_another_one_than_the_clients() -> None:
    one = AddressRange(network="10.0.0.0", bits=8, is_peer=False)
    assert one != AddressRange(network="10.0.0.0", bits=8, is_peer=True)


def test_equal_filters_are_one_value() -> None:
    one, two = (ClientAddresses(rules=(AddressRule(allow=(), deny=()),)) for _ in range(2))
    assert {one, two} == {one}


def test_who_is_let_in() -> None:
    ten = AddressRange(network="10.0.0.0", bits=8, is_peer=False)
    one = AddressRange(network="10.0.0.1", bits=32, is_peer=False)
    assert lets_in(AddressRule(allow=(), deny=()), "::1")
    assert lets_in(AddressRule(allow=(ten,), deny=()), "10.9.9.9")
    assert not lets_in(AddressRule(allow=(ten,), deny=()), "11.0.0.1")
    assert not lets_in(AddressRule(allow=(ten,), deny=(one,)), "10.0.0.1")
