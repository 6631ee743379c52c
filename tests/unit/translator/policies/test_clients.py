from gatewayd.api.accesspolicy import ClientAddressRange, Clients
from gatewayd.ir.policy import AddressRange as Range
from gatewayd.ir.policy import AddressRule
from gatewayd.translator.policies.clients import address_rule
from gatewayd.translator.problems import Unsupported


def test_ranges_are_written_in_one_way() -> None:
    written = (ClientAddressRange(cidr="2001:DB8:0::/32", source="Peer"), ClientAddressRange(cidr="10.1.2.3"))
    found = address_rule(Clients(allow=written))
    ranges = (
        Range(network="2001:db8::", bits=32, is_peer=True),
        Range(network="10.1.2.3", bits=32, is_peer=False),
    )
    assert found == AddressRule(allow=ranges, deny=())


def test_the_first_that_is_none_is_named() -> None:
    odd = (ClientAddressRange(cidr="10.0.0.0/8"), ClientAddressRange(cidr="10.0.0.1/8"))
    found = address_rule(Clients(deny=odd))
    assert isinstance(found, Unsupported)
    assert found.message.startswith('deny[1].cidr: "10.0.0.1/8" is no address range; ')
