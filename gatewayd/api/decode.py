"""Documents (YAML or JSON as plain values) and API server bytes -> frozen structs.

Invariant: whatever comes in, the answer is a value; nothing raises. A document is checked as the API server checks it
on creation: types, limits, defaults, names and cross-field rules. Bytes from the API server have been checked there,
perhaps against older CRDs, and get types, limits and defaults only.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeVar

import msgspec

from gatewayd.api.compact import compact
from gatewayd.api.core import Secret
from gatewayd.api.examine import MAX_PROBLEMS, examine
from gatewayd.api.kinds import BY_GROUP_KIND, Kind
from gatewayd.api.meta import GroupKind, KubernetesObject, ObjectKey, ObjectMeta, Problem
from gatewayd.api.names import metadata_problems, shown
from gatewayd.api.rules.table import broken_rules
from gatewayd.api.unsupported import UNSUPPORTED

DEFAULT_NAMESPACE: Final = "default"
Struct = TypeVar("Struct", bound=msgspec.Struct)
_NOT_READABLE: Final = (msgspec.MsgspecError, RecursionError, ValueError, OverflowError, TypeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A valid object; `obj` is an instance of `kind.struct` with its namespace filled in."""

    kind: Kind
    key: ObjectKey
    obj: KubernetesObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """What is known of a document that is no valid object; `kind` is None for one that gatewayd does not read.

    `api_version`, `kind_name`, `namespace` and `name` are valid Unicode of at most 253 characters, "" if absent.
    """

    kind: Kind | None
    api_version: str
    kind_name: str
    namespace: str
    name: str
    problems: tuple[Problem, ...]


def decode(document: Mapping[str, object]) -> Decoded | Rejected:
    """Read and check one document; at most 100 problems of it are reported."""
    kind = _kind_of(document)
    if not isinstance(kind, Kind):
        return _rejected(None, document, (kind,))
    try:
        obj = msgspec.convert(document, kind.struct)
        msgspec.json.encode(obj)  # refuses text that is not Unicode
    except _NOT_READABLE:
        slow = _examined(kind, document)
        if isinstance(slow, Rejected):
            return slow
        obj = slow
    return _checked(kind, document, obj)


def decode_bytes(kind: Kind, raw: bytes) -> Decoded | Rejected:
    """Read JSON of one object of a known kind from the API server; `obj` is without what nobody reads of it."""
    try:
        obj = _decoder(kind.struct).decode(raw)
    except _NOT_READABLE:
        return _decode_slowly(kind, raw)
    return _decoded(kind, obj)


def _decode_slowly(kind: Kind, raw: bytes) -> Decoded | Rejected:
    try:
        document = msgspec.json.decode(raw)
    except _NOT_READABLE as error:
        return _rejected(kind, {}, (Problem(path="", message=f"is not JSON; {error}"),))
    if not isinstance(document, Mapping):
        return _rejected(kind, {}, (Problem(path="", message="must be an object"),))
    slow = _examined(kind, document)
    if isinstance(slow, Rejected):
        return slow
    return _decoded(kind, slow)


def _examined(kind: Kind, document: Mapping[str, object]) -> KubernetesObject | Rejected:
    obj = read_as(document, kind.struct)
    return _rejected(kind, document, obj) if isinstance(obj, tuple) else obj


def read_as(value: object, struct: type[Struct]) -> Struct | tuple[Problem, ...]:
    """Return a value of JSON as a struct, or all that is wrong with it. Nothing raises."""
    examined = examine(value, struct)
    if examined.problems:
        return examined.problems
    try:
        return msgspec.convert(examined.value, struct)
    except _NOT_READABLE as error:  # the two readings disagree: a bug, but no reason to fall over
        return (Problem(path="", message=f"is not valid; {error}"),)


@cache
def _decoder(struct: type[KubernetesObject]) -> msgspec.json.Decoder[KubernetesObject]:
    return msgspec.json.Decoder(struct)


def _kind_of(document: Mapping[str, object]) -> Kind | Problem:
    if not isinstance(document, Mapping):
        return Problem(path="", message="must be an object with apiVersion, kind and metadata")
    api_version, name = document.get("apiVersion"), document.get("kind")
    if not isinstance(api_version, str) or not api_version:
        return Problem(path="apiVersion", message="is required")
    if not isinstance(name, str) or not name:
        return Problem(path="kind", message="is required")
    group, _, version = api_version.rpartition("/")
    kind = BY_GROUP_KIND.get(GroupKind(group, name))
    if kind is None:
        reason = UNSUPPORTED.get((name, ""), "it is no kind that gatewayd knows")
        return Problem(path="kind", message=f"{shown(name)} of {shown(api_version)} is not read; {reason}")
    if version not in kind.accepted_versions:
        known = ", ".join(kind.accepted_versions)
        return Problem(
            path="apiVersion", message=f"{shown(version)} is not a version of {kind.kind}; {known} are allowed"
        )
    return kind


def _checked(kind: Kind, document: Mapping[str, object], obj: KubernetesObject) -> Decoded | Rejected:
    metadata = _placed(kind, obj.metadata)
    version = str(document["apiVersion"]).rpartition("/")[2]
    problems = (*metadata_problems(kind, metadata), *broken_rules(obj, version))
    if problems:
        return _rejected(kind, document, problems)
    obj = _string_data_merged(msgspec.structs.replace(obj, metadata=metadata))
    return Decoded(kind=kind, key=metadata.key, obj=obj)


def _decoded(kind: Kind, obj: KubernetesObject) -> Decoded:
    kept = compact(_string_data_merged(obj))
    return Decoded(kind=kind, key=kept.metadata.key, obj=kept)


def _placed(kind: Kind, metadata: ObjectMeta) -> ObjectMeta:
    """Fill in the namespace as kubectl does, or drop it from a cluster-scoped object."""
    namespace = (metadata.namespace or DEFAULT_NAMESPACE) if kind.namespaced else ""
    return msgspec.structs.replace(metadata, namespace=namespace)


def _string_data_merged(obj: KubernetesObject) -> KubernetesObject:
    """`stringData` overwrites `data` and is not kept.

    https://kubernetes.io/docs/concepts/configuration/secret/#restriction-names-data
    """
    if not isinstance(obj, Secret) or not obj.string_data:
        return obj
    encoded = {key: base64.b64encode(text.encode()).decode("ascii") for key, text in obj.string_data.items()}
    return msgspec.structs.replace(obj, data=obj.data | encoded, string_data={})


def _rejected(kind: Kind | None, document: object, problems: tuple[Problem, ...]) -> Rejected:
    root = document if isinstance(document, Mapping) else {}
    metadata = root.get("metadata")
    place = metadata if isinstance(metadata, Mapping) else {}
    return Rejected(
        kind=kind,
        api_version=_text(root.get("apiVersion")),
        kind_name=_text(root.get("kind")) or (kind.kind if kind else ""),
        namespace=_text(place.get("namespace")),
        name=_text(place.get("name")),
        problems=problems[:MAX_PROBLEMS],
    )


def _text(value: object) -> str:
    return value[:253].encode(errors="replace").decode() if isinstance(value, str) else ""
