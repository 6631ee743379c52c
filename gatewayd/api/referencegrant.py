"""ReferenceGrant: who of other namespaces may point at objects of this one.

https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant
"""

from typing import Annotated

from msgspec import Meta

from gatewayd.api.meta import KubernetesObject, Shape
from gatewayd.api.scalars import Group, KindName, NamespaceName, ObjectName


class ReferenceGrantFrom(Shape, frozen=True, kw_only=True):
    """Objects that may point here."""

    group: Group
    kind: KindName
    namespace: NamespaceName


class ReferenceGrantTo(Shape, frozen=True, kw_only=True):
    """Objects that may be pointed at; without `name`, all of the kind."""

    group: Group
    kind: KindName
    name: ObjectName | None = None


class ReferenceGrantSpec(Shape, frozen=True, kw_only=True):
    """Every `from_` may point at every `to`."""

    from_: Annotated[tuple[ReferenceGrantFrom, ...], Meta(min_length=1, max_length=16)]
    to: Annotated[tuple[ReferenceGrantTo, ...], Meta(min_length=1, max_length=16)]


class ReferenceGrant(KubernetesObject, frozen=True, kw_only=True):
    """A ReferenceGrant."""

    spec: ReferenceGrantSpec
