"""Fields of a document that no known version of its kind has: what the API server refuses by default.

In: a document and the struct of its kind. Out: `UnknownField`s, each with what the author may have meant. A watch
passes over such fields, since its objects may be of newer CRDs; a file is written by a person, whose slip would
otherwise take a rule or a restriction away in silence.
https://kubernetes.io/docs/reference/using-api/api-concepts/#setting-the-field-validation-level
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, cast

from msgspec import Struct, inspect

from gatewayd.api.meta import KubernetesObject, Problem
from gatewayd.api.names import shown
from gatewayd.api.unread import UNREAD
from gatewayd.manifests.nearest import nearest

_ROOT: Final = frozenset({"apiVersion", "kind", "metadata", "status"})
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+")
_MOST_PLACES: Final = 3
_MOST_SHOWN: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownField:
    """A field at `path`; `is_slip`: another field is so much like it, or it belongs elsewhere in the object.

    Where it is no slip, it may be a field of newer CRDs than those that are known.
    """

    path: str
    message: str
    is_slip: bool

    @property
    def problem(self) -> Problem:
        """The field as what is wrong with its object."""
        return Problem(path=self.path, message=self.message)


def unknown_fields(document: Mapping[str, object], struct: type[KubernetesObject]) -> Iterator[UnknownField]:
    """Yield the unknown fields of a document, in its order; what stands below `status` is not looked at."""
    for path, name, kind in _unknown(document, _type_of(struct), ""):
        yield _described(path, name, kind, struct)


def _unknown(value: object, kind: inspect.Type, path: str) -> Iterator[tuple[str, str, inspect.StructType]]:
    """Yield the path, the name and the surrounding type of each unknown field."""
    match kind:
        case inspect.Metadata():
            yield from _unknown(value, kind.type, path)
        case inspect.UnionType():
            yield from _in_union(value, kind, path)
        case inspect.StructType() if isinstance(value, Mapping):
            yield from _in_struct(value, kind, path)
        case inspect.VarTupleType() if isinstance(value, list):
            for index, item in enumerate(value):
                yield from _unknown(item, kind.item_type, f"{path}[{index}]")
        case inspect.DictType() if isinstance(value, Mapping):
            for key, item in value.items():
                yield from _unknown(item, kind.value_type, _below(path, str(key)))
        case _:
            return


def _in_union(value: object, union: inspect.UnionType, path: str) -> Iterator[tuple[str, str, inspect.StructType]]:
    """Judge a value by the one member that is of its sort; several structs are told apart when they are decoded."""
    wanted: type[inspect.Type] = (
        inspect.StructType
        if isinstance(value, Mapping)
        else inspect.VarTupleType
        if isinstance(value, list)
        else inspect.NoneType
    )
    members = [member for member in map(_bare, union.types) if isinstance(member, wanted)]
    if len(members) == 1:
        yield from _unknown(value, members[0], path)


def _in_struct(
    value: Mapping[object, object], kind: inspect.StructType, path: str
) -> Iterator[tuple[str, str, inspect.StructType]]:
    # A struct that forbids unknown fields refuses them when it is decoded.
    is_open = not kind.cls.__struct_config__.forbid_unknown_fields
    fields = _fields(kind.cls)
    for key, given in value.items():
        name = str(key)
        if name in fields:
            if path or name != "status":
                yield from _unknown(given, fields[name], _below(path, name))
        elif is_open and not _is_known(name, kind, path):
            yield _below(path, name), name, kind


def _is_known(name: str, kind: inspect.StructType, path: str) -> bool:
    return name in _names(kind.cls) or (path == "" and name in _ROOT)


@cache
def _type_of(struct: type[Struct]) -> inspect.StructType:
    return cast("inspect.StructType", inspect.type_info(struct))


@cache
def _fields(struct: type[Struct]) -> Mapping[str, inspect.Type]:
    return {field.encode_name: field.type for field in _type_of(struct).fields}


@cache
def _names(struct: type[Struct]) -> frozenset[str]:
    return frozenset(_fields(struct)) | UNREAD.get(struct, frozenset())


def _described(path: str, name: str, kind: inspect.StructType, struct: type[KubernetesObject]) -> UnknownField:
    known = _names(kind.cls) | (_ROOT if kind.cls is struct else frozenset())
    meant = nearest(name, sorted(known))
    if meant is not None:
        return UnknownField(path=path, message=f"unknown field; did you mean {shown(meant)}?", is_slip=True)
    places = _places(struct).get(name, ())
    if 0 < len(places) <= _MOST_PLACES:
        return UnknownField(path=path, message=f"unknown field; it belongs into {' or '.join(places)}", is_slip=True)
    allowed = ", ".join(sorted(known)[:_MOST_SHOWN]) + (", ..." if len(known) > _MOST_SHOWN else "")
    return UnknownField(path=path, message=f"unknown field; allowed: {allowed}", is_slip=False)


@cache
def _places(struct: type[KubernetesObject]) -> Mapping[str, tuple[str, ...]]:
    """Return where each name of a field stands in a kind, below its spec."""
    places: dict[str, dict[str, None]] = {}
    pending: list[tuple[inspect.Type, str]] = [(_type_of(struct), "")]
    while pending:
        kind, path = pending.pop(0)
        match _bare(kind):
            case inspect.StructType(fields=fields):
                for field in fields:
                    if path or field.encode_name == "spec":
                        places.setdefault(field.encode_name, {})[path] = None
                        pending.append((field.type, _below(path, field.encode_name)))
            case inspect.VarTupleType(item_type=item):
                pending.append((item, f"{path}[]"))
            case inspect.UnionType(types=types):
                pending.extend((member, path) for member in types)
            case _:
                continue
    return {name: tuple(path for path in at if path) for name, at in places.items()}


def _bare(kind: inspect.Type) -> inspect.Type:
    return _bare(kind.type) if isinstance(kind, inspect.Metadata) else kind


def _below(path: str, name: str) -> str:
    step = name if _PLAIN.fullmatch(name) else f'["{name[:80]}"]'
    return step if not path else f"{path}.{step}" if step is name else f"{path}{step}"
