from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.ir.l4 import L4Forward, L4Refuse
from gatewayd.ir.policy import AddressRange, AddressRule, lets_in
from gatewayd.ir.proxy import FilterChain, L4Traffic
from gatewayd.translator.attachment import attachments
from gatewayd.translator.proxies.at_listener import ListenerOf
from gatewayd.translator.proxies.connection_clients import PassedOn, by_client, connections
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import CART, CLASS, delta, member, scratch

MANIFESTS = """
kind: Gateway
metadata: {name: gw, namespace: shop}
spec: {gatewayClassName: gatewayd, listeners: [{name: tcp, port: 90, protocol: TCP}]}
---
kind: TCPRoute
metadata: {name: r, namespace: shop}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""


def traffic(*policies: dict[str, Any]) -> PassedOn:
    view = scratch(CLASS, CART, MANIFESTS, *map(delta, policies))
    route = member("TCPRoute", "shop/r")
    (parent,) = attachments(view, route)
    (attached,) = parent.attached
    return connections(view, ListenerOf(parent.gateway, attached.listener), route)


def clients(at: dict[str, str], cidr: str = "10.0.0.0/8", strategy: str = "override") -> dict[str, Any]:
    sections = {"clients": {"deny": [{"cidr": cidr}]}}
    return policy("AccessPolicy", at["kind"].lower(), at, **{strategy: sections})


def test_without_policies_all_connections_are_passed_on() -> None:
    found = traffic()
    assert isinstance(found.action, L4Forward)
    assert found.clients == ()


def test_clients_of_all_that_is_above_count() -> None:
    found = traffic(clients(target("Gateway", "gw")), clients(target("TCPRoute", "r"), "::/0", "default"))
    assert [each.deny[0].network for each in found.clients] == ["10.0.0.0", "::"]


@pytest.mark.parametrize("section", ["cors", "require"])
def test_what_looks_at_requests_does_not_count(section: str) -> None:
    sections = {"cors": {"allowOrigins": ["*"]}, "require": {"what": "Authentication"}}
    floor = policy("AccessPolicy", "a", target("Gateway", "gw"), override={section: sections[section]})
    assert traffic(floor) == traffic()


def test_what_cannot_be_honoured_closes() -> None:
    assert traffic(clients(target("TCPRoute", "r"), "10.0.0.1/8")).action == L4Refuse()


CHAIN = FilterChain(name="tcp", server_names=(), tls=None, traffic=L4Traffic(action=L4Refuse()))
RANGES = st.builds(
    lambda last, bits: AddressRange(
        network=str(ip_network(f"10.0.0.{last}/{bits}", strict=False).network_address), bits=bits, is_peer=False
    ),
    st.integers(0, 255),
    st.integers(26, 32),
)
SIDE = st.lists(RANGES, max_size=4).map(tuple)
RULES = st.lists(st.builds(lambda allow, deny: AddressRule(allow=allow, deny=deny), SIDE, SIDE), max_size=3).map(tuple)


def taken_by(chains: list[FilterChain], client: str) -> str:
    """Return the chain that Envoy chooses: the one with the longest range that holds for the address."""
    if len(chains) == 1 and not chains[0].sources:
        return chains[0].name
    address = ip_address(client)
    found = [
        (each.bits, chain.name)
        for chain in chains
        for each in chain.sources
        if (network := ip_network(f"{each.network}/{each.bits}")).version == address.version and address in network
    ]
    return max(found)[1]


def test_ranges_stand_in_order() -> None:
    named = tuple(AddressRange(network=f"10.0.{at}.0", bits=24, is_peer=False) for at in (7, 3, 9, 1, 5))
    (_, refused) = by_client(CHAIN, (AddressRule(allow=(), deny=named),))
    assert [each.network for each in refused.sources] == [f"10.0.{at}.0" for at in (1, 3, 5, 7, 9)]


@given(RULES, st.integers(0, 255))
def test_the_longest_range_decides_as_the_rules_do(rules: tuple[AddressRule, ...], last: int) -> None:
    chains = list(by_client(CHAIN, rules))
    for client in (f"10.0.0.{last}", "::1"):
        expected = "tcp" if all(lets_in(rule, client) for rule in rules) else "tcp/refused"
        assert taken_by(chains, client) == expected
    ranges = [(each.network, each.bits) for chain in chains for each in chain.sources]
    assert len(ranges) == len(set(ranges))
