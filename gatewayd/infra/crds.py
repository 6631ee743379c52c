"""The CRDs of our own group, made of the structs that read the objects and of the rules that files are held to.

So the API server, the files of `gatewayd up` and the translator cannot disagree about a field, its limits or a rule.
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from msgspec import NODEFAULT, Struct, inspect, to_builtins

from gatewayd.api.kinds import KINDS, Kind
from gatewayd.api.rules.inherited import VALIDATIONS
from gatewayd.own_group import DOMAIN

JSON = dict[str, Any]

_POLICY_LABEL: Final = {"gateway.networking.k8s.io/policy": "Inherited"}
"""https://gateway-api.sigs.k8s.io/geps/gep-713/#crd-label"""
_COLUMNS: Final = (
    {"name": "Target", "type": "string", "jsonPath": ".spec.targetRefs[0].kind"},
    {"name": "Name", "type": "string", "jsonPath": ".spec.targetRefs[0].name"},
    {
        "name": "Accepted",
        "type": "string",
        "jsonPath": '.status.ancestors[0].conditions[?(@.type=="Accepted")].status',
    },
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
)
_SIZES: Final = {"string": "Length", "array": "Items", "object": "Properties"}


def own_crds() -> tuple[JSON, ...]:
    """Return the CustomResourceDefinitions of our own kinds."""
    return tuple(_crd(kind) for kind in KINDS if kind.group == DOMAIN)


def _crd(kind: Kind) -> JSON:
    is_policy = kind.statused
    columns = _COLUMNS if is_policy else _COLUMNS[-1:]
    names = {
        "kind": kind.kind,
        "listKind": f"{kind.kind}List",
        "plural": kind.plural,
        "singular": kind.kind.lower(),
        "categories": ["gateway-api"],
    }
    version = {
        "name": kind.version,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [dict(each) for each in columns],
        "schema": {"openAPIV3Schema": _root(kind)},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{kind.group}", "labels": dict(_POLICY_LABEL) if is_policy else {}},
        "spec": {
            "group": kind.group,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "names": names,
            "versions": [version],
        },
    }


def _root(kind: Kind) -> JSON:
    spec = next(each for each in _fields(kind.struct) if each.encode_name == "spec")
    return {
        "type": "object",
        "description": _text(kind.struct),
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": schema(spec.type),
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
    }


def _fields(struct: type[Struct]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(struct)
    return info.fields if isinstance(info, inspect.StructType) else ()


def schema(kind: inspect.Type) -> JSON:
    """Return the schema of a declared type; raises KeyError for one that no CRD can have."""
    return {key: value for key, value in _SCHEMAS[type(kind)](kind).items() if value not in (None, [], {})}


def _annotated(kind: Any) -> JSON:
    said, extra = kind.extra_json_schema or {}, kind.extra or {}
    described = {"description": said["description"]} if "description" in said else {}
    return {**schema(kind.type), **described, **_listed(extra)}


def _listed(extra: Mapping[str, Any]) -> JSON:
    """Return how elements of a list are told apart: https://kubernetes.io/docs/reference/using-api/server-side-apply/."""
    if extra.get("list_map_keys"):
        return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(extra["list_map_keys"])}
    return {"x-kubernetes-list-type": "set"} if extra.get("list_type") == "set" else {}


def _optional(kind: Any) -> JSON:
    (only,) = (each for each in kind.types if not isinstance(each, inspect.NoneType))
    return schema(only)


def _string(kind: Any) -> JSON:
    # Python's end of text is RE2's end of line, which is the same without a flag.
    return {**_sized("string", kind), "pattern": None if kind.pattern is None else kind.pattern.replace("\\Z", "$")}


def _sized(name: str, kind: Any) -> JSON:
    size = _SIZES[name]
    return {"type": name, f"min{size}": kind.min_length, f"max{size}": kind.max_length}


def _object(struct: type[Struct]) -> JSON:
    fields = _fields(struct)
    return {
        "type": "object",
        "description": _text(struct),
        "required": [each.encode_name for each in fields if each.required],
        "properties": {each.encode_name: _field(each) for each in fields},
        "x-kubernetes-validations": list(_validations(struct)),
    }


def _field(field: inspect.Field) -> JSON:
    default = None if field.default is NODEFAULT else to_builtins(field.default)
    # An absent list or object is not told from an empty one.
    return {**schema(field.type), **({} if default in (None, [], {}, ()) else {"default": default})}


def _validations(struct: type[Struct]) -> Iterator[JSON]:
    for ancestor in reversed(struct.__mro__):
        for each in VALIDATIONS.get(ancestor, ()):
            yield {"rule": each.cel, "message": each.message}


_SCHEMAS: Final[Mapping[type[inspect.Type], Callable[[Any], JSON]]] = {
    inspect.Metadata: _annotated,
    inspect.UnionType: _optional,
    inspect.StructType: lambda kind: _object(kind.cls),
    inspect.VarTupleType: lambda kind: {**_sized("array", kind), "items": schema(kind.item_type)},
    inspect.DictType: lambda kind: {**_sized("object", kind), "additionalProperties": schema(kind.value_type)},
    inspect.StrType: _string,
    inspect.IntType: lambda kind: {"type": "integer", "minimum": kind.ge, "maximum": kind.le},
    inspect.BoolType: lambda _: {"type": "boolean"},
    inspect.LiteralType: lambda kind: {"type": "string", "enum": list(kind.values)},
}


def _text(struct: type[Struct]) -> str:
    """Return what a struct says of itself, as one paragraph."""
    return " ".join((struct.__doc__ or "").split()).replace("`", "")
