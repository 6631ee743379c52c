"""GatewayClass: which classes, and so which Gateways, are ours.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclass
"""

from gatewayd.api.gateway import Gateway
from gatewayd.api.gatewayclass import GatewayClass
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, Member, View, query, rows, ungrouped
from gatewayd.ir.environment import CONTROLLER, HERE, Environment
from gatewayd.ir.outcome import GatewayClassOutcome, Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.features import SUPPORTED_FEATURES

DEFAULT_ENVIRONMENT = Environment(
    controller=CONTROLLER,
    address="0.0.0.0",  # noqa: S104 - the address is the pod's own
    loopback_backends=False,
    external_names=False,
    standalone=False,
    unprivileged_offset=0,
    route_discovery=None,
)

GATEWAYS_BY_CLASS = Index(
    name="gateways_by_class",
    sources=(rows(Gateway, lambda row: [row.spec.gateway_class_name]),),
    group=ungrouped,
)


def environment(view: View) -> Environment:
    """Return the Environment that was put into the store, or the one of a cluster."""
    return view.get(Environment, HERE) or DEFAULT_ENVIRONMENT


@query
def class_is_ours(view: View, name: str) -> bool:
    """Return whether the class of that name exists, names our controller, and asks for nothing we lack."""
    row = view.get(GatewayClass, ObjectKey("", name))
    return row is not None and row.spec.controller_name == environment(view).controller


@query
def gateway_is_ours(view: View, gateway: ObjectKey) -> bool:
    """Return whether we serve this Gateway."""
    row = view.get(Gateway, gateway)
    return row is not None and class_is_ours(view, row.spec.gateway_class_name)


@query
def gatewayclass_outcome(view: View, member: Member) -> GatewayClassOutcome | None:
    """Return what is said about a class; None when it is another controller's."""
    row = view.get(GatewayClass, member.key)
    if row is None or not class_is_ours(view, row.metadata.name):
        return None
    supported = Verdict(
        type="SupportedVersion", status=True, reason="SupportedVersion", message="the installed CRDs are understood"
    )
    if row.spec.parameters_ref is not None:
        refused = "spec.parametersRef: gatewayd takes no parameters on a class; set spec.infrastructure on the Gateway"
        first = verdicts.not_accepted("InvalidParameters", refused)
    else:
        first = verdicts.accepted()
    return GatewayClassOutcome(
        generation=row.metadata.generation,
        verdicts=(first, supported),
        features=SUPPORTED_FEATURES,
        in_use=view.count(GATEWAYS_BY_CLASS, row.metadata.name) > 0,
    )
