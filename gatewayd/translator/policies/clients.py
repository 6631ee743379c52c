"""AccessPolicy, section clients: addresses -> ranges, or what is wrong with them."""

from functools import lru_cache
from ipaddress import ip_network

from gatewayd.api.accesspolicy import ClientAddressRange, Clients
from gatewayd.api.names import shown
from gatewayd.ir.policy import AddressRange, AddressRule
from gatewayd.translator.problems import Unsupported


@lru_cache(maxsize=256)
def address_rule(clients: Clients) -> AddressRule | Unsupported:
    """Return what a section says, or what is wrong with it, with the path below the section."""
    allow, deny = _ranges("allow", clients.allow), _ranges("deny", clients.deny)
    if isinstance(allow, Unsupported):
        return allow
    return deny if isinstance(deny, Unsupported) else AddressRule(allow=allow, deny=deny)


def _ranges(field: str, written: tuple[ClientAddressRange, ...]) -> tuple[AddressRange, ...] | Unsupported:
    ranges = []
    for at, entry in enumerate(written):
        try:
            network = ip_network(entry.cidr)
        except ValueError:
            return Unsupported(
                f"{field}[{at}].cidr: {shown(entry.cidr)} is no address range; allowed: an address, or the first"
                " address of a range and the number of bits that its addresses begin with, such as 10.0.0.0/8"
            )
        address = str(network.network_address)
        ranges.append(AddressRange(network=address, bits=network.prefixlen, is_peer=entry.source == "Peer"))
    return tuple(ranges)
