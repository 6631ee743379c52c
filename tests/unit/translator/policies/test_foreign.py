"""Policies of Envoy Gateway in a chain: which one counts, what it is merged into, and how it stands beside ours."""

from typing import Any

import pytest

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.envoy_gateway.objects import SecurityPolicy
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.scratch import Scratch
from gatewayd.incremental.view import Member
from gatewayd.translator.policies.effective import (
    UNREADABLE,
    ChainKey,
    ScopedTarget,
    any_inherited,
    effective,
)
from gatewayd.translator.policies.foreign import ACCESS_TABLES, TakenKey, access_row, own_access, taken
from gatewayd.translator.protocols import GATEWAY_KIND, group_kind
from tests.unit.envoy_gateway import foreign
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import delta, scratch

GW = ScopedTarget(GATEWAY_KIND, ObjectKey("shop", "gw"), "")
HTTP = GW._replace(section="http")
ROUTE = ScopedTarget(group_kind(HTTPRoute), ObjectKey("shop", "r"), "")
RULE = ROUTE._replace(section="first")
CHAIN = (GW, HTTP, ROUTE, RULE)
CORS = {"cors": {"allowOrigins": ["https://a.example"]}}
CSRF: dict[str, Any] = {"csrf": {}}
BASIC = {"basicAuth": {"users": {"name": "users"}}}


def at(kind: str, section: str = "") -> dict[str, str]:
    return target(kind, "gw" if kind == "Gateway" else "r", section)


def sp(name: str, where: dict[str, str], **spec: Any) -> dict[str, Any]:
    created = spec.pop("created", "2026-01-01T00:00:00Z")
    return foreign("SecurityPolicy", name, where, created=created, **spec)


def view_of(*documents: dict[str, Any]) -> Scratch:
    return scratch(*(delta(each) for each in documents))


def in_force(view: Scratch, *chain: ScopedTarget) -> list[tuple[str, str]]:
    found = effective(view, ChainKey(AccessPolicy, chain or CHAIN))
    return sorted((each.policy.name, each.section) for each in (*found.overrides, *found.defaults))


def test_the_nearest_one_replaces_those_above_as_a_whole() -> None:
    wide, near = sp("wide", at("Gateway"), **CORS, **CSRF), sp("near", at("HTTPRoute"), **BASIC)
    view = view_of(wide, near)
    assert any_inherited(view, AccessPolicy)
    assert in_force(view, GW, HTTP) == [("wide", "cors"), ("wide", "csrf")]
    assert in_force(view) == [("near", "basic")]


def test_an_empty_one_takes_everything_off() -> None:
    view = view_of(sp("wide", at("Gateway"), **CORS), sp("none", at("HTTPRoute", "first")))
    assert in_force(view, GW, HTTP, ROUTE) == [("wide", "cors")]
    assert in_force(view) == []


def test_a_listener_goes_before_its_gateway_and_a_route_before_both() -> None:
    view = view_of(sp("wide", at("Gateway"), **CORS), sp("web", at("Gateway", "http"), **CSRF))
    assert in_force(view) == [("web", "csrf")]
    assert in_force(view, GW, HTTP._replace(section="other"), ROUTE) == [("wide", "cors")]


def test_of_two_for_one_target_the_older_counts() -> None:
    old = sp("old", at("HTTPRoute"), **CORS)
    young = sp("a", at("HTTPRoute"), created="2026-02-01T00:00:00Z", **BASIC)
    assert in_force(view_of(old, young)) == [("old", "cors")]


@pytest.mark.parametrize("merge_type", ["StrategicMerge", "JSONMerge"])
def test_one_that_is_merged_keeps_what_is_above_it(merge_type: str) -> None:
    wide = sp("wide", at("Gateway"), cors={"allowOrigins": ["https://a.example"], "maxAge": "1h"}, **CSRF)
    near = sp("near", at("HTTPRoute"), mergeType=merge_type, cors={"allowOrigins": ["https://b.example"]})
    found = effective(view_of(wide, near), ChainKey(AccessPolicy, CHAIN))
    assert {each.section for each in found.defaults} == {"cors", "csrf"}
    [cors] = (each.value for each in found.defaults if each.section == "cors")
    assert (cors.allow_origins, cors.max_age) == (("https://b.example",), 3600)  # type: ignore[attr-defined]


