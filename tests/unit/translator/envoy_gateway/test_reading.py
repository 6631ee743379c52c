from typing import Any

from gatewayd.api.envoy_gateway.security import SecurityPolicySpec
from gatewayd.translator.envoy_gateway.reading import read
from gatewayd.translator.envoy_gateway.taken import Telling


def told(spec: dict[str, Any]) -> tuple[bool, list[str], list[str]]:
    telling = Telling(namespace="shop")
    value = read(spec, SecurityPolicySpec, telling)
    return value is not None, [str(each) for each in telling.refused], [str(each) for each in telling.differs]


def test_a_good_spec_is_read() -> None:
    assert told({"cors": {"allowOrigins": ["*"], "maxAge": None}}) == (True, [], [])


def test_what_is_not_known_or_wrong_is_told_with_its_path() -> None:
    readable, refused, _ = told({"corz": {}, "cors": {"allowCredentials": "yes"}})
    assert not readable
    assert refused[0] == "spec.cors.allowCredentials: must be true or false, not a string"
    assert refused[1].startswith('spec: has no field "corz"; allowed: targetRef, targetRefs, ')


def test_what_cannot_be_had_and_what_does_something_else_are_told_apart() -> None:
    keys = {"credentialRefs": [], "extractFrom": [{"headers": ["k"]}], "sanitize": False}
    readable, refused, differs = told({"apiKeyAuth": keys, "csrf": {"shadowFraction": {"numerator": 1}}})
    assert readable
    assert [each.partition(": ")[0] for each in refused] == ["spec.csrf.shadowFraction"]
    assert [each.partition(": ")[0] for each in differs] == ["spec.apiKeyAuth.sanitize"]
