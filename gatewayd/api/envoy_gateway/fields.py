"""How the structs of Envoy Gateway's kinds say what becomes of a field: taken, taken with another effect, or refused.

A field without a mark is taken as it is. The page of differences is made of the marks, and so is what is said of an
object: nothing is written down twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct, inspect

from gatewayd.api.examine import child
from gatewayd.api.meta import GroupKind, Problem, Shape
from gatewayd.api.scalars import Group, KindName, NamespaceName, ObjectName, PortNumber, SectionName

SERVER_SETTINGS: Final = "allowed: a BackendPolicy or a BackendTLSPolicy for the server"
"""What is said where a reference to a server says how it is spoken to."""
REFUSED: Final = "refused"
DIFFERS: Final = "differs"
_HARMLESS: Final = "harmless"


class TheirShape(Shape, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of one of their objects. A field that is not known is refused: it may be newer, and may protect."""


def refused(why: str, *harmless: object) -> Meta:
    """Mark a field that cannot be had, and say what can; the values that ask for nothing are taken."""
    return Meta(extra={REFUSED: why, _HARMLESS: harmless})


def differs(how: str, *harmless: object) -> Meta:
    """Mark a field that is read and does something else here, unless it has one of these values."""
    return Meta(extra={DIFFERS: how, _HARMLESS: harmless})


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A field that is there and has a mark: `kind` is REFUSED or DIFFERS."""

    kind: str
    problem: Problem


def marked(value: Struct, path: str) -> Iterator[Marked]:
    """Yield the marked fields of a struct that are set, with their paths; below a refused one nothing is told."""
    for member in _members(type(value)):
        given = getattr(value, member.name)
        if given is None or given == ():
            continue
        here = child(path, member.wire)
        if member.mark and given not in member.harmless:
            yield Marked(kind=member.mark, problem=Problem(path=here, message=member.text))
        if member.mark == REFUSED:
            continue
        elements = given if isinstance(given, tuple) else (given,)
        for at, element in enumerate(elements):
            if isinstance(element, Struct):
                yield from marked(element, f"{here}[{at}]" if isinstance(given, tuple) else here)


@dataclass(frozen=True, slots=True, kw_only=True)
class TheirField:
    """A field of a struct: its attribute, its name in manifests, and its mark ("" for none) with the text."""

    name: str
    wire: str
    mark: str
    text: str
    harmless: tuple[object, ...]
    type: inspect.Type


@cache
def _members(struct: type[Struct]) -> tuple[TheirField, ...]:
    return tuple(_member(each) for each in fields_of(struct))


def fields_of(struct: type[Struct]) -> tuple[inspect.Field, ...]:
    """Return the fields of a struct as msgspec describes them."""
    info = inspect.type_info(struct)
    return info.fields if isinstance(info, inspect.StructType) else ()


def _member(field: inspect.Field) -> TheirField:
    extra = (field.type.extra or {}) if isinstance(field.type, inspect.Metadata) else {}
    mark = next((each for each in (REFUSED, DIFFERS) if each in extra), "")
    return TheirField(
        name=field.name,
        wire=field.encode_name,
        mark=mark,
        text=str(extra.get(mark, "")),
        harmless=tuple(extra.get(_HARMLESS, ())),
        type=field.type,
    )


def every_field(struct: type[Struct], path: str = "spec") -> Iterator[tuple[str, TheirField]]:
    """Yield every field of a struct and of what stands below it, with its path; elements of lists as `[]`."""
    for member in _members(struct):
        here = f"{path}.{member.wire}"
        yield here, member
        if member.mark != REFUSED:
            below, is_list = _struct_of(member.type)
            if below is not None:
                yield from every_field(below, f"{here}[]" if is_list else here)


def _struct_of(kind: inspect.Type) -> tuple[type[Struct] | None, bool]:
    match kind:
        case inspect.StructType(cls=struct):
            return struct, False
        case inspect.Metadata(type=inner):
            return _struct_of(inner)
        case inspect.VarTupleType(item_type=item):
            return _struct_of(item)[0], True
        case inspect.UnionType(types=types):
            found = (_struct_of(each) for each in types)
            return next((each for each in found if each[0] is not None), (None, False))
        case _:
            return None, False


Refused = Any
"""The type of a field that is not read: whatever is there."""


class TheirTargetRef(TheirShape, frozen=True, kw_only=True):
    """What a policy is for: an object of its own namespace, or a listener or rule of it."""

    group: Group
    kind: KindName
    name: ObjectName
    section_name: SectionName | None = None

    @property
    def group_kind(self) -> GroupKind:
        """What kind of object this points at."""
        return GroupKind(self.group, self.kind)


class TheirSecretRef(TheirShape, frozen=True, kw_only=True):
    """A Secret."""

    group: Literal[""] = ""
    kind: Literal["Secret"] = "Secret"
    name: ObjectName
    namespace: NamespaceName | None = None


class TheirBackendRef(TheirShape, frozen=True, kw_only=True):
    """A server that is asked something."""

    group: Group = ""
    kind: KindName = "Service"
    name: ObjectName
    namespace: NamespaceName | None = None
    port: PortNumber | None = None
    weight: Annotated[int | None, differs("one server is asked, so there is nothing to share", 1)] = None
    fallback: Annotated[bool | None, refused("allowed: one backend that is no fallback", False)] = None


class TheirServer(TheirShape, frozen=True, kw_only=True):
    """A server that is asked or told something, named by either of two fields."""

    backend_ref: TheirBackendRef | None = None
    backend_refs: Annotated[tuple[TheirBackendRef, ...], Meta(max_length=16)] = ()
    backend_settings: Annotated[Refused, refused(SERVER_SETTINGS)] = None


MergeType = Literal["StrategicMerge", "JSONMerge"]


class TheirPolicySpec(TheirShape, frozen=True, kw_only=True):
    """What a policy is for, and how it goes together with the one above it."""

    target_ref: TheirTargetRef | None = None
    target_refs: Annotated[tuple[TheirTargetRef, ...], Meta(max_length=16)] = ()
    target_selectors: Annotated[Refused, refused("allowed: targetRefs, which name their targets")] = None
    merge_type: MergeType | None = None

    @property
    def targets(self) -> tuple[TheirTargetRef, ...]:
        """What the policy names, by either field."""
        return (*((self.target_ref,) if self.target_ref is not None else ()), *self.target_refs)
