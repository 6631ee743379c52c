"""Rules about the policies of our own group, each with the CEL text that the generated CRDs have for it.

`VALIDATIONS` is the table: the rules that files are held to and those of the API server are rows of one.
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
"""

from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Final, cast, get_args, get_type_hints

from msgspec import Struct
from msgspec.structs import fields

from gatewayd.api.accesspolicy import (
    JWT,
    WAYS_IN,
    AccessCondition,
    AccessPolicySpec,
    AccessSections,
    APIKeys,
    Basic,
    CallerCondition,
    CorsSection,
    KeySet,
    RequestParts,
    Require,
)
from gatewayd.api.backendpolicy import BackendPolicySpec
from gatewayd.api.clientpolicy import ClientPolicySpec
from gatewayd.api.inherited import CONNECTION_KINDS, OwnTargetRef, PolicySection, Sections
from gatewayd.api.meta import Problem, Problems
from gatewayd.api.reportpolicy import ReportPolicySpec
from gatewayd.api.routepolicy import BodySection, ErrorPagesSection, FaultSection, RateLimitSection, RoutePolicySpec
from gatewayd.api.rules import access_sections, backendpolicy, clientpolicy, reportpolicy, routefilter, routepolicy
from gatewayd.api.rules.access_sections import OF_REQUESTS, connections_take_clients
from gatewayd.api.rules.cel import Validation, has_each, holds_some
from gatewayd.api.rules.filters import cors_wildcard_alone
from gatewayd.api.rules.keys_and_limits import key_set_given, limit_given
from gatewayd.api.rules.policy_targets import TARGETS

SPECS: Final = (AccessPolicySpec, RoutePolicySpec, ReportPolicySpec, BackendPolicySpec, ClientPolicySpec)
InheritedPolicySpec = AccessPolicySpec | RoutePolicySpec | ReportPolicySpec | BackendPolicySpec | ClientPolicySpec
_WIRE: Final = {each.name: each.encode_name for each in fields(AccessSections)}
_WAYS_IN: Final = tuple(tuple(_WIRE[name] for name in way) for way in WAYS_IN)


def targets_differ(spec: InheritedPolicySpec) -> Problems:
    """Check that no target is named twice (spec)."""
    seen: dict[OwnTargetRef, int] = {}
    for at, ref in enumerate(spec.target_refs):
        before = seen.setdefault(ref, at)
        if before != at:
            yield Problem(path=f"targetRefs[{at}]", message=f"repeats targetRefs[{before}]; targets must be unique")


def of_requests(spec: RoutePolicySpec) -> Problems:
    """Check that no route is meant whose connections are not looked into (spec)."""
    for at, ref in enumerate(spec.target_refs):
        if ref.kind in CONNECTION_KINDS:
            path = f"targetRefs[{at}].kind"
            yield Problem(path=path, message=f"must not be {ref.kind}, whose connections are not looked into")


def one_strategy(spec: InheritedPolicySpec) -> Problems:
    """Check that exactly one of default and override is set (spec)."""
    if spec.default is not None and spec.override is not None:
        yield Problem(path="override", message="must not be set together with default; one object has one strategy")
    if spec.default is None and spec.override is None:
        yield Problem(path="default", message="is required, unless override is set")


def override_is_enabled(spec: InheritedPolicySpec) -> Problems:
    """Check that no section of an override is Disabled: only a default from above can be cancelled (spec)."""
    for name, section in sections(spec.override):
        if section.is_disabled:
            yield Problem(path=f"override.{name}.mode", message="must be Enabled; only a default cancels a default")


def some_section(given: Sections) -> Problems:
    """Check that something is said (spec.default, spec.override)."""
    if not any(True for _ in sections(given)):
        known = ", ".join(each.encode_name for each in fields(type(given)))
        yield Problem(path="", message=f"must have a section; allowed: {known}")


def disabled_is_empty(section: PolicySection) -> Problems:
    """Check that a section that is Disabled says nothing else (spec.default.*)."""
    if section.is_disabled and section != type(section)(mode="Disabled"):
        yield Problem(path="mode", message="must not be Disabled where the section has other fields")


def token_given(jwt: JWT) -> Problems:
    """Check that somebody's tokens are asked for (spec.default.jwt)."""
    if not jwt.providers and not jwt.is_disabled:
        yield Problem(path="providers", message="must not be empty")


def keys_given(section: APIKeys) -> Problems:
    """Check that somebody's keys are asked for (spec.default.apiKeys)."""
    if not section.secret_refs and not section.is_disabled:
        yield Problem(path="secretRefs", message="must not be empty")


def users_given(section: Basic) -> Problems:
    """Check that there are users (spec.default.basic)."""
    if section.secret_ref is None and not section.is_disabled:
        yield Problem(path="secretRef", message="is required")


