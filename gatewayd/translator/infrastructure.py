"""What a cluster must run for a Gateway.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewayinfrastructure
"""

from dataclasses import replace
from typing import NamedTuple

from gatewayd.api.core import ConfigMap
from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.incremental.view import Member, Output, Source, View, query
from gatewayd.ir.infrastructure import (
    DEFAULT_PARAMETERS,
    Infrastructure,
    Keep,
    Pairs,
    Parameters,
    Provision,
    ServicePort,
    service_port_name,
)
from gatewayd.ir.outcome import Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.chains import bound_port, ports
from gatewayd.translator.gatewayclass import environment, gateway_is_ours
from gatewayd.translator.listeners import PortKey
from gatewayd.translator.parameters import read_parameters
from gatewayd.translator.routability import CLUSTER, inside_only

CONFIGMAP_KIND = GroupKind("", "ConfigMap")
PATH = "spec.infrastructure.parametersRef"


class Chosen(NamedTuple):
    """The parameters of a Gateway, and the bad Accepted verdict when they cannot be had."""

    parameters: Parameters
    refused: Verdict | None


@query
def chosen_parameters(view: View, gateway: ObjectKey) -> Chosen:
    """Return the parameters that a Gateway names; the defaults beside a verdict when they are wrong."""
    row = view.get(Gateway, gateway)
    ref = row.spec.infrastructure.parameters_ref if row is not None and row.spec.infrastructure else None
    if ref is None:
        return Chosen(DEFAULT_PARAMETERS, None)
    if ref.group_kind != CONFIGMAP_KIND:
        return _refused(f"kind {ref.group_kind} is not supported; allowed: ConfigMap")
    found = view.get(ConfigMap, ObjectKey(gateway.namespace, ref.name))
    if found is None:
        return _refused(f'ConfigMap "{gateway.namespace}/{ref.name}" does not exist')
    read = read_parameters(found.data)
    if isinstance(read, Parameters):
        return Chosen(read, None)
    return _refused(f'ConfigMap "{gateway.namespace}/{ref.name}": {"; ".join(read)}')


def _refused(message: str) -> Chosen:
    return Chosen(DEFAULT_PARAMETERS, verdicts.not_accepted("InvalidParameters", f"{PATH}: {message}"))


@query
def infrastructure(view: View, member: Member) -> Provision | None:
    """Return what must run for a Gateway, or that what runs stays; None when it is not ours.

    What was made is kept for as long as the Gateway is ours: an address that is given back does not return, so no
    mistake in a manifest takes it away.
    """
    row = view.get(Gateway, member.key)
    if row is None or environment(view).standalone or not gateway_is_ours(view, row.metadata.key):
        return None
    chosen = chosen_parameters(view, row.metadata.key)
    if chosen.refused is not None:
        return _kept(row, chosen.refused.message)
    found = ports(view, row.metadata.key)
    return _wanted(view, row, chosen.parameters, found) if found else _kept(row, "spec.listeners: none is valid")


def _kept(row: Gateway, reason: str) -> Keep:
    return Keep(
        namespace=row.metadata.namespace,
        name=row.metadata.name,
        uid=row.metadata.uid,
        labels=_labels(row),
        reason=reason,
    )


def _wanted(view: View, row: Gateway, parameters: Parameters, found: tuple[PortKey, ...]) -> Infrastructure:
    own = row.spec.infrastructure
    return Infrastructure(
        namespace=row.metadata.namespace,
        name=row.metadata.name,
        uid=row.metadata.uid,
        labels=_labels(row),
        ports=tuple(
            ServicePort(
                name=service_port_name(each.transport, each.port),
                port=each.port,
                target=bound_port(view, each.port),
                transport=each.transport.upper(),
            )
            for each in found
        ),
        annotations=tuple(sorted(own.annotations.items())) if own else (),
        addresses=tuple(each.value for each in row.spec.addresses if each.value and each.routability != CLUSTER),
        parameters=_inside(parameters) if inside_only(row.spec.addresses) else parameters,
    )


def _labels(row: Gateway) -> Pairs:
    own = row.spec.infrastructure
    return tuple(sorted(own.labels.items())) if own else ()


def _inside(parameters: Parameters) -> Parameters:
    """Ask for a Service that nobody outside can reach: no address but the cluster's own is wanted."""
    return replace(parameters, service_type="ClusterIP")


INFRASTRUCTURE = Output(name="infrastructure", sources=(Source(table=Gateway, query=infrastructure),))
