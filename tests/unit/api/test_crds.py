"""The structs and rules against the CRDs that they stand for."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st
from msgspec import NODEFAULT, Struct, inspect

from gatewayd.api.kinds import BY_GROUP_KIND, KINDS
from gatewayd.api.meta import GroupKind
from gatewayd.api.refs import EXPERIMENTAL_GROUP, GATEWAY_GROUP
from gatewayd.api.rules.lists import elements_unique
from gatewayd.api.rules.table import RULES, VERSION_RULES, Rule
from gatewayd.api.scalars import INT32_MAX
from gatewayd.api.unsupported import REFUSED, UNSUPPORTED
from tests.unit.api.cel_table import CEL_RULES, Elsewhere
from tests.unit.api.crd_facts import NEWEST, RELEASES, CELRule, Schema, Served, cel_rules, schemas_in, served

LOOSENED: Final = {
    ("TLSRoute", "spec.hostnames"): "server_names_given, by version",
    ("TLSRoute", "spec.rules"): "one_rule, by version",
    ("TCPRoute", "spec.rules"): "one_rule, by version",
    ("UDPRoute", "spec.rules"): "one_rule, by version",
    ("XBackend", "spec.port"): "port_given: v1.6 calls the number port",
    ("XBackend", "spec.port.port"): "port_given: v1.7 calls it number",
    ("Gateway", "spec.addresses[]"): "ip_address_is_one: the oneOf is about two fields",
}
"""Constraints that a rule function keeps instead of the struct, because served versions differ in them."""

SAME_LANGUAGE: Final = {
    r"^[!-~]+([\t ]?[!-~]+)*$": r"^[!-~]+([\t ][!-~]+)*\Z",
}
"""Patterns written otherwise on purpose, upstream's to ours."""

