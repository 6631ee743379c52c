"""What a cluster must run for a Gateway.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewayinfrastructure
"""

from collections.abc import Iterator
from dataclasses import replace

from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Member, Output, Source, View, query
from gatewayd.ir.http import PerHostTables
from gatewayd.ir.infrastructure import (
    GatewayServicePort,
    Infrastructure,
    Keep,
    Pairs,
    Parameters,
    Provision,
    service_port_name,
)
from gatewayd.ir.per_host_record import recorded
from gatewayd.own_group import manager
from gatewayd.translator.environment import environment
from gatewayd.translator.gateways.gatewayclass import class_is_missing, gateway_is_ours, has_infrastructure
from gatewayd.translator.gateways.node_network import taken_nodes
from gatewayd.translator.gateways.routability import CLUSTER, inside_only
from gatewayd.translator.gateways.served import not_served
from gatewayd.translator.parameters.chosen import chosen_parameters, parameters_of_class
from gatewayd.translator.parameters.class_parameters import (
    BadClassParameters,
    class_parameters,
)
from gatewayd.translator.parameters.privileges import withheld
from gatewayd.translator.proxies.filter_chains import bound_port, ports, speaks_http3


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
    return withheld((*own.labels, *own.annotations), parameters_of_class(view, row).bounds.annotations)


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
    held = not_served(view, key) or held_back(view, key)
    if held is not None:
        return _kept(view, row, held)
    chosen = chosen_parameters(view, key)
    if chosen.refused is not None:
        return _kept(view, row, chosen.refused.message)
    taken = taken_nodes(view, key)
    if taken is not None:
        return _kept(view, row, taken)
    return (
        _wanted(view, row, chosen.parameters) if ports(view, key) else _kept(view, row, "spec.listeners: none is valid")
    )


def _kept(view: View, row: Gateway, reason: str) -> Keep:
    return Keep(
        namespace=row.metadata.namespace,
        name=row.metadata.name,
        uid=row.metadata.uid,
        labels=_labels(row),
        manager=manager(environment(view).controller),
        reason=reason,
    )


def _wanted(view: View, row: Gateway, parameters: Parameters) -> Infrastructure:
    own = row.spec.infrastructure
    return Infrastructure(
        namespace=row.metadata.namespace,
        name=row.metadata.name,
        uid=row.metadata.uid,
        labels=_labels(row),
        manager=manager(environment(view).controller),
        ports=tuple(_service_ports(view, row.metadata.key)),
        annotations=tuple(sorted(own.annotations.items())) if own else (),
        withheld=withheld_keys(view, row.metadata.key),
        addresses=tuple(each.value for each in row.spec.addresses if each.value and each.routability != CLUSTER),
        per_host=_per_host(view, row.metadata.key),
        parameters=_inside(parameters) if inside_only(row.spec.addresses) else parameters,
        listens_at=environment(view).address,
    )


def _service_ports(view: View, gateway: ObjectKey) -> Iterator[GatewayServicePort]:
    """Yield the ports of the Service; one of HTTP/3 is there twice, by TCP and by UDP."""
    for each in ports(view, gateway):
        kinds = [(each.transport, each.transport.upper()), *([("quic", "UDP")] if speaks_http3(view, each) else [])]
        for kind, transport in kinds:
            yield GatewayServicePort(
                name=service_port_name(kind, each.port),
                port=each.port,
                target=bound_port(view, each.port),
                transport=transport,
            )


def _per_host(view: View, gateway: ObjectKey) -> str:
    row = view.get(PerHostTables, gateway)
    return recorded(row) if row is not None else ""


def _labels(row: Gateway) -> Pairs:
    own = row.spec.infrastructure
    return tuple(sorted(own.labels.items())) if own else ()


def _inside(parameters: Parameters) -> Parameters:
    """Ask for a Service that nobody outside can reach: no address but the cluster's own is wanted."""
    return replace(parameters, service_type="ClusterIP")


INFRASTRUCTURE = Output(name="infrastructure", sources=(Source(table=Gateway, query=infrastructure),))
