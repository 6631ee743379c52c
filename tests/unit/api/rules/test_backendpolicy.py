from collections.abc import Mapping
from typing import Any

import pytest

from gatewayd.api.rules.backendpolicy import PARTS, SECTIONS
from tests.unit.api.documents import Document, problems
from tests.unit.policies import policy, target

CART = target("Service", "cart", "http")
HEADER = {"type": "Header", "name": "x-user"}


CASES: list[tuple[Mapping[str, Any], str]] = [
    ({"connection": {"connectTimeout": "0s"}}, "connection.connectTimeout: must be longer than 0s"),
    ({"connection": {"tcpKeepalive": {"idle": "0s"}}}, "connection.tcpKeepalive.idle: must be longer than 0s"),
    ({"activeHealth": {"tcp": {}, "interval": "0s"}}, "activeHealth.interval: must be longer than 0s"),
    ({"passiveHealth": {"baseEjection": "0s"}}, "passiveHealth.baseEjection: must be longer than 0s"),
    ({"dns": {"refresh": "0ms"}}, "dns.refresh: must be longer than 0s"),
    (
        {"http2": {"keepalive": {"interval": "0s", "timeout": "1s"}}},
        "http2.keepalive.interval: must be longer than 0s",
    ),
    ({"activeHealth": {}}, "activeHealth: must have one of http, grpc, tcp"),
    ({"activeHealth": {"grpc": {}, "tcp": {}}}, "activeHealth.tcp: must not be set together with grpc"),
    ({"loadBalancing": {"type": "Maglev"}}, "loadBalancing.hashOn: must not be empty for type Maglev"),
    (
        {"loadBalancing": {"type": "Random", "hashOn": [HEADER]}},
        "loadBalancing.hashOn: must not be set for other types than RingHash, Maglev",
    ),
    (
        {"loadBalancing": {"type": "Random", "slowStart": "1s"}},
        "loadBalancing.slowStart: must not be set for other types than LeastRequest, RoundRobin",
    ),
    (
        {"loadBalancing": {"type": "Maglev", "hashOn": [{"type": "Cookie"}]}},
        "loadBalancing.hashOn[0].name: is required for type Cookie",
    ),
    (
        {"loadBalancing": {"type": "Maglev", "hashOn": [{"type": "Address", "name": "a"}]}},
        "loadBalancing.hashOn[0].name: must not be set for type Address",
    ),
    (
        {"loadBalancing": {"type": "Maglev", "hashOn": [{**HEADER, "ttl": "1s"}]}},
        "loadBalancing.hashOn[0].ttl: must not be set for type Header",
    ),
    ({"failover": {}}, "failover.services: must not be empty"),
]
BROKEN = [
    (policy("BackendPolicy", "a", CART, default=sections), [f"spec.default.{message}"]) for sections, message in CASES
]
BROKEN += [
    (
        policy("BackendPolicy", "a", target(kind, "x", "http"), default={"limits": {"requests": 1}}),
        [f"spec.targetRefs[0].sectionName: must not be set for kind {kind}"],
    )
    for kind in ("Gateway", "XBackend", "Namespace")
]


@pytest.mark.parametrize(("source", "expected"), BROKEN)
def test_broken(source: Document, expected: list[str]) -> None:
    assert problems(source) == expected


@pytest.mark.parametrize(
    "sections",
    [
        {"loadBalancing": {"type": "RingHash", "hashOn": [HEADER, {"type": "Address"}]}},
        {"loadBalancing": {"type": "Maglev", "hashOn": [{"type": "Cookie", "name": "c", "ttl": "0s"}]}},
        {"loadBalancing": {"slowStart": "30s"}},
        {"loadBalancing": {"mode": "Disabled"}},
        {"activeHealth": {"tcp": {}}},
        {"activeHealth": {"mode": "Disabled"}},
        {"failover": {"services": [{"name": "spare", "port": 80}]}},
    ],
)
def test_good(sections: Mapping[str, Any]) -> None:
    assert problems(policy("BackendPolicy", "a", CART, default=sections)) == []


def test_every_rule_has_its_text_for_the_api_server() -> None:
    for validations in (*PARTS.values(), *SECTIONS.values()):
        for validation in validations:
            assert "self." in validation.cel
            assert validation.message
