"""XMesh: that a mesh runs, and whose. No route names one: their parents are Services.

https://gateway-api.sigs.k8s.io/geps/gep-3949/
"""

from typing import Annotated

from msgspec import Meta

from gatewayd.api.meta import KubernetesObject, Shape
from gatewayd.api.refs import ObjectRef
from gatewayd.api.scalars import ControllerName


class XMeshSpec(Shape, frozen=True, kw_only=True):
    """The controller's name and, where the controller has them, its parameters."""

    controller_name: ControllerName
    description: Annotated[str, Meta(max_length=64)] | None = None
    parameters_ref: ObjectRef | None = None


class XMesh(KubernetesObject, frozen=True, kw_only=True):
    """A mesh; cluster-scoped."""

    spec: XMeshSpec
