"""A second, slower reading of a document that msgspec has refused: every problem with its path.

msgspec stops at the first problem. This walks the same types, so both agree on what is valid, except for one thing
that the API server does first and this does too: a null field counts as absent.
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting-and-nullable
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Final

from msgspec import NODEFAULT, Struct, inspect

from gatewayd.api.meta import Problem
from gatewayd.api.names import entry, shown

MAX_PROBLEMS: Final = 100
_INT64: Final = 2**63


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """The document in the form that msgspec takes, and what is wrong with it (nothing: msgspec takes it)."""

    value: object
    problems: tuple[Problem, ...]


def examine(document: object, struct: type[Struct]) -> Examined:
    """Read a document against a struct; at most 100 problems are reported."""
    walk = _Walk()
    value = walk.value(document, _type_of(struct), "")
    return Examined(value=value, problems=tuple(walk.problems[:MAX_PROBLEMS]))


def child(path: str, name: str) -> str:
    """Make the path of a field below a path."""
    return f"{path}.{name}" if path and not name.startswith("[") else f"{path}{name}"


@cache
def _type_of(struct: type[Struct]) -> inspect.Type:
    return inspect.type_info(struct)


def _named(value: object) -> str:
    for types, name in _TYPE_NAMES:
        if isinstance(value, types):
            return name
    return f"a {type(value).__name__}"


_TYPE_NAMES: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (
    (type(None), "null"),
    (bool, "a boolean"),
    (int, "an integer"),
    (float, "a number"),
    (str, "a string"),
    (Mapping, "an object"),
    ((list, tuple), "a list"),
)


@dataclass(slots=True)
class _Walk:
    problems: list[Problem] = field(default_factory=list)

    def value(self, value: object, kind: inspect.Type, path: str, allowed: str = "") -> object:
        """Check one value; `allowed` says in words what its pattern means."""
        if isinstance(kind, inspect.Metadata):
            description = (kind.extra_json_schema or {}).get("description", allowed)
            return self.value(value, kind.type, path, str(description))
        if isinstance(kind, inspect.UnionType):
            return self._union(value, kind, path)
        return _CHECKS[type(kind)](self, value, kind, path, allowed)

    def refuse(self, path: str, message: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(path=path, message=message))

    def _union(self, value: object, union: inspect.UnionType, path: str) -> object:
        members = [member for member in union.types if not isinstance(member, inspect.NoneType)]
        if value is None and len(members) < len(union.types):
            return None
        for member in members[:-1]:
            attempt = _Walk()
            result = attempt.value(value, member, path)
            if not attempt.problems:
                return result
        return self.value(value, members[-1], path)

    def struct(self, value: object, kind: inspect.StructType, path: str, _: str) -> object:
        if not isinstance(value, Mapping):
            self.refuse(path, f"must be an object, not {_named(value)}")
            return value
        result: dict[str, object] = {}
        for member in kind.fields:
            given = value.get(member.encode_name)
            if given is not None:
                result[member.encode_name] = self.value(given, member.type, child(path, member.encode_name))
            elif member.default is NODEFAULT and member.default_factory is NODEFAULT:
                self.refuse(child(path, member.encode_name), "is required")
        if kind.cls.__struct_config__.forbid_unknown_fields:
            self._known_only(value, kind, path)
        return result

    def _known_only(self, value: Mapping[Any, Any], kind: inspect.StructType, path: str) -> None:
        known = [member.encode_name for member in kind.fields]
        for name in value:
            if name not in known:
                self.refuse(path, f"has no field {shown(str(name))}; allowed: {', '.join(known)}")

    def sequence(self, value: object, kind: inspect.VarTupleType, path: str, _: str) -> object:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes | bytearray):
            self.refuse(path, f"must be a list, not {_named(value)}")
            return value
        if not self._fits(len(value), kind, path, "items"):
            return value
        return [self.value(item, kind.item_type, f"{path}[{index}]") for index, item in enumerate(value)]

    def mapping(self, value: object, kind: inspect.DictType, path: str, _: str) -> object:
        if not isinstance(value, Mapping):
            self.refuse(path, f"must be an object, not {_named(value)}")
            return value
        present = {key: item for key, item in value.items() if item is not None}
        if not self._fits(len(present), kind, path, "entries"):
            return value
        result = {}
        for key, item in present.items():
            if isinstance(key, str) and _is_unicode(key):
                result[key] = self.value(item, kind.value_type, entry(path, key))
            else:
                self.refuse(path, f"must have text as keys, not {_named(key)}; quote it")
        return result

    def text(self, value: object, kind: inspect.StrType, path: str, allowed: str) -> object:
        if isinstance(value, datetime | date):
            return _timestamp(value)
        if not isinstance(value, str):
            self.refuse(path, f"must be a string, not {_named(value)}")
        elif not _is_unicode(value):
            self.refuse(path, "must be Unicode text; it holds half of a surrogate pair")
        elif (
            self._fits(len(value), kind, path, "characters")
            and kind.pattern is not None
            and not re.search(kind.pattern, value)
        ):
            self.refuse(path, f"{shown(value)} is not valid; allowed: {allowed}")
        return value

    def integer(self, value: object, kind: inspect.IntType, path: str, _: str) -> object:
        if not isinstance(value, int) or isinstance(value, bool):
            self.refuse(path, f"must be an integer, not {_named(value)}")
        elif not -_INT64 <= value < _INT64:
            self.refuse(path, "does not fit into 64 bits")
        elif kind.ge is not None and value < kind.ge:
            self.refuse(path, f"{shown(value)} is too small; {kind.ge} is the least allowed")
        elif kind.le is not None and value > kind.le:
            self.refuse(path, f"{shown(value)} is too large; {kind.le} is the most allowed")
        return value

    def number(self, value: object, kind: inspect.FloatType, path: str, _: str) -> object:
        if not isinstance(value, int | float) or isinstance(value, bool):
            self.refuse(path, f"must be a number, not {_named(value)}")
        elif kind.ge is not None and value < kind.ge:
            self.refuse(path, f"{shown(value)} is too small; {kind.ge:g} is the least allowed")
        elif kind.le is not None and value > kind.le:
            self.refuse(path, f"{shown(value)} is too large; {kind.le:g} is the most allowed")
        return value

    def boolean(self, value: object, _kind: inspect.BoolType, path: str, _: str) -> object:
        if not isinstance(value, bool):
            self.refuse(path, f"must be true or false, not {_named(value)}")
        return value

    def literal(self, value: object, kind: inspect.LiteralType, path: str, _: str) -> object:
        if isinstance(value, bool) or not isinstance(value, str | int) or value not in kind.values:
            got = shown(value) if isinstance(value, str | int) else _named(value)
            self.refuse(path, f"must be one of {', '.join(shown(item) for item in kind.values)}, not {got}")
        return value

    def anything(self, value: object, _kind: inspect.AnyType, _path: str, _: str) -> object:
        return value

    def _fits(self, size: int, kind: "_Sized", path: str, unit: str) -> bool:
        if kind.min_length is not None and size < kind.min_length:
            self.refuse(path, "must not be empty" if size == 0 else f"must have {kind.min_length} {unit} or more")
            return False
        if kind.max_length is not None and size > kind.max_length:
            self.refuse(path, f"has {size} {unit}; at most {kind.max_length} are allowed")
            return False
        return True


_Sized = inspect.StrType | inspect.VarTupleType | inspect.DictType

_CHECKS: Final[Mapping[type[inspect.Type], Callable[[_Walk, object, Any, str, str], object]]] = {
    inspect.StructType: _Walk.struct,
    inspect.VarTupleType: _Walk.sequence,
    inspect.DictType: _Walk.mapping,
    inspect.StrType: _Walk.text,
    inspect.IntType: _Walk.integer,
    inspect.FloatType: _Walk.number,
    inspect.BoolType: _Walk.boolean,
    inspect.LiteralType: _Walk.literal,
    inspect.AnyType: _Walk.anything,
}


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _timestamp(value: datetime | date) -> str:
    """RFC 3339 text; YAML readers turn an unquoted timestamp into an object."""
    if isinstance(value, datetime):
        utc = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        return utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat()
