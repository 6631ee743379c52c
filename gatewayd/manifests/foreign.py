"""Objects of kinds that gatewayd does not read, as far as it matters what they are for.

In: a document. Out: its name and the objects that its `targetRefs` name, since its author may rely on a policy that
nobody reads. https://gateway-api.sigs.k8s.io/geps/gep-713/
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gatewayd.api.decode import DEFAULT_NAMESPACE
from gatewayd.api.meta import ObjectKey


class ForeignTarget(NamedTuple):
    """An object that another one is for, by its `targetRefs`."""

    group: str
    kind: str
    key: ObjectKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """An object of another controller's kind: `targets` are the objects that it is for.

    `key` is as it is written: its namespace may be "".
    """

    group: str
    kind: str
    key: ObjectKey
    targets: tuple[ForeignTarget, ...]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}" if self.key.name else self.kind


def foreign_object(document: Mapping[str, object], group: str, kind: str) -> Foreign:
    """Return what is known of an object of a kind that is not read."""
    key = written_key(document)
    targets = tuple(_targets(document, key.namespace or DEFAULT_NAMESPACE))
    return Foreign(group=group, kind=kind, key=key, targets=targets)


def written_key(document: Mapping[str, object]) -> ObjectKey:
    """Return the name and namespace that a document gives itself, as far as they are text."""
    metadata = document.get("metadata")
    given = metadata if isinstance(metadata, dict) else {}
    namespace, name = given.get("namespace"), given.get("name")
    return ObjectKey(namespace if isinstance(namespace, str) else "", name if isinstance(name, str) else "")


def _targets(document: Mapping[str, object], namespace: str) -> Iterator[ForeignTarget]:
    spec = document.get("spec")
    given = spec if isinstance(spec, dict) else {}
    refs = given.get("targetRefs")
    for ref in (*(refs if isinstance(refs, list) else ()), given.get("targetRef")):
        if isinstance(ref, dict):
            group, kind, name, other = (ref.get(part) or "" for part in ("group", "kind", "name", "namespace"))
            if all(isinstance(part, str) for part in (group, kind, name, other)):
                yield ForeignTarget(group, kind, ObjectKey(other or namespace, name))
