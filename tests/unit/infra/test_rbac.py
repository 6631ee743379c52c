from collections.abc import Iterable
from typing import Any

from gatewayd.api.kinds import KINDS
from gatewayd.infra.layout import AUTHORITY_SECRET, LEASE
from gatewayd.infra.made_kinds import MADE_KINDS
from gatewayd.infra.rbac import READ_ONE_BY_ONE, VERBS, cluster_rules, own_rules
from gatewayd.translator.contents import CONTENT_TABLES

MADE = {(each.group, each.plural) for each in MADE_KINDS}
WHOLE = {"get", "list", "watch", "create", "patch", "delete"}


def granted(rules: Iterable[dict[str, Any]]) -> dict[tuple[str, str, str], set[str]]:
    found: dict[tuple[str, str, str], set[str]] = {}
    for rule in rules:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for name in rule.get("resourceNames", [""]):
                    found.setdefault((group, resource, name), set()).update(rule["verbs"])
    return found


CLUSTER = granted(cluster_rules())


def test_every_kind_is_listed_and_watched() -> None:
    for kind in KINDS:
        assert CLUSTER[kind.group, kind.plural, ""] >= {"list", "watch"}


def test_what_is_referred_to_may_be_read_one_by_one() -> None:
    assert set(READ_ONE_BY_ONE) == set(CONTENT_TABLES.values())
    for kind in KINDS:
        if kind.struct in READ_ONE_BY_ONE:
            assert CLUSTER[kind.group, kind.plural, ""] >= {"get", "list", "watch"}


def test_what_is_only_read_may_only_be_read() -> None:
    for kind in KINDS:
        if (kind.group, kind.plural) not in MADE:
            allowed = {"get", "list", "watch"} if kind.statused else {"list", "watch"}
            finalized = {"patch"} if kind.kind == "GatewayClass" else set()
            assert CLUSTER[kind.group, kind.plural, ""] == allowed | finalized


def test_statuses_are_patched_where_we_write_them_and_nowhere_else() -> None:
    statuses = {(group, resource): verbs for (group, resource, _), verbs in CLUSTER.items() if "/" in resource}
    assert statuses == {(kind.group, f"{kind.plural}/status"): {"patch"} for kind in KINDS if kind.statused}


def test_what_a_gateway_needs_can_be_made_and_removed() -> None:
    for made in MADE_KINDS:
        assert CLUSTER[made.group, made.plural, ""] == WHOLE


def test_there_is_nothing_else() -> None:
    known = {(kind.group, kind.plural) for kind in KINDS} | {(kind.group, f"{kind.plural}/status") for kind in KINDS}
    assert {(group, resource) for group, resource, _ in CLUSTER} - known - MADE == {("", "events")}
    assert CLUSTER["", "events", ""] == {"create"}


def test_the_own_namespace_holds_the_lease_and_the_ca() -> None:
    assert granted(own_rules()) == {
        ("coordination.k8s.io", "leases", ""): {"create"},
        ("coordination.k8s.io", "leases", LEASE): {"get", "update"},
        ("", "secrets", AUTHORITY_SECRET): {"update"},
    }


def test_rules_and_what_they_are_for_stand_in_order() -> None:
    """They are written into a file, and a change of a kind shall be a change of its line."""
    for rules in (cluster_rules(), own_rules()):
        order = [
            (*rule["apiGroups"], *rule.get("resourceNames", [""]), tuple(map(VERBS.index, rule["verbs"])))
            for rule in rules
        ]
        assert len(order) == len(set(order))
        assert all(rule["resources"] == sorted(rule["resources"]) for rule in rules)
        assert [each[:2] for each in order] == sorted(each[:2] for each in order)


def test_no_rule_reaches_further_than_it_says() -> None:
    for rule in (*cluster_rules(), *own_rules()):
        assert "*" not in (*rule["apiGroups"], *rule["resources"], *rule["verbs"])
        assert set(rule["verbs"]) <= set(VERBS)
        assert not any("roles" in resource or "bindings" in resource for resource in rule["resources"])


def test_each_right_is_given_once() -> None:
    rights = [
        (group, resource, name, verb)
        for rule in cluster_rules()
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for name in rule.get("resourceNames", [""])
        for verb in rule["verbs"]
    ]
    assert len(rights) == len(set(rights))
