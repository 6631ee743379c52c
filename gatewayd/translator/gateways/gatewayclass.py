"""GatewayClass: which classes, and so which Gateways, are ours.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclass
"""

from gatewayd.api.core import Service
from gatewayd.api.gateway import MANAGED_BY, Gateway
from gatewayd.api.gatewayclass import GatewayClass
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, View, query, rows, ungrouped
from gatewayd.ir.infrastructure import object_name
from gatewayd.own_group import manager
from gatewayd.translator.environment import environment

GATEWAYS_BY_CLASS = Index(
    name="gateways_by_class",
    sources=(rows(Gateway, lambda row: [row.spec.gateway_class_name]),),
    group=ungrouped,
)


@query
def class_is_ours(view: View, name: str) -> bool:
    """Return whether the class of that name exists and names our controller."""
    row = view.get(GatewayClass, ObjectKey("", name))
    return row is not None and row.spec.controller_name == environment(view).controller


@query
def has_infrastructure(view: View, gateway: ObjectKey) -> bool:
    """Return whether something runs for a Gateway that was made by us: its Service, which carries our label."""
    service = view.get(Service, ObjectKey(gateway.namespace, object_name(gateway.namespace, gateway.name)))
    return service is not None and service.metadata.labels.get(MANAGED_BY) == manager(environment(view).controller)


@query
def class_is_missing(view: View, gateway: ObjectKey) -> bool:
    """Return whether we serve a Gateway whose class is gone.

    A class that was deleted, or has got another name, may come back with the next line of a manifest. A Gateway has
    left its class when it names another one that is there.
    """
    row = view.get(Gateway, gateway)
    if row is None or environment(view).standalone:
        return False
    gone = view.get(GatewayClass, ObjectKey("", row.spec.gateway_class_name)) is None
    return gone and has_infrastructure(view, gateway)


@query
def gateway_is_ours(view: View, gateway: ObjectKey) -> bool:
    """Return whether we serve this Gateway."""
    row = view.get(Gateway, gateway)
    if row is None:
        return False
    return class_is_ours(view, row.spec.gateway_class_name) or class_is_missing(view, gateway)
