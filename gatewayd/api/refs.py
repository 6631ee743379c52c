"""How Gateway API objects point at each other; defaults are the CRDs'.

An absent `namespace` means the namespace of the object that holds the reference and stays None here, because the
API's own uniqueness rules compare what was written.
https://gateway-api.sigs.k8s.io/reference/spec/#parentreference
"""

from functools import lru_cache
from typing import ClassVar

from gatewayd.api.meta import GroupKind, Shape
from gatewayd.api.scalars import Group, KindName, NamespaceName, ObjectName, PortNumber, SectionName, Weight

GATEWAY_GROUP = "gateway.networking.k8s.io"
INGRESS_GROUP = "networking.k8s.io"
EXPERIMENTAL_GROUP = "gateway.networking.x-k8s.io"

_group_kind = lru_cache(maxsize=256)(GroupKind)
"""Make a GroupKind: the one that thousands of references have in common."""


class ParentGatewayRef(Shape, frozen=True, kw_only=True):
    """The Gateway that a ListenerSet extends."""

    group: Group = GATEWAY_GROUP
    kind: KindName = "Gateway"
    name: ObjectName
    namespace: NamespaceName | None = None

    @property
    def group_kind(self) -> GroupKind:
        """What kind of object this points at."""
        return _group_kind(self.group, self.kind)


class ParentRef(ParentGatewayRef, frozen=True, kw_only=True):
    """The Gateway, ListenerSet or other parent that a route wants to attach to."""

    section_name: SectionName | None = None
    port: PortNumber | None = None


class BackendObjectRef(Shape, frozen=True, kw_only=True):
    """Where a request goes, without a weight (mirrors, external authorisation).

    `written_in`: the kind that has the reference where that is not the kind that it is read as; grants are for it.
    """

    written_in: ClassVar[GroupKind | None] = None
    group: Group = ""
    kind: KindName = "Service"
    name: ObjectName
    namespace: NamespaceName | None = None
    port: PortNumber | None = None

    @property
    def group_kind(self) -> GroupKind:
        """What kind of object this points at."""
        return _group_kind(self.group, self.kind)


class BackendRef(BackendObjectRef, frozen=True, kw_only=True):
    """Where a share of the traffic goes; the share is `weight` over the sum of the rule's weights."""

    weight: Weight = 1


class SecretObjectRef(Shape, frozen=True, kw_only=True):
    """A Secret (or another kind) that holds a certificate with its key."""

    group: Group = ""
    kind: KindName = "Secret"
    name: ObjectName
    namespace: NamespaceName | None = None

    @property
    def group_kind(self) -> GroupKind:
        """What kind of object this points at."""
        return _group_kind(self.group, self.kind)


class LocalObjectRef(Shape, frozen=True, kw_only=True):
    """An object in the namespace of the one that refers to it."""

    group: Group
    kind: KindName
    name: ObjectName

    @property
    def group_kind(self) -> GroupKind:
        """What kind of object this points at."""
        return _group_kind(self.group, self.kind)


class ObjectRef(LocalObjectRef, frozen=True, kw_only=True):
    """An object of any namespace, for kinds without a default (CA bundles, parameters of a class)."""

    namespace: NamespaceName | None = None


class PolicyTargetRef(LocalObjectRef, frozen=True, kw_only=True):
    """What a policy applies to: a whole object of its own namespace."""


class PolicyTargetRefWithSection(PolicyTargetRef, frozen=True, kw_only=True):
    """What a policy applies to: an object of its own namespace, or one section (Service port, listener) of it."""

    section_name: SectionName | None = None
