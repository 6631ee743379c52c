"""What a cluster must run for a Gateway.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewayinfrastructure
"""

from dataclasses import replace
from typing import NamedTuple

from gatewayd.api.core import ConfigMap
from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.api.refs import LocalObjectRef
from gatewayd.incremental.view import Member, Output, Source, View, query, rescued_query
from gatewayd.ir.http import PerHostTables
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
from gatewayd.ir.per_host_record import recorded
from gatewayd.translator import verdicts
from gatewayd.translator.contents import Content, missing
from gatewayd.translator.environment import environment
from gatewayd.translator.gateways.gatewayclass import class_is_missing, gateway_is_ours, has_infrastructure
from gatewayd.translator.gateways.routability import CLUSTER, inside_only
from gatewayd.translator.infrastructure.class_parameters import (
    CLOSED,
    CONFIGMAP_KIND,
    BadClassParameters,
    ClassParameters,
    beyond,
    class_parameters,
    within,
)
from gatewayd.translator.infrastructure.parameters import read_parameters
from gatewayd.translator.infrastructure.privileges import withheld
from gatewayd.translator.proxies.filter_chains import bound_port, ports
from gatewayd.translator.rescues import blame

PATH = "spec.infrastructure.parametersRef"


class Chosen(NamedTuple):
    """The parameters of a Gateway, and the bad Accepted verdict when they cannot be had."""

    parameters: Parameters
    refused: Verdict | None


def _unread(_view: View, _gateway: ObjectKey, error: Exception, _before: Chosen | None) -> Chosen:
    return Chosen(DEFAULT_PARAMETERS, verdicts.not_accepted("InvalidParameters", blame(PATH, error)))


@rescued_query(_unread)
def chosen_parameters(view: View, gateway: ObjectKey) -> Chosen:
    """Return what a Gateway's class and the ConfigMap that it names come to; the class's beside a verdict if wrong."""
    row = view.get(Gateway, gateway)
    of_class = _of_class(view, row)
    ref = row.spec.infrastructure.parameters_ref if row is not None and row.spec.infrastructure else None
    if ref is None:
        return Chosen(of_class.defaults, None)
    read = _own_parameters(view, ObjectKey(gateway.namespace, ref.name), ref, of_class)
    if isinstance(read, Parameters):
        return Chosen(read, None)
    return Chosen(of_class.defaults, verdicts.not_accepted("InvalidParameters", f"{PATH}: {read}"))


def _of_class(view: View, row: Gateway | None) -> ClassParameters:
    """Return the parameters of a Gateway's class: while they cannot be read, nobody chooses anything."""
    found = class_parameters(view, row.spec.gateway_class_name if row is not None else "")
    if isinstance(found, BadClassParameters):
        return ClassParameters(defaults=DEFAULT_PARAMETERS, bounds=CLOSED)
    return found


def _own_parameters(view: View, key: ObjectKey, ref: LocalObjectRef, of_class: ClassParameters) -> Parameters | str:
    if ref.group_kind != CONFIGMAP_KIND:
        return f"kind {ref.group_kind} is not supported; allowed: ConfigMap"
    found = view.get(ConfigMap, key)
    if found is None:
        return missing(view, Content("ConfigMap", key))
    read = read_parameters(found.data, of_class.defaults)
    if not isinstance(read, Parameters):
        return f'ConfigMap "{key}": {"; ".join(read)}'
    # Without a cluster nothing runs by them.
    problems = () if environment(view).standalone else beyond(read, of_class)
    return f'ConfigMap "{key}": {"; ".join(problems)}' if problems else within(read, of_class.defaults)


@query
def held_back(view: View, gateway: ObjectKey) -> str | None:
    """Return why what runs for a Gateway of ours stays as it is, though nothing is wrong with the Gateway itself."""
    row = view.get(Gateway, gateway)
    if row is None or environment(view).standalone:
        return None
    name = row.spec.gateway_class_name
    if class_is_missing(view, gateway):
        return f'spec.gatewayClassName: GatewayClass "{name}" does not exist'
    of_class = class_parameters(view, name)
    if isinstance(of_class, BadClassParameters) and has_infrastructure(view, gateway):
        return f'spec.gatewayClassName: GatewayClass "{name}": {of_class.why}'
    return None


@query
def withheld_keys(view: View, gateway: ObjectKey) -> tuple[str, ...]:
    """Return the labels and annotations of `spec.infrastructure` that reach no pod and no ServiceAccount, sorted."""
    row = view.get(Gateway, gateway)
    own = row.spec.infrastructure if row is not None else None
    if own is None or environment(view).standalone:
        return ()
    return withheld((*own.labels, *own.annotations), _of_class(view, row).bounds.annotations)


@query
def infrastructure(view: View, member: Member) -> Provision | None:
    """Return what must run for a Gateway, or that what runs stays; None when it is not ours.

    What was made is kept for as long as the Gateway is ours: an address that is given back does not return, so no
    mistake in a manifest takes it away.
    """
    row = view.get(Gateway, member.key)
    if row is None or environment(view).standalone or not gateway_is_ours(view, row.metadata.key):
        return None
    key = row.metadata.key
    held = held_back(view, key)
    if held is not None:
        return _kept(row, held)
    chosen = chosen_parameters(view, key)
    if chosen.refused is not None:
        return _kept(row, chosen.refused.message)
    return _wanted(view, row, chosen.parameters) if ports(view, key) else _kept(row, "spec.listeners: none is valid")


def _kept(row: Gateway, reason: str) -> Keep:
    return Keep(
        namespace=row.metadata.namespace,
        name=row.metadata.name,
        uid=row.metadata.uid,
        labels=_labels(row),
        reason=reason,
    )


def _wanted(view: View, row: Gateway, parameters: Parameters) -> Infrastructure:
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
            for each in ports(view, row.metadata.key)
        ),
        annotations=tuple(sorted(own.annotations.items())) if own else (),
        withheld=withheld_keys(view, row.metadata.key),
        addresses=tuple(each.value for each in row.spec.addresses if each.value and each.routability != CLUSTER),
        per_host=_per_host(view, row.metadata.key),
        parameters=_inside(parameters) if inside_only(row.spec.addresses) else parameters,
    )


def _per_host(view: View, gateway: ObjectKey) -> str:
    row = view.get(PerHostTables, gateway)
    return recorded(row.tables) if row is not None else ""


def _labels(row: Gateway) -> Pairs:
    own = row.spec.infrastructure
    return tuple(sorted(own.labels.items())) if own else ()


def _inside(parameters: Parameters) -> Parameters:
    """Ask for a Service that nobody outside can reach: no address but the cluster's own is wanted."""
    return replace(parameters, service_type="ClusterIP")


INFRASTRUCTURE = Output(name="infrastructure", sources=(Source(table=Gateway, query=infrastructure),))
