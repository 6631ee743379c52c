"""Single cases; tests/property/test_policies.py compares all of them with a model."""

from typing import Any

import pytest

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.meta import ObjectKey
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.incremental.scratch import Scratch
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.store import Delta
from gatewayd.translator.policies.effective import (
    NAMESPACE_KIND,
    NOTHING,
    ChainKey,
    ScopedTarget,
    TargetKey,
    any_inherited,
    at_target,
    effective,
    may_reach,
    scoped_targets,
)
from gatewayd.translator.protocols import GATEWAY_KIND
from tests.unit.api.documents import accepted
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import delta, scratch

GW = ScopedTarget(GATEWAY_KIND, ObjectKey("shop", "gw"), "")
HTTP = GW._replace(section="http")
CLUSTER = Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT)


def seconds(count: int) -> dict[str, Any]:
    return {"timeouts": {"request": f"{count}s"}}


def view_of(*documents: dict[str, Any]) -> Scratch:
    return scratch(*(delta(each) for each in documents))


def in_force(view: Scratch, *chain: ScopedTarget) -> list[tuple[str, str]]:
    found = effective(view, ChainKey(RoutePolicy, chain))
    return [(each.policy.name, each.section) for each in (*found.overrides, *found.defaults)]


def test_without_a_policy_nothing_is_in_force() -> None:
    assert effective(view_of(), ChainKey(RoutePolicy, (GW, HTTP))) == NOTHING
    assert not any_inherited(view_of(), RoutePolicy)


@pytest.mark.parametrize("strategy", ["default", "override"])
def test_of_two_for_one_target_the_older_has_a_section_and_the_other_the_rest(strategy: str) -> None:
    old = policy("RoutePolicy", "old", target("Gateway", "gw"), **{strategy: seconds(1)})
    young = policy(
        "RoutePolicy",
        "a",
        target("Gateway", "gw"),
        created="2026-02-01T00:00:00Z",
        **{strategy: {**seconds(2), "retry": {"attempts": 1}}},
    )
    view = view_of(old, young)
    assert any_inherited(view, RoutePolicy)
    assert in_force(view, GW) == [("a", "retry"), ("old", "timeouts")]


def test_a_policy_for_a_listener_stands_below_that_of_its_gateway() -> None:
    wide = policy("RoutePolicy", "wide", target("Gateway", "gw"), default=seconds(1))
    near = policy("RoutePolicy", "near", target("Gateway", "gw", "http"), default=seconds(2))
    view = view_of(wide, near)
    assert in_force(view, GW, HTTP) == [("near", "timeouts")]
    assert in_force(view, GW, HTTP._replace(section="other")) == [("wide", "timeouts")]


def test_kinds_do_not_meet() -> None:
    view = view_of(policy("RoutePolicy", "a", target("Gateway", "gw"), default=seconds(1)))
    assert at_target(view, TargetKey(AccessPolicy, GW)) == NOTHING


def test_beyond_its_namespace_a_policy_reaches_only_from_where_gatewayd_runs() -> None:
    view = scratch(CLUSTER)
    shop = ScopedTarget(NAMESPACE_KIND, ObjectKey("", "shop"), "")
    assert may_reach(view, shop, "shop")
    assert not may_reach(view, shop, "team")
    assert may_reach(view, shop, DEFAULT_ENVIRONMENT.namespace)
    assert may_reach(view, GW, "shop")


def test_a_namespace_without_a_name_is_the_policys_own() -> None:
    row = accepted(policy("RoutePolicy", "a", target("Namespace"), namespace="team", default=seconds(1)))
    (found,) = scoped_targets(row)
    assert found == ScopedTarget(NAMESPACE_KIND, ObjectKey("", "team"), "")
    assert str(found) == "Namespace/team"
    assert (str(HTTP), HTTP.whole) == ("Gateway/shop/gw/http", GW)
