"""EnvoyProxies of Envoy Gateway where a `parametersRef` names one, in the place of a ConfigMap of ours."""

from gatewayd.api.envoy_gateway.objects import EnvoyProxy
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.api.refs import LocalObjectRef
from gatewayd.incremental.view import View


def named_key(ref: LocalObjectRef | None, namespace: str) -> ObjectKey | None:
    """Return which EnvoyProxy a reference names; None where it names another kind."""
    is_theirs = ref is not None and ref.group_kind == BY_STRUCT[EnvoyProxy].group_kind
    return ObjectKey(namespace, ref.name) if ref is not None and is_theirs else None


def named_proxy(view: View, ref: LocalObjectRef | None, namespace: str) -> EnvoyProxy | None:
    """Return the EnvoyProxy that a reference leads to; None where it names another kind, or one that is not there."""
    key = named_key(ref, namespace)
    return None if key is None else view.get(EnvoyProxy, key)
