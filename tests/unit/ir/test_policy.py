from gatewayd.ir.policy import AddressRange, AddressRule, ClientAddresses


def test_the_address_of_the_connection_is_another_one_than_the_clients() -> None:
    one = AddressRange(network="10.0.0.0", bits=8, is_peer=False)
    assert one != AddressRange(network="10.0.0.0", bits=8, is_peer=True)


def test_equal_filters_are_one_value() -> None:
    one, two = (ClientAddresses(rules=(AddressRule(allow=(), deny=()),)) for _ in range(2))
    assert {one, two} == {one}
