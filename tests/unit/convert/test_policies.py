from typing import Any

from gatewayd.convert.draft import DraftRoute, DraftRule, PlainHTTP
from gatewayd.convert.policies import policies

CLIENTS = {"clients": {"deny": [{"cidr": "10.0.0.0/8"}]}}
BODY = {"body": {"maxBytes": 5}}


def rule(access: Any = None, passage: Any = None) -> DraftRule:
    return DraftRule(title="a", matches=({},), access=access or {}, passage=passage or {})


def written(*rules: DraftRule) -> list[tuple[str, str, list[str]]]:
    """Return kind, name and targets of each policy of a route in parts of two rules."""
    route = DraftRoute(namespace="shop", name="shop", hostnames=(), carriers=(PlainHTTP(),), rules=rules, origins=())
    named = [(f"r{at}", each) for at, each in enumerate(rules)]
    parts = [(f"part{at // 2}", named[at : at + 2]) for at in range(0, len(named), 2)]
    return [
        (each.kind, each.name, ["/".join(filter(None, (ref["name"], ref.get("sectionName")))) for ref in refs])
        for each in policies(route, parts)
        for refs in (each.spec["targetRefs"],)
    ]


def test_what_holds_for_all_rules_is_for_the_routes() -> None:
    assert written(*[rule(CLIENTS)] * 3) == [("AccessPolicy", "shop", ["part0", "part1"])]


def test_what_holds_for_some_rules_is_for_these() -> None:
    assert written(rule(CLIENTS), rule(), rule(CLIENTS)) == [("AccessPolicy", "shop", ["part0/r0", "part1/r2"])]


def test_rules_with_other_sections_have_another_policy() -> None:
    other = {"clients": {"deny": []}}
    assert written(rule(CLIENTS), rule(other, BODY)) == [
        ("AccessPolicy", "shop", ["part0/r0"]),
        ("AccessPolicy", "shop-02", ["part0/r1"]),
        ("RoutePolicy", "shop", ["part0/r1"]),
    ]


def test_a_policy_has_at_most_sixteen_targets() -> None:
    rows = written(*[rule(CLIENTS)] * 20, rule())
    assert [len(targets) for _, _, targets in rows] == [16, 4]
