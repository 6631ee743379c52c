"""What the API server does with an object before it is stored, done to the objects of files.

In: a document as read. Out: the typed object, or why there is none. The namespace is defaulted, what only a server
sets (status, generation, managedFields) is dropped, and a Namespace is labelled with its own name.
https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from msgspec import structs

from gatewayd.api.decode import DEFAULT_NAMESPACE, Decoded, decode
from gatewayd.api.kinds import BY_GROUP_KIND, KINDS, Kind
from gatewayd.api.meta import GroupKind, KubernetesObject, ObjectKey, Problem

NAME_LABEL: Final = "kubernetes.io/metadata.name"
"""https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name"""

_SERVER_SET: Final = frozenset({"generation", "resourceVersion", "uid", "managedFields", "selfLink"})
_BY_NAME: Final[Mapping[str, Kind]] = {kind.kind: kind for kind in KINDS}


class Identity(NamedTuple):
    """Which object: the name of its kind (unique among the kinds we read) and its key."""

    kind: str
    key: ObjectKey

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A good object; its generation is 1."""

    identity: Identity
    obj: KubernetesObject


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedObject:
    """A bad object; `identity` is None where the document does not even say which object it is."""

    identity: Identity | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """An object of a kind that gatewayd does not read; nothing is wrong with it."""

    what: str


def admit(document: Mapping[str, object]) -> Admitted | RefusedObject | Ignored:
    """Judge one document."""
    if not document.keys() & {"apiVersion", "kind", "metadata"}:
        return Ignored(what="a document without apiVersion, kind and metadata, which is no Kubernetes object,")
    api_version, name = document.get("apiVersion"), document.get("kind")
    for path, value in (("apiVersion", api_version), ("kind", name)):
        if not (isinstance(value, str) and value):
            return _refused(path, "is missing; every object has apiVersion, kind and metadata.name")
    group = str(api_version).rpartition("/")[0]
    kind = BY_GROUP_KIND.get(GroupKind(group, str(name)))
    if kind is not None:
        return _admit_kind(document, kind)
    known = _BY_NAME.get(str(name))
    if known is not None and group in {"", known.group.removeprefix("gateway.")}:
        return _refused("apiVersion", f'{name} is not in "{api_version}"; allowed is "{known.api_version}"')
    metadata = document.get("metadata")
    own_name = metadata.get("name", "") if isinstance(metadata, dict) else ""
    return Ignored(what=f"{name} {own_name} of {api_version}")


def with_generation(obj: KubernetesObject, generation: int) -> KubernetesObject:
    """Return `obj` with that metadata.generation."""
    return structs.replace(obj, metadata=structs.replace(obj.metadata, generation=generation))


def _admit_kind(document: Mapping[str, object], kind: Kind) -> Admitted | RefusedObject:
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        return _refused("metadata", "is missing; every object has metadata.name")
    name = metadata.get("name")
    if not (isinstance(name, str) and name):
        return _refused("metadata.name", "is missing; every object has a name (generateName is not read)")
    namespace = (metadata.get("namespace") or DEFAULT_NAMESPACE) if kind.namespaced else ""
    if not isinstance(namespace, str):
        return _refused("metadata.namespace", "is no text; only text is allowed")
    identity = Identity(kind.kind, ObjectKey(namespace, name))
    stored = {field: value for field, value in document.items() if field != "status"}
    stored["metadata"] = _stored_metadata(metadata, identity)
    result = decode(stored)
    if isinstance(result, Decoded):
        return Admitted(identity=identity, obj=result.obj)
    return RefusedObject(identity=identity, problems=result.problems)


def _stored_metadata(metadata: Mapping[str, object], identity: Identity) -> dict[str, object]:
    stored = {field: value for field, value in metadata.items() if value is not None and field not in _SERVER_SET}
    stored["namespace"] = identity.key.namespace
    stored["generation"] = 1
    if identity.kind == "Namespace":
        labels = stored.get("labels", {})
        if isinstance(labels, dict):
            stored["labels"] = {**labels, NAME_LABEL: identity.key.name}
    return stored


def _refused(path: str, message: str) -> RefusedObject:
    return RefusedObject(identity=None, problems=(Problem(path=path, message=message),))