_ROOT: Final = {"apiVersion", "kind", "metadata", "status"}
_KNOWN_KEYWORDS: Final = {
    *("type", "properties", "required", "items", "additionalProperties", "description", "default", "enum", "format"),
    *("pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "minProperties"),
    *("maxProperties", "x-kubernetes-validations", "x-kubernetes-list-type", "x-kubernetes-list-map-keys"),
    "x-kubernetes-map-type",
}


def read_versions(release: str) -> list[Served]:
    return [one for one in served(release) if GroupKind(one.group, one.kind) in BY_GROUP_KIND]


def name(one: Served) -> str:
    return f"{one.release}-{one.kind}-{one.version}"


def fields_of(kind: inspect.Type) -> dict[str, inspect.Field]:
    return {field.encode_name: field for field in kind.fields} if isinstance(kind, inspect.StructType) else {}


def bare(kind: inspect.Type) -> tuple[inspect.Type, Mapping[str, Any]]:
    """Take a type out of `| None` and Metadata, and give the extra of the Metadata."""
    extra: Mapping[str, Any] = {}
    while True:
        if isinstance(kind, inspect.Metadata):
            extra, kind = kind.extra or extra, kind.type
        elif isinstance(kind, inspect.UnionType):
            (kind,) = (member for member in kind.types if not isinstance(member, inspect.NoneType))
        else:
            return kind, extra


def python_pattern(upstream: str) -> str:
    """Write a pattern with every `$` outside of brackets written as Python's end of text."""
    if upstream in SAME_LANGUAGE:
        return SAME_LANGUAGE[upstream]
    parts = re.findall(r"\\.|\[(?:\\.|[^\]\\])*\]|.", upstream, re.DOTALL)
    return "".join(r"\Z" if part == "$" else part for part in parts)


class Comparison:
    """Collects where a struct and a schema differ."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.differences: list[str] = []
        self.undeclared: set[str] = set()
        self.unknown: set[str] = set()

    def compare(self, kind: inspect.Type, schema: Schema, path: str) -> None:
        kind, extra = bare(kind)
        self.same(path, "unknown keywords", set(schema) - _KNOWN_KEYWORDS, set())
        self.same(path, "limits", limits(kind, extra), schema_limits(schema))
        if isinstance(kind, inspect.StructType):
            self.members(kind, schema, path)
        elif isinstance(kind, inspect.VarTupleType):
            self.compare(kind.item_type, schema["items"], f"{path}[]")
        elif isinstance(kind, inspect.DictType):
            self.compare(kind.value_type, schema["additionalProperties"], f"{path}{{}}")

    def members(self, kind: inspect.StructType, schema: Schema, path: str) -> None:
        ours, theirs = fields_of(kind), schema.get("properties", {})
        ignored = set() if path else _ROOT
        for wire in ours.keys() | theirs.keys() - ignored:
            below = f"{path}.{wire}" if path else wire
            if wire in ignored:
                continue
            if wire not in theirs:
                self.unknown.add(below)
            elif wire not in ours:
                self.undeclared.add(below)
            else:
                self.same(below, "required", ours[wire].required, wire in schema.get("required", ()))
                self.default(kind.cls, ours[wire], theirs[wire], below)
                self.compare(ours[wire].type, theirs[wire], below)

    def default(self, struct: type[Struct], ours: inspect.Field, schema: Schema, path: str) -> None:
        if ours.required:
            return
        default = ours.default if ours.default is not NODEFAULT else ours.default_factory()
        if "default" in schema:
            (declared,) = (field.type for field in msgspec.structs.fields(struct) if field.name == ours.name)
            self.same(path, "default", default, msgspec.convert(schema["default"], declared))
        else:
            self.same(path, "default", msgspec.to_builtins(default) or None, None)

    def same(self, path: str, what: str, ours: object, expected: object) -> None:
        if ours != expected and (self.kind, path) not in LOOSENED:
            self.differences.append(f"{self.kind} {path}: {what} is {ours!r} here and {expected!r} in the CRD")


def limits(kind: inspect.Type, extra: Mapping[str, Any]) -> dict[str, object]:
    """Type and constraints of a declared type in the words of JSON Schema; what is absent or empty is left out."""
    found: dict[str, object]
    match kind:
        case inspect.StructType():
            found = {"type": "object"}
        case inspect.VarTupleType():
            found = {"type": "array", "min": kind.min_length, "max": kind.max_length, **extra}
        case inspect.DictType():
            found = {"type": "object", "min": kind.min_length, "max": kind.max_length}
        case inspect.StrType():
            found = {"type": "string", "min": kind.min_length, "max": kind.max_length, "pattern": kind.pattern}
        case inspect.IntType():
            found = {"type": "integer", "least": kind.ge, "most": kind.le}
        case inspect.LiteralType():
            found = {"type": "literal", "values": frozenset(kind.values)}
        case inspect.BoolType():
            found = {"type": "boolean"}
        case _:
            raise TypeError(kind)
    return {key: value for key, value in found.items() if value not in (None, 0, ())}


def schema_limits(schema: Schema) -> dict[str, object]:
    """Give the same of a schema."""
    if "enum" in schema:
        return {"type": "literal", "values": frozenset(schema["enum"])}
    most = schema.get("maximum", INT32_MAX if schema.get("format") == "int32" else None)
    list_type = schema.get("x-kubernetes-list-type")
    sizes = ("Length", "Items", "Properties")
    found = {
        "type": schema["type"],
        "min": next((schema[f"min{size}"] for size in sizes if f"min{size}" in schema), None),
        "max": next((schema[f"max{size}"] for size in sizes if f"max{size}" in schema), None),
        "pattern": python_pattern(schema["pattern"]) if "pattern" in schema else None,
        "least": schema.get("minimum"),
        "most": most,
        "list_type": list_type if list_type == "set" else None,
        "list_map_keys": tuple(schema.get("x-kubernetes-list-map-keys", ())),
    }
    return {key: value for key, value in found.items() if value not in (None, 0, ())}


def compared(one: Served) -> Comparison:
    comparison = Comparison(one.kind)
    comparison.compare(inspect.type_info(BY_GROUP_KIND[GroupKind(one.group, one.kind)].struct), one.schema, "")
    return comparison


@pytest.mark.parametrize("one", read_versions(NEWEST), ids=name)
def test_structs_have_the_limits_and_defaults_of_the_newest_crds(one: Served) -> None:
    assert compared(one).differences == []


@pytest.mark.parametrize("release", RELEASES)
def test_every_field_is_declared_or_unsupported(release: str) -> None:
    missing = {(one.kind, path) for one in read_versions(release) for path in compared(one).undeclared}
    assert missing == {key for key in UNSUPPORTED if key[1]}


def test_every_declared_field_is_in_a_release() -> None:
    nowhere: dict[str, set[str]] = {}
    for release in RELEASES:
        for one in read_versions(release):
            unknown = compared(one).unknown
            nowhere[one.kind] = nowhere.get(one.kind, unknown) & unknown
    assert {kind: paths for kind, paths in nowhere.items() if paths} == {}


def test_older_fields_have_the_limits_of_the_older_crds() -> None:
    """Where v1.6.3 and v1.7.0 differ, v1.7.0 wins; a field that only v1.6.3 has must agree with it."""
    only_old = {(one.kind, path) for one in read_versions(NEWEST) for path in compared(one).unknown}
    differences = [difference for one in read_versions("v1.6.3") for difference in compared(one).differences]
    assert only_old
    assert [line for line in differences for kind, path in only_old if line.startswith(f"{kind} {path}:")] == []


@pytest.mark.parametrize("release", RELEASES)
def test_kinds_are_those_of_the_crds(release: str) -> None:
    theirs: dict[GroupKind, set[str]] = {}
    for one in served(release):
        theirs.setdefault(GroupKind(one.group, one.kind), set()).add(one.version)
        kind = BY_GROUP_KIND.get(GroupKind(one.group, one.kind))
        if kind is None:
            assert (one.kind, "") in UNSUPPORTED
        else:
            assert (kind.plural, kind.namespaced, kind.statused) == (one.plural, one.namespaced, one.has_status)
    for kind in KINDS:
        # A kind may be newer than an older release.
        if kind.group in (GATEWAY_GROUP, EXPERIMENTAL_GROUP) and (kind.group_kind in theirs or release == NEWEST):
            assert set(kind.accepted_versions) == theirs[kind.group_kind]


def test_unsupported_kinds_are_in_a_release() -> None:
    known = {one.kind for release in RELEASES for one in served(release)}
    assert {kind for kind, path in UNSUPPORTED if not path} <= known


def type_at(kind: str, place: str) -> Iterator[type[Struct]]:
    """Every struct on the way from an object of a kind to a place, the place's own included."""
    (root,) = (row.struct for row in KINDS if row.kind == kind)
    here, _ = bare(inspect.type_info(root))
    for part in re.findall(r"[^.\[\]{}]+|\[\]|\{\}", place):
        if isinstance(here, inspect.StructType):
            yield here.cls
            below = fields_of(here)[part].type
        else:
            assert isinstance(here, inspect.VarTupleType | inspect.DictType), place
            below = here.item_type if isinstance(here, inspect.VarTupleType) else here.value_type
        here, _ = bare(below)
    if isinstance(here, inspect.VarTupleType):
        here, _ = bare(here.item_type)
    if isinstance(here, inspect.StructType):
        yield here.cls


@pytest.mark.parametrize("key", REFUSED, ids=str)
def test_refused_fields_are_declared(key: tuple[str, str]) -> None:
    assert list(type_at(*key))


def every_cel_rule() -> Iterator[tuple[Served, CELRule]]:
    for release in RELEASES:
        for one in served(release):
            for rule in cel_rules(one.schema):
                yield one, rule


def test_every_cel_rule_has_a_row_and_every_row_a_cel_rule() -> None:
    places = {rule.fingerprint: f"{one.kind} {rule.place}" for one, rule in every_cel_rule()}
    assert {key: place for key, place in places.items() if key not in CEL_RULES} == {}
    assert CEL_RULES.keys() - places.keys() == set()


def rules_at(one: Served, place: str) -> set[Rule]:
    found: set[Rule] = {elements_unique}
    for struct in type_at(one.kind, place):
        found.update(rule for ancestor in struct.__mro__ for rule in RULES.get(ancestor, ()))
        found.update(VERSION_RULES.get((struct, one.version), ()))
    return found


def test_every_cel_rule_is_kept_in_every_place() -> None:
    for one, rule in every_cel_rule():
        ours = CEL_RULES[rule.fingerprint]
        if rule.place.startswith("status") or (one.kind, "") in UNSUPPORTED:
            continue
        assert ours not in {Elsewhere.KIND, Elsewhere.STATUS}
        if not isinstance(ours, Elsewhere):
            assert ours in rules_at(one, rule.place), f"{one.kind}/{one.version} {rule.place}: {rule.fingerprint}"


PATTERNS: Final = sorted(
    {schema["pattern"] for one in served(NEWEST) for _, schema in schemas_in(one.schema) if "pattern" in schema}
)


@pytest.mark.parametrize("upstream", PATTERNS)
@given(data=st.data())
def test_patterns_mean_what_they_mean_to_the_api_server(upstream: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(upstream) | st.text("aA0-./*: \t\n%#é", max_size=12) | st.text(max_size=8))
    ending = data.draw(st.sampled_from(["", "\n", " ", "-", "."]))
    assert bool(re.search(python_pattern(upstream), text + ending)) == bool(re2.search(upstream, text + ending))
