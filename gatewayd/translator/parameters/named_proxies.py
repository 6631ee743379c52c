"""EnvoyProxies of Envoy Gateway where a `parametersRef` names one, in the place of a ConfigMap of ours."""

from gatewayd.api.envoy_gateway.objects import EnvoyProxy
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.api.refs import LocalObjectRef
from gatewayd.incremental.view import View


def named_proxy(view: View, ref: LocalObjectRef | None, namespace: str) -> EnvoyProxy | None:
    """Return the EnvoyProxy that a reference leads to; None where it names another kind, or one that is not there."""
    if ref is None or ref.group_kind != BY_STRUCT[EnvoyProxy].group_kind:
        return None
    return view.get(EnvoyProxy, ObjectKey(namespace, ref.name))
