"""RBAC rules as an evaluator of them sees them; tests/feature/test_policy_clients.py asks Envoy."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from gatewayd.ir.policy import AddressRange, AddressRule, ClientAddresses
from gatewayd.xds.filters.client_addresses import CONFIG, per_route


def ranges(*written: str, is_peer: bool = False) -> tuple[AddressRange, ...]:
    networks = map(ip_network, written)
    return tuple(AddressRange(network=str(e.network_address), bits=e.prefixlen, is_peer=is_peer) for e in networks)


def holds(principal: Any, client: str, peer: str) -> bool:
    kind = principal.WhichOneof("identifier")
    if kind == "any":
        return True
    if kind == "not_id":
        return not holds(principal.not_id, client, peer)
    if kind in ("and_ids", "or_ids"):
        found = (holds(each, client, peer) for each in getattr(principal, kind).ids)
        return all(found) if kind == "and_ids" else any(found)
    within = getattr(principal, kind)
    network = ip_network(f"{within.address_prefix}/{within.prefix_len.value}")
    return ip_address(peer if kind == "direct_remote_ip" else client) in network


def lets_in(*rules: AddressRule, client: str = "10.1.2.3", peer: str = "10.9.9.9") -> bool:
    rbac = per_route(ClientAddresses(rules=rules)).rbac.rules
    assert rbac.action == rbac.ALLOW
    (policy,) = rbac.policies.values()
    assert policy.permissions[0].any
    return all(holds(each, client, peer) for each in policy.principals)


def test_what_stands_in_the_chain_has_no_rules() -> None:
    assert not CONFIG.HasField("rules")


@pytest.mark.parametrize(
    ("allow", "deny", "expected"),
    [
        ((), (), True),
        (("10.0.0.0/8",), (), True),
        (("192.168.0.0/16",), (), False),
        (("192.168.0.0/16", "10.1.2.3/32"), (), True),
        ((), ("10.1.0.0/16",), False),
        (("10.0.0.0/8",), ("10.1.2.3/32",), False),
        ((), ("::/0",), True),
    ],
)
def test_allow_and_deny(allow: tuple[str, ...], deny: tuple[str, ...], *, expected: bool) -> None:
    assert lets_in(AddressRule(allow=ranges(*allow), deny=ranges(*deny))) == expected


def test_all_rules_must_let_a_client_in() -> None:
    good = AddressRule(allow=ranges("10.0.0.0/8"), deny=())
    assert lets_in(good)
    assert not lets_in(good, AddressRule(allow=(), deny=ranges("10.1.2.0/24")))


def test_the_peer_is_another_address() -> None:
    assert not lets_in(AddressRule(allow=ranges("10.1.0.0/16", is_peer=True), deny=()))
    assert lets_in(AddressRule(allow=ranges("10.9.0.0/16", is_peer=True), deny=()))
