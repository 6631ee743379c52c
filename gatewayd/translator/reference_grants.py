"""ReferenceGrant: who may point across namespaces. One function, asked for every reference there is.

https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant
"""

from typing import NamedTuple

from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.api.referencegrant import ReferenceGrant, ReferenceGrantFrom, ReferenceGrantTo
from gatewayd.incremental.view import Index, View, rows

GRANTS = Index(
    name="grants_by_namespace",
    sources=(rows(ReferenceGrant, lambda grant: [grant.metadata.namespace]),),
    group=lambda namespace: namespace,
)


class Pointer(NamedTuple):
    """A reference: from objects of a kind in a namespace, to one object."""

    source: GroupKind
    namespace: str
    target: GroupKind
    to: ObjectKey


def permitted(view: View, pointer: Pointer) -> bool:
    """Return whether the reference may be followed: within a namespace always, else by a grant in the target's."""
    if pointer.namespace == pointer.to.namespace:
        return True
    for member in view.bucket(GRANTS, pointer.to.namespace):
        grant = view.get(ReferenceGrant, member.key)
        if grant is not None and _grants(grant, pointer):
            return True
    return False


def _grants(grant: ReferenceGrant, pointer: Pointer) -> bool:
    return any(_is_from(each, pointer) for each in grant.spec.from_) and any(
        _is_to(each, pointer) for each in grant.spec.to
    )


def _is_from(grant_from: ReferenceGrantFrom, pointer: Pointer) -> bool:
    return GroupKind(grant_from.group, grant_from.kind) == pointer.source and grant_from.namespace == pointer.namespace


def _is_to(grant_to: ReferenceGrantTo, pointer: Pointer) -> bool:
    return GroupKind(grant_to.group, grant_to.kind) == pointer.target and grant_to.name in (None, "", pointer.to.name)