def something_required(section: Require) -> Problems:
    """Check that it is said what is required (spec.override.require)."""
    if section.what is None and not section.is_disabled:
        yield Problem(path="what", message="is required; allowed: Authentication")


def one_way_in(given: AccessSections) -> Problems:
    """Check that there is one way to find out who a client is (spec.default, spec.override)."""
    enabled = {name for name, section in sections(given) if not section.is_disabled}
    ways = [way for way in ([name for name in way if name in enabled] for way in _WAYS_IN) if way]
    for way in ways[1:]:
        for name in way:
            yield Problem(path=name, message=f"must not be set together with {ways[0][0]}; a rule has one way in")


def bytes_given(section: BodySection) -> Problems:
    """Check that a body has a limit (spec.default.body)."""
    if section.max_bytes is None and not section.is_disabled:
        yield Problem(path="maxBytes", message="is required, unless mode is Disabled")


def page_given(section: ErrorPagesSection) -> Problems:
    """Check that there is a page (spec.default.errorPages)."""
    if not section.pages and not section.is_disabled:
        yield Problem(path="pages", message="must not be empty")


def fault_given(section: FaultSection) -> Problems:
    """Check that there is a fault (spec.default.fault)."""
    if section == FaultSection():
        yield Problem(path="", message="must have one of delay, abort")


def condition_given(condition: RequestParts) -> Problems:
    """Check that a condition has a part: one without would hold for every request (authorization.allow[])."""
    if condition == type(condition)():
        yield Problem(path="", message=_one_part(type(condition)))


def _one_part(condition: type[RequestParts]) -> str:
    return f"must have one of {', '.join(each.encode_name for each in fields(condition))}"


def _condition(condition: type[RequestParts]) -> tuple[Validation, ...]:
    has_one = has_each("self", (each.encode_name for each in fields(condition)), " || ")
    return (Validation(condition_given, has_one, _one_part(condition)),)


def sections(given: Sections | None) -> tuple[tuple[str, PolicySection], ...]:
    """Return the sections that are there, by their wire names."""
    if given is None:
        return ()
    found = ((each.encode_name, getattr(given, each.name)) for each in fields(type(given)))
    return tuple((name, section) for name, section in found if section is not None)


def sections_of(spec: type[Struct]) -> type[Sections]:
    """Return the struct of the sections that a kind's spec has."""
    hints = get_type_hints(spec)
    (found,) = (each for each in get_args(hints["override"]) if each is not NoneType)
    return cast("type[Sections]", found)


def section_structs(given: type[Sections]) -> Mapping[str, type[PolicySection]]:
    """Return the sections of a kind of policy by their wire names."""
    hints = get_type_hints(given)
    return {
        each.encode_name: next(member for member in get_args(hints[each.name]) if member is not NoneType)
        for each in fields(given)
    }


def _enabled(path: str) -> str:
    return f"(!has({path}) || {path}.mode != 'Disabled')"


def _of_spec(spec: type[Struct]) -> tuple[Validation, ...]:
    enabled = " && ".join(_enabled(f"self.override.{name}") for name in section_structs(sections_of(spec)))
    return (
        Validation(
            one_strategy, "has(self.default) != has(self.override)", "exactly one of default and override must be set"
        ),
        Validation(
            override_is_enabled, f"!has(self.override) || ({enabled})", "no section of an override may be Disabled"
        ),
        Validation(
            targets_differ, "self.targetRefs.all(a, self.targetRefs.exists_one(b, a == b))", "targetRefs must be unique"
        ),
    )


def _of_kind(spec: type[Struct]) -> Iterator[tuple[type[Struct], tuple[Validation, ...]]]:
    given = sections_of(spec)
    structs = section_structs(given)
    yield spec, (*_of_spec(spec), *_OF_SPECS.get(spec, ()))
    some = Validation(some_section, has_each("self", structs, " || "), f"must have one of {', '.join(structs)}")
    yield given, (some, *_OF_KINDS.get(given, ()))
    for struct in structs.values():
        yield struct, (*_empty_when_disabled(struct), *_OF_SECTIONS.get(struct, ()))


def _empty_when_disabled(struct: type[Struct]) -> Iterator[Validation]:
    others = [each for each in fields(struct) if each.name != "mode"]
    if others:
        said = (
            holds_some(each.encode_name) if each.default == () else f"has(self.{each.encode_name})" for each in others
        )
        alone = f"self.mode != 'Disabled' || !({' || '.join(said)})"
        yield Validation(disabled_is_empty, alone, "a section that is Disabled must have no other field")


