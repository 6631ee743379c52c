"""Which EnvoyProxy of Envoy Gateway counts for a Gateway: that which it names, or its class does.

https://gateway.envoyproxy.io/docs/tasks/operations/customize-envoyproxy/
"""

from typing import NamedTuple

from gatewayd.api.envoy_gateway.objects import EnvoyProxy
from gatewayd.api.gateway import Gateway
from gatewayd.api.gatewayclass import GatewayClass
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey, Problem
from gatewayd.incremental.view import View, query, rescued_query
from gatewayd.translator.envoy_gateway.proxies import TakenProxy, proxy_settings, with_class
from gatewayd.translator.parameters.named_proxies import named_proxy

_OWN, _OF_CLASS = "spec.infrastructure.parametersRef", "spec.parametersRef"


class ProxyInForce(NamedTuple):
    """An EnvoyProxy, where it is named (`path`, of the Gateway or of its class), and what it comes to."""

    key: ObjectKey
    path: str
    taken: TakenProxy


def _failed(_view: View, _key: ObjectKey, _error: Exception, before: ProxyInForce | None) -> ProxyInForce | None:
    """Keep what was told before: no request waits for what gatewayd fails on."""
    return before


@rescued_query(_failed)
def envoy_proxy(view: View, gateway: ObjectKey) -> ProxyInForce | None:
    """Return the EnvoyProxy of a Gateway, merged into that of its class where it asks for that; None without one."""
    row = view.get(Gateway, gateway)
    if row is None:
        return None
    ref = row.spec.infrastructure.parameters_ref if row.spec.infrastructure is not None else None
    own = named_proxy(view, ref, gateway.namespace)
    if own is None:
        return class_envoy_proxy(view, row.spec.gateway_class_name)
    of_class = _named_by_class(view, row.spec.gateway_class_name)
    spec = with_class(of_class.spec, own.spec) if of_class is not None else own.spec
    return ProxyInForce(own.metadata.key, _OWN, proxy_settings(spec, gateway.namespace))


def _named_by_class(view: View, name: str) -> EnvoyProxy | None:
    row = view.get(GatewayClass, ObjectKey("", name))
    ref = row.spec.parameters_ref if row is not None else None
    return named_proxy(view, ref, ref.namespace or "") if ref is not None else None


@query
def class_envoy_proxy(view: View, name: str) -> ProxyInForce | None:
    """Return the EnvoyProxy of a class, read once for all its Gateways that have none of their own."""
    row = _named_by_class(view, name)
    if row is None:
        return None
    return ProxyInForce(row.metadata.key, _OF_CLASS, proxy_settings(row.spec, row.metadata.namespace))


def class_problems(view: View, name: str) -> tuple[str, ...]:
    """Return what of the EnvoyProxy of a class is left out, each with its path."""
    in_force = class_envoy_proxy(view, name)
    return () if in_force is None else told(in_force, in_force.taken.refused)


def told(in_force: ProxyInForce, problems: tuple[Problem, ...]) -> tuple[str, ...]:
    """Return problems as the object says them that names the EnvoyProxy."""
    kind = BY_STRUCT[EnvoyProxy].kind
    return tuple(f'{in_force.path}: {kind} "{in_force.key}": {each}; left out' for each in problems)
