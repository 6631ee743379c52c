"""What every Kubernetes object has: its key, its metadata, and how a wire shape is written down.

Invariant: a struct of this package is immutable and holds only what gatewayd reads, so two decodings of objects that
differ elsewhere (managedFields, our own status) are equal values.
https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from msgspec import Struct, field


class ObjectKey(NamedTuple):
    """Which object of one kind; `namespace` is "" for a cluster-scoped one."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class GroupKind(NamedTuple):
    """A kind without its version; `group` is "" for the core group."""

    group: str
    kind: str

    def __str__(self) -> str:
        return f"{self.group}/{self.kind}" if self.group else self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with an object: the field path from the object's root, and what is wrong and what is allowed."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


Problems = Iterable[Problem]


class Shape(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """A wire shape: camelCase outside, snake_case inside, immutable, unknown fields ignored.

    Shapes are trees, so that the cycle collector need not visit them (`gc=False`).
    """


class ObjectMeta(Shape, frozen=True, kw_only=True):
    """The metadata that gatewayd reads.

    `creation_timestamp` and `deletion_timestamp` stay RFC 3339 text: the API server writes whole seconds in UTC, so
    that text order is time order.
    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
    """

    name: str = ""
    namespace: str = ""
    generation: int = 0
    creation_timestamp: str = ""
    deletion_timestamp: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    uid: str = ""

    @property
    def key(self) -> ObjectKey:
        """The key of the object that carries this metadata."""
        return ObjectKey(self.namespace, self.name)


class KubernetesObject(Shape, frozen=True, kw_only=True):
    """Any Kubernetes object: what `Kind.struct` is a type of."""

    metadata: ObjectMeta
