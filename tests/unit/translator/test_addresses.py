from dataclasses import replace

from gatewayd.ir.environment import HERE, Environment
from gatewayd.ir.outcome import Address
from gatewayd.store import Delta
from gatewayd.translator.addresses import Addresses, addresses
from gatewayd.translator.gatewayclass import DEFAULT_ENVIRONMENT
from tests.unit.translator.manifests import CLASS, GATEWAY, GW, scratch

LOCAL = Delta(kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, address="127.0.0.1", standalone=True))


def asked(address: str) -> Addresses:
    return addresses(scratch(CLASS, f"{GATEWAY}  addresses: [{address}]\n", LOCAL), GW)


def test_a_gateway_that_asks_for_nothing_has_the_proxys_address() -> None:
    found = addresses(scratch(CLASS, GATEWAY, LOCAL), GW)
    assert found == Addresses(assigned=(Address(type="IPAddress", value="127.0.0.1"),), refused=None, missing=None)


def test_asking_for_the_proxys_address_gives_it() -> None:
    assert asked("{type: IPAddress, value: 127.0.0.1}").assigned == (Address(type="IPAddress", value="127.0.0.1"),)
    assert asked("{type: IPAddress}").assigned == (Address(type="IPAddress", value="127.0.0.1"),)


def test_another_address_is_not_usable() -> None:
    found = asked("{type: IPAddress, value: 192.0.2.9}")
    assert found.assigned == ()
    assert found.refused is None
    assert found.missing is not None
    assert (found.missing.type, found.missing.status, found.missing.reason) == ("Programmed", False, "AddressNotUsable")
    assert found.missing.message.startswith("spec.addresses[0].value: 192.0.2.9 ")


def test_other_types_are_not_supported() -> None:
    found = asked("{type: IPAddress}, {type: Hostname, value: a.example}")
    assert found.missing is None
    assert found.refused is not None
    assert (found.refused.type, found.refused.reason) == ("Accepted", "UnsupportedAddress")
    assert found.refused.message == "spec.addresses[1].type: Hostname is not supported; allowed: IPAddress"
