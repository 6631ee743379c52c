"""Which connections of a TCPRoute or TLSRoute are passed on: those of clients whom all AccessPolicies in force let in.

In: a route at a listener. Out: what is done with its connections. Of a policy the section clients alone counts, since
the others look at requests. One that cannot be honoured closes the connections of its routes.

They are closed before a byte goes either way, by filter chains that are told apart by the address: Envoy's RBAC filter
for connections looks at them when the client has said something, and many servers speak first.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import NamedTuple

from gatewayd.api.accesspolicy import AccessPolicy, Clients
from gatewayd.api.tcproute import TCPRoute
from gatewayd.api.tlsroute import TLSRoute
from gatewayd.incremental.view import Attempt, Member, View
from gatewayd.ir.l4 import L4Action, L4Refuse
from gatewayd.ir.policy import AddressRange, AddressRule
from gatewayd.ir.proxy import FilterChain, L4Traffic
from gatewayd.translator.policies.clients import address_rule
from gatewayd.translator.policies.closed import Closed, closed
from gatewayd.translator.policies.effective import UNREADABLE, Effective, any_inherited
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.proxies.at_listener import ListenerOf, in_force
from gatewayd.translator.rules.route_kinds import rules

CONNECTION_TABLES = (TCPRoute, TLSRoute)
_EVERYBODY = (
    AddressRange(network="0.0.0.0", bits=0, is_peer=False),  # noqa: S104 - whom a connection is from, nothing is bound
    AddressRange(network="::", bits=0, is_peer=False),
)
_REFUSED = "refused"


class PassedOn(NamedTuple):
    """What is done with the connections of those whom all of `clients` let in."""

    action: L4Action
    clients: tuple[AddressRule, ...]


def connections(view: View, at: ListenerOf, member: Member) -> PassedOn:
    """Return what is done with the connections that a route has at a listener; they are refused where that fails.

    The listener and its port are of other routes, too.
    """
    return view.attempt(Attempt("clients of a route", (at, member)), partial(_connections, view, at, member), _refused)


def _refused(_error: Exception) -> PassedOn:
    return PassedOn(L4Refuse(), ())


def _connections(view: View, at: ListenerOf, member: Member) -> PassedOn:
    action = rules(view, member).forward or L4Refuse()
    if not any_inherited(view, AccessPolicy):
        return PassedOn(action, ())
    clients = client_rules(in_force(view, at, member, 0).access)
    return PassedOn(L4Refuse(), ()) if isinstance(clients, Closed) else PassedOn(action, clients)


def client_rules(access: Effective) -> tuple[AddressRule, ...] | Closed:
    """Return what says whose connections are passed on, or what closes them."""
    for unreadable in access.of(UNREADABLE):
        return closed(access, unreadable, "cannot be read")
    rules_in_force: dict[AddressRule, None] = {}
    for ruled in access.of("clients"):
        rule = address_rule(ruled.value) if isinstance(ruled.value, Clients) else None
        if isinstance(rule, Unsupported):
            return closed(access, ruled, rule.message)
        if rule is not None:
            rules_in_force[rule] = None
    return tuple(rules_in_force)


def by_client(chain: FilterChain, clients: tuple[AddressRule, ...]) -> Iterator[FilterChain]:
    """Yield a chain for those who are let in, and one that refuses the others; the chain as it is without rules.

    Each address has one longest range among all that the rules name. Whether the rules let it in follows from that one,
    so it is the ranges that are parted. Without forwarded addresses, that of the connection is the client's.
    """
    if not clients:
        yield chain
        return
    named = (each for rule in clients for each in (*rule.allow, *rule.deny))
    ranges = sorted({(each.network, each.bits) for each in (*_EVERYBODY, *named)})
    let_in = [each for each in ranges if all(_lets_in(rule, _network(each)) for rule in clients)]
    others = [each for each in ranges if each not in let_in]
    if let_in:
        yield replace(chain, sources=_ranges(let_in) if others else ())
    if others:
        refusing = replace(chain, name=f"{chain.name}/{_REFUSED}", traffic=L4Traffic(action=L4Refuse()))
        yield replace(refusing, sources=_ranges(others) if let_in else ())


_Range = tuple[str, int]


def _ranges(parts: list[_Range]) -> tuple[AddressRange, ...]:
    return tuple(AddressRange(network=network, bits=bits, is_peer=False) for network, bits in parts)


def _network(part: _Range) -> IPv4Network | IPv6Network:
    return ip_network(f"{part[0]}/{part[1]}")


def _lets_in(rule: AddressRule, network: IPv4Network | IPv6Network) -> bool:
    """Return whether a rule lets in those who have `network` as their longest range."""

    def within(ranges: tuple[AddressRange, ...]) -> bool:
        wider = (_network((each.network, each.bits)) for each in ranges if each.bits <= network.prefixlen)
        return any(each.version == network.version and network.network_address in each for each in wider)

    return not within(rule.deny) and (not rule.allow or within(rule.allow))
