"""The table as a whole; what each rule says is tested beside its module's name."""

from typing import Any

import msgspec
import pytest

from gatewayd.api.kinds import KINDS
from gatewayd.api.meta import GroupKind
from gatewayd.api.rules.table import RULES, VERSION_RULES, Rule, broken_rules
from tests.unit.api.documents import document, http_rule, kind_named
from tests.unit.api.rules import (
    test_backendpolicy,
    test_clientpolicy,
    test_core,
    test_filters,
    test_gateway,
    test_ingress,
    test_inherited,
    test_keys_and_limits,
    test_listeners,
    test_lists,
    test_policies,
    test_refs,
    test_reportpolicy,
    test_routefilter,
    test_routepolicy,
    test_routes,
    test_telemetry,
)

MODULES: tuple[Any, ...] = (
    *(
        test_backendpolicy,
        test_clientpolicy,
        test_core,
        test_filters,
        test_gateway,
        test_ingress,
        test_inherited,
        test_keys_and_limits,
        test_lists,
        test_listeners,
        test_policies,
        test_refs,
        test_reportpolicy,
        test_routefilter,
        test_routepolicy,
        test_routes,
        test_telemetry,
    ),
)
ALL_RULES: dict[str, Rule] = {
    str(rule.__name__): rule for rules in (*RULES.values(), *VERSION_RULES.values()) for rule in rules
}


def found(source: dict[str, Any], version: str = "v1") -> list[str]:
    obj = msgspec.convert(source, kind_named(source["kind"]).struct)
    return [str(problem) for problem in broken_rules(obj, version)]


def test_paths_start_at_the_object() -> None:
    source = http_rule(backendRefs=[{"name": "a", "port": 80}, {"name": "b"}])
    assert found(source) == ["spec.rules[0].backendRefs[1].port: is required for a Service"]


def test_rules_of_a_version_hold_for_that_version_alone() -> None:
    source = document("TLSRoute", spec={"rules": [{"backendRefs": [{"name": "a", "port": 1}]}]})
    assert len(found(source, "v1")) == 1
    assert found(source, "v1alpha2") == []
    versions = {struct.__name__.removesuffix("Spec"): version for struct, version in VERSION_RULES}
    assert all(version in kind_named(kind).accepted_versions for kind, version in versions.items())


@pytest.mark.parametrize("rule", ALL_RULES.values(), ids=ALL_RULES)
def test_every_rule_has_a_docstring_and_a_case_that_breaks_it(rule: Rule) -> None:
    assert rule.__doc__
    structs = [struct for struct, rules in RULES.items() if rule in rules]
    structs += [struct for (struct, _), rules in VERSION_RULES.items() if rule in rules]
    assert any(
        list(rule(part)) for source in BROKEN_SOURCES for part in parts(source) if isinstance(part, tuple(structs))
    )


BROKEN_SOURCES = [source for module in MODULES for source, _ in module.BROKEN]


def parts(source: dict[str, Any]) -> list[msgspec.Struct]:
    """Give every struct of a document, at any depth; nulls are left out as decoding does."""
    kinds = {kind.group_kind: kind for kind in KINDS}
    group, _, _ = source["apiVersion"].rpartition("/")
    spec = source.get("spec")
    if spec is not None:
        source = {**source, "spec": {key: value for key, value in spec.items() if value is not None}}
    found: list[msgspec.Struct] = [msgspec.convert(source, kinds[GroupKind(group, source["kind"])].struct)]
    for struct in found:
        for name in struct.__struct_fields__:
            member = getattr(struct, name)
            members = member if isinstance(member, tuple) else (member,)
            found.extend(item for item in members if isinstance(item, msgspec.Struct))
    return found