def test_a_rule_is_merged_into_the_gateways_policy_and_not_into_the_routes() -> None:
    wide = sp("wide", at("Gateway"), **CSRF)
    middle = sp("middle", at("HTTPRoute"), **BASIC)
    near = sp("near", at("HTTPRoute", "first"), mergeType="JSONMerge", **CORS)
    assert in_force(view_of(wide, middle, near)) == [("near", "cors"), ("near", "csrf")]


def test_what_cannot_be_had_closes_the_scope_until_another_one_replaces_it() -> None:
    broken = sp("broken", at("Gateway"), **CORS, frob=1)
    view = view_of(broken, sp("near", at("HTTPRoute", "first"), **CSRF))
    assert (("broken", UNREADABLE)) in in_force(view, GW, HTTP, ROUTE)
    assert in_force(view) == [("near", "csrf")]


def test_ours_and_theirs_are_told_apart_and_the_nearer_section_counts() -> None:
    own = policy("AccessPolicy", "own", target("Gateway", "gw"), default={"csrf": {}, "cors": {"maxAge": 5}})
    view = view_of(own, sp("near", at("HTTPRoute"), **CORS))
    # Theirs replaces no section of ours that it does not have.
    assert in_force(view) == [("near", "cors"), ("own", "csrf")]
    nearer = policy("AccessPolicy", "rule", target("HTTPRoute", "r", "first"), default={"cors": {"maxAge": 6}})
    assert in_force(view_of(own, sp("near", at("HTTPRoute"), **CORS), nearer)) == [("own", "csrf"), ("rule", "cors")]


def test_a_section_of_ours_is_in_force_again_where_theirs_is_replaced() -> None:
    own = policy("AccessPolicy", "own", target("Gateway", "gw"), default={"cors": {"maxAge": 5}})
    view = view_of(own, sp("near", at("HTTPRoute"), **CORS), sp("rule", at("HTTPRoute", "first"), **CSRF))
    assert in_force(view, GW, HTTP, ROUTE) == [("near", "cors")]
    assert in_force(view) == [("own", "cors"), ("rule", "csrf")]


def test_an_override_of_ours_is_the_last_word() -> None:
    own = policy("AccessPolicy", "own", target("Gateway", "gw"), override={"cors": {"maxAge": 5}})
    assert in_force(view_of(own, sp("near", at("HTTPRoute"), **CORS, **CSRF))) == [("near", "csrf"), ("own", "cors")]


def test_at_one_target_ours_has_a_section() -> None:
    own = policy("AccessPolicy", "own", target("HTTPRoute", "r"), default={"cors": {"maxAge": 5}})
    assert in_force(view_of(own, sp("near", at("HTTPRoute"), **CORS))) == [("own", "cors")]


def test_what_is_in_force_says_where_it_was_written() -> None:
    found = effective(view_of(sp("near", at("HTTPRoute"), **BASIC)), ChainKey(AccessPolicy, CHAIN))
    [section] = found.defaults
    assert section.origin == ("SecurityPolicy", "spec.basicAuth")
    assert section.target == ROUTE


def test_a_policy_of_theirs_is_one_of_ours_where_those_are_gone_through() -> None:
    document = sp("near", at("HTTPRoute"), **BASIC)
    row = delta(document).obj
    assert isinstance(row, SecurityPolicy)
    own = own_access(row)
    assert own.spec.default is not None
    assert own.spec.default.basic is not None
    assert own.spec.target_refs[0].name == "r"
    view = view_of(document)
    assert access_row(view, Member(SecurityPolicy, ObjectKey("shop", "near"))) == own
    assert (AccessPolicy, SecurityPolicy) == ACCESS_TABLES


def test_one_that_gatewayd_fails_on_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError

    view = view_of(sp("near", at("HTTPRoute"), **BASIC))
    key = TakenKey(AccessPolicy, Member(SecurityPolicy, ObjectKey("shop", "near")), None)
    assert taken(view, key).refused == ()
    monkeypatch.setattr("gatewayd.translator.envoy_gateway.security._sections", failing)
    assert [each.path for each in taken(view_of(sp("near", at("HTTPRoute"), **BASIC)), key).refused] == ["spec"]
