"""Which EnvoyProxy of Envoy Gateway counts for a Gateway: that which it names, or its class does.

https://gateway.envoyproxy.io/docs/tasks/operations/customize-envoyproxy/
"""

from typing import NamedTuple

from gatewayd.api.envoy_gateway.objects import EnvoyProxy
from gatewayd.api.gateway import Gateway
from gatewayd.api.gatewayclass import GatewayClass
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey, Problem
from gatewayd.incremental.view import View, rescued_query
from gatewayd.translator.envoy_gateway.proxies import TakenProxy, proxy_settings, with_class

_OWN, _OF_CLASS = "spec.infrastructure.parametersRef", "spec.parametersRef"


class ProxyInForce(NamedTuple):
    """An EnvoyProxy, where it is named (`path`, of the Gateway or of its class), and what it comes to."""

    key: ObjectKey
    path: str
    taken: TakenProxy


def _failed(
    _view: View, _gateway: ObjectKey, _error: Exception, before: ProxyInForce | None
) -> ProxyInForce | None:  # fmt: skip
    """Keep what was told before: no request waits for what gatewayd fails on."""
    return before


@rescued_query(_failed)
def envoy_proxy(view: View, gateway: ObjectKey) -> ProxyInForce | None:
    """Return the EnvoyProxy of a Gateway, merged into that of its class where it asks for that; None without one."""
    row = view.get(Gateway, gateway)
    if row is None:
        return None
    of_class = _named_by_class(view, row.spec.gateway_class_name)
    ref = row.spec.infrastructure.parameters_ref if row.spec.infrastructure is not None else None
    is_own = ref is not None and ref.group_kind == BY_STRUCT[EnvoyProxy].group_kind
    own = view.get(EnvoyProxy, ObjectKey(gateway.namespace, ref.name)) if ref is not None and is_own else None
    if own is None:
        return _in_force(of_class, _OF_CLASS)
    spec = with_class(of_class.spec, own.spec) if of_class is not None else own.spec
    return ProxyInForce(own.metadata.key, _OWN, proxy_settings(spec, gateway.namespace))


def _named_by_class(view: View, name: str) -> EnvoyProxy | None:
    row = view.get(GatewayClass, ObjectKey("", name))
    ref = row.spec.parameters_ref if row is not None else None
    if ref is None or ref.group_kind != BY_STRUCT[EnvoyProxy].group_kind:
        return None
    return view.get(EnvoyProxy, ObjectKey(ref.namespace or "", ref.name))


def _in_force(row: EnvoyProxy | None, path: str) -> ProxyInForce | None:
    return (
        None if row is None else ProxyInForce(row.metadata.key, path, proxy_settings(row.spec, row.metadata.namespace))
    )


def class_problems(view: View, name: str) -> tuple[str, ...]:
    """Return what of the EnvoyProxy of a class is left out, each with its path."""
    in_force = _in_force(_named_by_class(view, name), _OF_CLASS)
    return () if in_force is None else told(in_force, in_force.taken.refused)


def told(in_force: ProxyInForce, problems: tuple[Problem, ...]) -> tuple[str, ...]:
    """Return problems as the object says them that names the EnvoyProxy."""
    kind = BY_STRUCT[EnvoyProxy].kind
    return tuple(f'{in_force.path}: {kind} "{in_force.key}": {each}; left out' for each in problems)
