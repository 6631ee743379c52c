import json
from typing import Any

from conformance.scenarios.rights import granted, used

ROLE = """
kind: ClusterRole
rules:
- {apiGroups: [''], resources: [secrets, services], verbs: [get, patch]}
---
kind: Service
"""


def entry(verb: str, code: int, *, user: str = "gatewayd", **ref: Any) -> str:
    about = {"user": {"username": user}, "verb": verb, "responseStatus": {"code": code}}
    return json.dumps({**about, "objectRef": ref} if ref else about)


def test_rights_are_read_from_roles_alone() -> None:
    assert granted(ROLE) == {("", kind, verb) for kind in ("secrets", "services") for verb in ("get", "patch")}


def test_what_others_ask_and_what_is_no_object_is_left_out() -> None:
    lines = [entry("get", 200, user="admin", resource="secrets"), entry("get", 200)]
    assert [*used(lines, "gatewayd")] == []


def test_an_apply_that_makes_something_uses_two_rights() -> None:
    lines = [entry("patch", 201, resource="services"), entry("patch", 403, resource="gateways", subresource="status")]
    assert [*used(lines, "gatewayd")] == [
        (("", "services", "patch"), 201),
        (("", "services", "create"), 201),
        (("", "gateways/status", "patch"), 403),
    ]
