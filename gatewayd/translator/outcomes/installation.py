"""Whether this installation serves anything: of what is any number of installations' it says nothing otherwise."""

from gatewayd.api.gatewayclass import GatewayClass
from gatewayd.api.ingressclass import IngressClass
from gatewayd.incremental.view import Index, View, query, rows, ungrouped
from gatewayd.own_group import ingress_controller
from gatewayd.translator.environment import environment
from gatewayd.translator.mesh.meshes import mesh_is_on

CLASSES = Index(
    name="classes_by_controller",
    sources=(
        rows(GatewayClass, lambda row: [row.spec.controller_name]),
        rows(IngressClass, lambda row: [row.spec.controller]),
    ),
    group=ungrouped,
)


@query
def serves(view: View, _: tuple[()]) -> bool:
    """Return whether there is a class of ours, or a mesh."""
    controller = environment(view).controller
    names = (controller, ingress_controller(controller))
    return any(view.count(CLASSES, each) for each in names) or mesh_is_on(view, ())
