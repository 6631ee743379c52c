"""Whether there is a mesh: without one, Services as parents are another controller's.

https://gateway-api.sigs.k8s.io/geps/gep-3949/
"""

from typing import Final

from gatewayd.api.meta import ObjectKey
from gatewayd.api.xmesh import XMesh
from gatewayd.incremental.view import Index, Member, View, query, rows, ungrouped
from gatewayd.ir.environment import HERE, Meshed
from gatewayd.translator.environment import environment

MESH: Final = ObjectKey("", "mesh")
"""Stands where a Gateway stands that proxies are for. No Gateway has this key: each is in a namespace."""

MESHES = Index(
    name="meshes_by_controller",
    sources=(rows(XMesh, lambda row: [row.spec.controller_name]),),
    group=ungrouped,
)

MESHED: Final = (XMesh, Meshed)
"""The tables whose rows alone make somebody look at Services as parents."""


def own_mesh(view: View, member: Member) -> XMesh | None:
    """Return an XMesh that is ours; None where it is another controller's."""
    row = view.get(XMesh, member.key)
    return row if row is not None and row.spec.controller_name == environment(view).controller else None


@query
def mesh_is_ours(view: View, member: Member) -> bool:
    """Return whether an XMesh is ours, and can be had as it is written: there are no parameters."""
    row = own_mesh(view, member)
    return row is not None and row.spec.parameters_ref is None


@query
def mesh_is_on(view: View, _: tuple[()]) -> bool:
    """Return whether routes may have Services as parents."""
    if view.get(Meshed, HERE) is not None:
        return True
    return any(mesh_is_ours(view, each) for each in view.bucket(MESHES, environment(view).controller))
