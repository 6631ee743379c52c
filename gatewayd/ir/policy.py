"""What policies come to, as values that a Route carries."""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRange:
    """The addresses that begin with the first `bits` of `network`.

    `is_peer`: the address of the connection is meant, not the one that the proxy takes for the client's.
    """

    network: str
    bits: int
    is_peer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRule:
    """Lets in who is in `allow` (empty: everybody) and not in `deny`."""

    allow: tuple[AddressRange, ...]
    deny: tuple[AddressRange, ...]


def lets_in(rule: AddressRule, client: str) -> bool:
    """Return whether a rule lets in a client whose address is also that of its connection."""
    address = ip_address(client)

    def within(ranges: tuple[AddressRange, ...]) -> bool:
        return any(address in ip_network(f"{each.network}/{each.bits}") for each in ranges)

    return not within(rule.deny) and (not rule.allow or within(rule.allow))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAddresses:
    """Answer 403 unless all the rules let the client in."""

    rules: tuple[AddressRule, ...]