def _alone(name: str) -> Validation:
    path = f"self.{name}"
    return Validation(
        cors_wildcard_alone, f"!has({path}) || !('*' in {path}) || size({path}) == 1", f"'*' must stand alone in {name}"
    )


def _chosen(name: str) -> str:
    return f"(has(self.{name}) && self.{name}.mode != 'Disabled')"


_OF_KINDS: Final[Mapping[type[Sections], tuple[Validation, ...]]] = {
    AccessSections: (
        Validation(
            one_way_in,
            f"[{', '.join(' || '.join(map(_chosen, way)) for way in _WAYS_IN)}].filter(a, a).size() < 2",
            f"at most one of {', '.join(' with '.join(way) for way in _WAYS_IN)} may be set",
        ),
    ),
}
_OF_SECTIONS: Final[Mapping[type[Struct], tuple[Validation, ...]]] = {
    **access_sections.SECTIONS,
    **backendpolicy.SECTIONS,
    **clientpolicy.SECTIONS,
    **routepolicy.SECTIONS,
    **reportpolicy.SECTIONS,
    CorsSection: tuple(_alone(name) for name in ("allowOrigins", "allowMethods", "allowHeaders")),
    JWT: (
        Validation(token_given, f"self.mode == 'Disabled' || {holds_some('providers')}", "providers must not be empty"),
    ),
    APIKeys: (
        Validation(
            keys_given, f"self.mode == 'Disabled' || {holds_some('secretRefs')}", "secretRefs must not be empty"
        ),
    ),
    Require: (Validation(something_required, "self.mode == 'Disabled' || has(self.what)", "what is required"),),
    Basic: (Validation(users_given, "self.mode == 'Disabled' || has(self.secretRef)", "secretRef is required"),),
    RateLimitSection: (
        Validation(
            limit_given,
            f"(self.mode == 'Disabled' || {holds_some('limits')}) && (!has(self.limits) || self.limits.all(limit, "
            "!has(limit.perClaims) || !has(limit.at) || limit.at == 'AfterAuthentication'))",
            "limits must not be empty, and with perClaims be AfterAuthentication",
        ),
    ),
    BodySection: (Validation(bytes_given, "self.mode == 'Disabled' || has(self.maxBytes)", "maxBytes is required"),),
    ErrorPagesSection: (
        Validation(page_given, f"self.mode == 'Disabled' || {holds_some('pages')}", "pages must not be empty"),
    ),
    FaultSection: (
        Validation(
            fault_given,
            "self.mode == 'Disabled' || has(self.delay) || has(self.abort)",
            "must have one of delay, abort",
        ),
    ),
}
_OF_REQUESTS: Final = " || ".join(
    f"(has(self.{strategy}) && ({has_each(f'self.{strategy}', OF_REQUESTS, ' || ')}))"
    for strategy in ("default", "override")
)
_OF_SPECS: Final[Mapping[type[Struct], tuple[Validation, ...]]] = {
    ClientPolicySpec: clientpolicy.SPEC,
    AccessPolicySpec: (
        Validation(
            connections_take_clients,
            f"!self.targetRefs.exists(a, a.kind in {list(CONNECTION_KINDS)}) || !(" + _OF_REQUESTS + ")",
            f"for kinds {', '.join(CONNECTION_KINDS)} only clients may be set",
        ),
    ),
    RoutePolicySpec: (
        Validation(
            of_requests,
            f"!self.targetRefs.exists(a, a.kind in {list(CONNECTION_KINDS)})",
            f"targetRefs must not be of kinds {', '.join(CONNECTION_KINDS)}",
        ),
    ),
    ReportPolicySpec: reportpolicy.SPEC,
}
_OF_PARTS: Final[Mapping[type[Struct], tuple[Validation, ...]]] = {
    KeySet: (
        Validation(
            key_set_given,
            "has(self.inline) != has(self.uri) && (has(self.uri) ? has(self.backendRef) || "
            "self.uri.startsWith('https:') : !has(self.backendRef) && !has(self.fetchedBy)) && "
            "(!has(self.fetchedBy) || self.fetchedBy != 'Proxy' || has(self.backendRef))",
            "must have one of inline, uri; uri must be https without a backendRef, which fetchedBy Proxy needs",
        ),
    ),
    AccessCondition: _condition(AccessCondition),
    CallerCondition: _condition(CallerCondition),
}


VALIDATIONS: Final[Mapping[type[Struct], tuple[Validation, ...]]] = {
    **TARGETS,
    **_OF_PARTS,
    **backendpolicy.PARTS,
    **routepolicy.PARTS,
    **reportpolicy.PARTS,
    **routefilter.PARTS,
    **{struct: found for spec in SPECS for struct, found in _of_kind(spec)},
}
