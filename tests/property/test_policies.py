"""Inheritance of policies against a model of a few lines: 7 levels, each with a default, an override, or neither."""

from ast import literal_eval
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.engine import Engine
from gatewayd.incremental.scratch import Scratch
from gatewayd.incremental.view import Member, View
from gatewayd.ir.environment import HERE, Environment
from gatewayd.offline.translate import standalone_environment
from gatewayd.store import Delta
from gatewayd.translator.declarations import INDEXES, OUTPUTS
from gatewayd.translator.gateways.listeners import ListenerKey
from gatewayd.translator.policies.effective import Effective
from gatewayd.translator.proxies.at_listener import ListenerOf, in_force
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import CART, CLASS, delta, deltas

LEVELS = (
    target("GatewayClass", "gatewayd"),
    target("Gateway", "gw"),
    target("ListenerSet", "more"),
    target("ListenerSet", "more", "web"),
    target("Namespace"),
    target("HTTPRoute", "r"),
    target("HTTPRoute", "r", "first"),
)
OBJECTS = """
kind: Gateway
metadata: {name: gw, namespace: shop}
spec:
  gatewayClassName: gatewayd
  allowedListeners: {namespaces: {from: All}}
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
kind: ListenerSet
metadata: {name: more, namespace: shop}
spec: {parentRef: {name: gw}, listeners: [{name: web, port: 8080, protocol: HTTP}]}
---
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec:
  parentRefs: [{kind: ListenerSet, name: more}]
  rules: [{name: first, backendRefs: [{name: cart, port: 80}]}]
"""
AT = ListenerOf(ObjectKey("shop", "gw"), ListenerKey("ListenerSet", "shop", "more", "web"))
ROUTE = Member(HTTPRoute, ObjectKey("shop", "r"))
START = (
    Delta(kind=Environment, key=HERE, obj=standalone_environment("127.0.0.1", 0, None)),
    *deltas(CLASS, CART, OBJECTS),
)
SECTIONS = {"RoutePolicy": {"request": "{}s"}, "AccessPolicy": {"allow": [{"cidr": "10.0.0.{}"}]}}
NAMES = {"RoutePolicy": "timeouts", "AccessPolicy": "clients"}

Written = Sequence[str | None]
"""What stands at each level: "default", "override", "disabled" (a default), or nothing."""
WRITTEN = st.lists(st.sampled_from([None, "default", "override", "disabled"]), min_size=7, max_size=7)


def model(written: Written, *, adds_up: bool) -> list[int]:
    """Return the levels whose sections are in force."""
    overrides = [level for level, what in enumerate(written) if what == "override"]
    if overrides and not adds_up:
        return overrides[:1]
    defaults = [level for level, what in enumerate(written) if what in ("default", "disabled")]
    nearest = defaults[-1:] if defaults and written[defaults[-1]] == "default" else []
    return [*overrides, *nearest]


def document(kind: str, level: int, what: str) -> dict[str, Any]:
    text = repr(SECTIONS[kind]).replace("{}", str(level + 1))
    section = {"mode": "Disabled"} if what == "disabled" else literal_eval(text)
    strategy = {"default" if what == "disabled" else what: {NAMES[kind]: section}}
    return policy(kind, f"level-{level}", LEVELS[level], **strategy)


def rows(kind: str, written: Written) -> dict[int, Delta]:
    return {level: delta(document(kind, level, what)) for level, what in enumerate(written) if what is not None}


def levels(view: View, kind: str) -> list[int]:
    found = in_force(view, AT, ROUTE, 0)
    effective: Effective = found.route if kind == "RoutePolicy" else found.access
    return [int(each.policy.name.removeprefix("level-")) for each in effective.of(NAMES[kind])]


def from_scratch(*deltas_: Delta) -> Scratch:
    tables: dict[type, dict[Any, Any]] = {}
    for each in deltas_:
        tables.setdefault(each.kind, {})[each.key] = each.obj
    return Scratch(tables)


@given(kind=st.sampled_from(sorted(NAMES)), written=WRITTEN)
def test_what_is_in_force_is_what_the_model_says(kind: str, written: Written) -> None:
    view = from_scratch(*START, *rows(kind, written).values())
    assert levels(view, kind) == model(written, adds_up=kind == "AccessPolicy")


@given(kind=st.sampled_from(sorted(NAMES)), steps=st.lists(WRITTEN, min_size=1, max_size=4))
def test_changes_lead_to_the_same(kind: str, steps: list[Written]) -> None:
    engine = Engine(INDEXES, OUTPUTS)
    for each in START:
        engine.put(each.kind, each.key, each.obj)
    before: dict[int, Delta] = {}
    for written in steps:
        after = rows(kind, written)
        for level in before.keys() - after.keys():
            engine.put(before[level].kind, before[level].key, None)
        for each in after.values():
            engine.put(each.kind, each.key, each.obj)
        engine.settle()
        assert levels(engine, kind) == model(written, adds_up=kind == "AccessPolicy")
        before = after


@given(written=WRITTEN, level=st.integers(0, 6), what=st.sampled_from(["default", "override", "disabled"]))
def test_what_is_added_below_an_override_never_takes_it_away(written: list[str | None], level: int, what: str) -> None:
    overrides = [at for at, each in enumerate(written) if each == "override"]
    more = [*written]
    if more[level] is None:
        more[level] = what
    found = levels(from_scratch(*START, *rows("AccessPolicy", more).values()), "AccessPolicy")
    assert set(overrides) <= set(found)
