"""SecurityPolicy's ordered rules against a model of five lines: what is taken lets the same requests pass."""

from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.api.accesspolicy import Authorization, Clients, RequestParts
from gatewayd.api.envoy_gateway.security import SecurityAuthorization
from gatewayd.translator.envoy_gateway.authorization import authorization
from gatewayd.translator.envoy_gateway.taken import Telling

CIDRS = ("10.0.0.0/8", "10.1.0.0/16", "192.168.0.0/16")
METHODS = ("GET", "PUT")
ADDRESSES = ("10.0.0.1", "10.1.0.1", "192.168.0.1", "172.16.0.1")


class Asked(NamedTuple):
    address: str
    method: str


REQUESTS = [Asked(address, method) for address in ADDRESSES for method in (*METHODS, "POST")]
RULES = st.fixed_dictionaries(
    {"action": st.sampled_from(["Allow", "Deny"])},
    optional={
        "principal": st.fixed_dictionaries({"clientCIDRs": st.lists(st.sampled_from(CIDRS), max_size=2)}),
        "operation": st.fixed_dictionaries({"methods": st.lists(st.sampled_from(METHODS), max_size=2)}),
    },
)


def holds(rule: dict[str, Any], request: Asked) -> bool:
    cidrs = rule.get("principal", {}).get("clientCIDRs", [])
    methods = rule.get("operation", {}).get("methods", [])
    return (not cidrs or within(cidrs, request)) and (not methods or request.method in methods)


def within(cidrs: list[str], request: Asked) -> bool:
    return any(ip_address(request.address) in ip_network(each) for each in cidrs)


def expected(rules: list[dict[str, Any]], default: str, request: Asked) -> bool:
    """Return whether the first rule that holds lets a request pass."""
    return next((rule["action"] for rule in rules if holds(rule, request)), default) == "Allow"


def passes(sections: dict[str, Any], request: Asked) -> bool:
    clients: Clients = sections.get("clients", Clients())
    allowed: Authorization = sections.get("authorization", Authorization())
    let_in = [each.cidr for each in clients.allow]
    return (
        (not let_in or within(let_in, request))
        and not within([each.cidr for each in clients.deny], request)
        and (not allowed.allow or any(meets(each, request) for each in allowed.allow))
        and not any(meets(each, request) for each in allowed.deny)
    )


def meets(condition: RequestParts, request: Asked) -> bool:
    return not condition.methods or request.method in condition.methods


@given(rules=st.lists(RULES, max_size=5), default=st.sampled_from(["Allow", "Deny"]))
def test_what_is_taken_of_ordered_rules_lets_the_same_requests_pass(rules: list[dict[str, Any]], default: str) -> None:
    telling = Telling(namespace="shop")
    written = msgspec.convert({"rules": rules, "defaultAction": default}, SecurityAuthorization)
    sections = {each.name: each.value for each in authorization(written, (), telling)}
    if not telling.refused:
        for request in REQUESTS:
            assert passes(sections, request) == expected(rules, default, request), request
