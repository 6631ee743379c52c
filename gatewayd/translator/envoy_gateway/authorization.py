"""SecurityPolicy, field authorization -> sections clients and authorization of an AccessPolicy.

There the first rule that holds decides, else `defaultAction`; here a request passes for which something of `allow`
holds and nothing of `deny`. The same comes of both where no Deny follows an Allow that could let somebody in before.
Addresses are a section of their own, which must hold beside the other: so rules can ask for both only together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from itertools import pairwise
from typing import Final, Literal

from gatewayd.api.accesspolicy import (
    AccessCondition,
    Authorization,
    CallerCondition,
    ClientAddressRange,
    Clients,
    HeaderValues,
    Values,
)
from gatewayd.api.envoy_gateway.security import SecurityAuthorization, SecurityPrincipal, SecurityRule
from gatewayd.api.names import shown
from gatewayd.translator.envoy_gateway.taken import TakenSection, Telling

_PATH: Final = "spec.authorization"
_EVERYBODY: Final = ("0.0.0.0/0", "::/0")
_APART: Final = "addresses beside other rules cannot be had; allowed: rules that all have the same clientCIDRs, or none"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """A rule: the addresses and the rest of what must hold; empty ones always do."""

    at: int
    action: Literal["Allow", "Deny"]
    addresses: tuple[str, ...]
    condition: CallerCondition

    @property
    def holds_always(self) -> bool:
        """Whether it is for every request."""
        return not self.addresses and self.condition == CallerCondition()


def authorization(written: SecurityAuthorization, providers: Sequence[str], telling: Telling) -> Iterator[TakenSection]:
    """Yield the sections that let the same requests pass; `providers` are those of the policy's tokens."""
    rules = [_rule(each, at, providers, telling) for at, each in enumerate(written.rules)]
    ending = next((each for each in rules if each.holds_always), None)
    last = ending.action if ending is not None else written.default_action
    rules = _deciding(rules[: ending.at] if ending is not None else rules, last)
    late = next((each for before, each in pairwise(rules) if _follows_allow(before, each)), None)
    if late is not None or (last == "Allow" and any(each.action == "Allow" for each in rules)):
        at = late.at if late is not None else rules[-1].at
        telling.refuse(f"{_PATH}.rules[{at}]", "a Deny after an Allow cannot be had; allowed: rules with Deny first")
        return
    denied = [each for each in rules if each.action == "Deny"]
    allowed = [each for each in rules if each.action == "Allow"]
    yield from _sections(denied, allowed, telling, lets_others_in=last == "Allow")


def _deciding(rules: list[_Rule], last: str) -> list[_Rule]:
    """Return the rules without those at the end that say what is done anyway."""
    while rules and rules[-1].action == last:
        rules = rules[:-1]
    return rules


def _follows_allow(before: _Rule, rule: _Rule) -> bool:
    return before.action == "Allow" and rule.action == "Deny"


def _sections(
    denied: list[_Rule], allowed: list[_Rule], telling: Telling, *, lets_others_in: bool
) -> Iterator[TakenSection]:
    for rule in denied:
        if rule.addresses and rule.condition != CallerCondition():
            telling.refuse(f"{_PATH}.rules[{rule.at}].principal", _APART)
    addresses, conditions = _allowed(allowed, telling)
    deny = tuple(dict.fromkeys(address for each in denied for address in each.addresses))
    if not allowed and not lets_others_in:
        deny = _EVERYBODY
    if addresses or deny:
        yield TakenSection("clients", Clients(allow=_ranges(addresses), deny=_ranges(deny)), _PATH)
    refusing = tuple(_refusing(each.condition) for each in denied if not each.addresses)
    if conditions or refusing:
        yield TakenSection("authorization", Authorization(allow=conditions, deny=refusing), _PATH)


def _refusing(asked: CallerCondition) -> AccessCondition:
    return AccessCondition(claims=asked.claims, headers=asked.headers, methods=asked.methods, paths=asked.paths)


def _allowed(allowed: list[_Rule], telling: Telling) -> tuple[tuple[str, ...], tuple[CallerCondition, ...]]:
    """Return addresses and conditions that both must hold, where any of the rules must."""
    by_address = dict.fromkeys(frozenset(each.addresses) for each in allowed)
    by_condition: dict[CallerCondition, None] = dict.fromkeys(each.condition for each in allowed)
    nothing_else = CallerCondition()
    if len(by_address) > 1 and len(by_condition) > 1:
        telling.refuse(f"{_PATH}.rules", _APART)
    addresses = (
        ()
        if any(not each for each in by_address)
        else tuple(dict.fromkeys(address for each in allowed for address in each.addresses))
    )
    return addresses, () if nothing_else in by_condition else tuple(by_condition)


def _ranges(addresses: Sequence[str]) -> tuple[ClientAddressRange, ...]:
    return tuple(ClientAddressRange(cidr=each) for each in addresses)


def _rule(written: SecurityRule, at: int, providers: Sequence[str], telling: Telling) -> _Rule:
    path = f"{_PATH}.rules[{at}]"
    principal = written.principal or SecurityPrincipal()
    operation = written.operation
    paths = (operation.path.value,) if operation is not None and operation.path is not None else ()
    # Their CRD wants a principal in each rule, so that all addresses stand for none.
    addresses = tuple(_addresses(principal.client_cidrs, f"{path}.principal.clientCIDRs", telling))
    return _Rule(
        at=at,
        action=written.action,
        addresses=() if set(_EVERYBODY) <= set(addresses) else addresses,
        condition=CallerCondition(
            claims=tuple(_claims(principal, providers, f"{path}.principal.jwt", telling)),
            headers=tuple(HeaderValues(name=each.name, values=each.values) for each in principal.headers),
            methods=operation.methods if operation is not None else (),
            paths=paths,
        ),
    )


def _addresses(written: Sequence[str], path: str, telling: Telling) -> Iterator[str]:
    for at, each in enumerate(written):
        try:
            yield str(ip_network(each, strict=False))
        except ValueError:
            telling.refuse(f"{path}[{at}]", f"{shown(each)} is no address range; allowed: one such as 10.0.0.0/8")


def _claims(principal: SecurityPrincipal, providers: Sequence[str], path: str, telling: Telling) -> Iterator[Values]:
    token = principal.jwt
    if token is None:
        return
    if list(providers) != [token.provider]:
        allowed = "allowed: the name of the only provider in jwt"
        telling.refuse(f"{path}.provider", f"{shown(token.provider)} is not what tokens are asked of alone; {allowed}")
    if not token.claims and token.scopes is None:
        telling.refuse(path, "must have claims")
    for at, claim in enumerate(token.claims):
        if "." in claim.name:
            telling.refuse(f"{path}.claims[{at}].name", "must be a claim of the token itself, not one within another")
        yield Values(name=claim.name, values=claim.values)
