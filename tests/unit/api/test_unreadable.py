import json

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.meta import Problem
from gatewayd.api.unreadable import stand_in
from tests.unit.api.documents import kind_named
from tests.unit.policies import policy, target

PROBLEM = Problem(path="spec.default", message='has no field "oidc"')


def test_a_policy_that_is_newer_than_this_program_is_still_for_its_targets() -> None:
    newer = policy("AccessPolicy", "p", target("Gateway", "gw"), {"kind": "Newer"}, default={"oidc": {"a": 1}})
    made = stand_in(kind_named("AccessPolicy"), json.dumps(newer).encode(), (PROBLEM,))
    assert isinstance(made, AccessPolicy)
    assert (made.metadata.name, made.unreadable) == ("p", str(PROBLEM))
    assert [each.kind for each in made.spec.target_refs] == ["Gateway"]
    assert (made.spec.default, made.spec.override) == (None, None)


def test_what_protects_nothing_or_says_not_even_for_whom_has_no_stand_in() -> None:
    data = json.dumps(policy("RoutePolicy", "p", target("Gateway", "gw"))).encode()
    assert stand_in(kind_named("RoutePolicy"), data, ()) is None
    assert stand_in(kind_named("AccessPolicy"), b'{"metadata": {"name": "p"}}', ()) is None
    assert stand_in(kind_named("AccessPolicy"), b'{"metadata": 1}', ()) is None
