"""ListenerSet: listeners that another team adds to a Gateway.

https://gateway-api.sigs.k8s.io/reference/spec/#listenerset
"""

from gatewayd.api.listeners import Listeners
from gatewayd.api.meta import KubernetesObject, ObjectKey, Shape
from gatewayd.api.refs import ParentGatewayRef


class ListenerSetSpec(Shape, frozen=True, kw_only=True):
    """The Gateway to extend and the listeners to add."""

    parent_ref: ParentGatewayRef
    listeners: Listeners


class ListenerSet(KubernetesObject, frozen=True, kw_only=True):
    """Listeners beside those of the Gateway itself."""

    spec: ListenerSetSpec

    @property
    def parent(self) -> ObjectKey:
        """What `spec.parentRef` names, of whichever kind."""
        ref = self.spec.parent_ref
        return ObjectKey(ref.namespace or self.metadata.namespace, ref.name)
