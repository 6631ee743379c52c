"""GatewayClass: which controller looks after the Gateways of a class.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclass
"""

from typing import Annotated

from msgspec import Meta

from gatewayd.api.meta import KubernetesObject, Shape
from gatewayd.api.refs import ObjectRef
from gatewayd.api.scalars import ControllerName


class GatewayClassSpec(Shape, frozen=True, kw_only=True):
    """The controller's name and, where the controller has them, its parameters."""

    controller_name: ControllerName
    description: Annotated[str, Meta(max_length=64)] | None = None
    parameters_ref: ObjectRef | None = None


class GatewayClass(KubernetesObject, frozen=True, kw_only=True):
    """A class of Gateways; cluster-scoped."""

    spec: GatewayClassSpec
