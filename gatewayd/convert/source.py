"""One object that is to be converted: its document, and the struct that it is read as.

Nothing raises: what cannot be read is the problems that it has.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from gatewayd.api.decode import DEFAULT_NAMESPACE, read_as
from gatewayd.api.meta import KubernetesObject, ObjectKey, Problem
from gatewayd.manifests.documents import Document, Place
from gatewayd.manifests.foreign import written_key

Struct = TypeVar("Struct", bound=KubernetesObject)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceObject:
    """An object as it was written; `key` has the namespace that it goes into."""

    group: str
    version: str
    kind: str
    key: ObjectKey
    value: Mapping[str, object]
    place: Place

    @property
    def name(self) -> str:
        """Its kind, namespace and name."""
        return f"{self.kind} {self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSource:
    """Why an object cannot be read."""

    problems: tuple[Problem, ...]


def source_object(document: Document) -> SourceObject | None:
    """Return a document as an object, whose version is "" where it does not say it; None for one without a name."""
    api_version, kind = document.value.get("apiVersion", ""), document.value.get("kind")
    key = written_key(document.value)
    if not (isinstance(api_version, str) and isinstance(kind, str) and key.name):
        return None
    group, _, version = api_version.rpartition("/")
    placed = ObjectKey(key.namespace or DEFAULT_NAMESPACE, key.name)
    return SourceObject(group=group, version=version, kind=kind, key=placed, value=document.value, place=document.place)


def read(source: SourceObject, struct: type[Struct]) -> Struct | NoSource:
    """Read an object as a struct."""
    obj = read_as(source.value, struct)
    return NoSource(problems=obj) if isinstance(obj, tuple) else obj
