from collections.abc import Mapping
from typing import Any

import pytest

from gatewayd.api.rules.clientpolicy import SECTIONS, SPEC
from tests.unit.api.documents import Document, problems
from tests.unit.policies import policy, target

EDGE = target("Gateway", "edge", "https")
CASES: list[tuple[Mapping[str, Any], str]] = [
    ({"timeouts": {"idle": "0s"}}, "timeouts.idle: must be longer than 0s"),
    ({"connections": {"maxAge": "0ms"}}, "connections.maxAge: must be longer than 0s"),
    ({"clientAddress": {}}, "clientAddress: must have one of trustedHops, trustedRanges"),
    (
        {"clientAddress": {"trustedHops": 1, "trustedRanges": ["10.0.0.0/8"]}},
        "clientAddress: must have one of trustedHops, trustedRanges",
    ),
    ({"tls": {"minVersion": "1.3", "maxVersion": "1.2"}}, "tls.minVersion: must not be above maxVersion, 1.2"),
]
BROKEN = [
    (policy("ClientPolicy", "a", EDGE, default=sections), [f"spec.default.{message}"]) for sections, message in CASES
]
BROKEN += [
    (
        policy("ClientPolicy", "a", target(kind, "x"), default={"http1": {"http10": "Refuse"}}),
        ["spec.targetRefs[0].kind: must be one of GatewayClass, Gateway, ListenerSet"],
    )
    for kind in ("HTTPRoute", "Namespace")
]


@pytest.mark.parametrize(("source", "expected"), BROKEN)
def test_broken(source: Document, expected: list[str]) -> None:
    assert problems(source) == expected


@pytest.mark.parametrize(
    "sections",
    [
        {"clientAddress": {"mode": "Disabled"}},
        {"clientAddress": {"trustedRanges": ["10.0.0.0/8"]}},
        {"tls": {"minVersion": "1.2", "maxVersion": "1.2"}},
        {"timeouts": {"idle": "1h"}},
    ],
)
def test_good(sections: Mapping[str, Any]) -> None:
    assert problems(policy("ClientPolicy", "a", target("ListenerSet", "more", "web"), default=sections)) == []


def test_every_rule_has_its_text_for_the_api_server() -> None:
    for validation in (*SPEC, *(each for found in SECTIONS.values() for each in found)):
        assert "self." in validation.cel
        assert validation.message
