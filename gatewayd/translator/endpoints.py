"""EndpointSlices -> the addresses of one Service port.

https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions
"""

from collections.abc import Iterator
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from gatewayd.api.discovery import SERVICE_NAME_LABEL, EndpointSlice
from gatewayd.api.discovery import Endpoint as SliceEndpoint
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Attempt, Index, View, rescued_query, rows
from gatewayd.ir.backend import Endpoint
from gatewayd.translator.gatewayclass import environment

SLICES = Index(
    name="slices_by_service",
    sources=(
        rows(
            EndpointSlice,
            lambda row: (
                [ObjectKey(row.metadata.namespace, row.metadata.labels[SERVICE_NAME_LABEL])]
                if SERVICE_NAME_LABEL in row.metadata.labels
                else []
            ),
        ),
    ),
    group=lambda service: service,
)


class ServicePortKey(NamedTuple):
    """A port of a Service as its slices name it; `transport` is "TCP" or "UDP"."""

    service: ObjectKey
    port_name: str
    transport: str


class _Found(NamedTuple):
    address: str
    port: int
    ready: bool


def _nobody(
    _view: View, _port: ServicePortKey, _error: Exception, _before: tuple[Endpoint, ...] | None
) -> tuple[Endpoint, ...]:
    return ()


@rescued_query(_nobody)
def endpoints(view: View, port: ServicePortKey) -> tuple[Endpoint, ...]:
    """Return the endpoints of a Service port, sorted.

    Ready ones serve. Those that terminate but still serve are draining, unless nobody is ready: then they must do.
    """
    found = tuple(_found(view, port))
    anyone_ready = any(each.ready for each in found)
    draining = {(each.address, each.port): anyone_ready and not each.ready for each in sorted(found, key=_ready_last)}
    return tuple(
        Endpoint(address=address, port=number, draining=drains)
        for (address, number), drains in sorted(draining.items())
    )


def _ready_last(each: _Found) -> bool:
    return each.ready


def _found(view: View, port: ServicePortKey) -> Iterator[_Found]:
    for member in view.bucket(SLICES, port.service):
        row = view.get(EndpointSlice, member.key)
        if row is not None and row.address_type != "FQDN":
            yield from view.attempt(
                Attempt("endpoints of a slice", member.key), partial(_in_slice, view, port, row), _none
            )


def _in_slice(view: View, port: ServicePortKey, row: EndpointSlice) -> list[_Found]:
    loopback = environment(view).loopback_backends
    numbers = [
        each.port for each in row.ports if each.name == port.port_name and each.protocol == port.transport and each.port
    ]
    return [
        _Found(endpoint.addresses[0], number, ready)
        for endpoint in row.endpoints
        if (ready := endpoint.conditions.ready is not False) or _still_serves(endpoint)
        if _is_routable(endpoint.addresses[0], loopback=loopback)
        for number in numbers
    ]


def _none(_error: Exception) -> list[_Found]:
    """Leave out a slice that gatewayd fails on; those beside it serve."""
    return []


def _still_serves(endpoint: SliceEndpoint) -> bool:
    return bool(endpoint.conditions.serving) and bool(endpoint.conditions.terminating)


def _is_routable(address: str, *, loopback: bool) -> bool:
    """Refuse what would reach the proxy itself or its machine (reliability case S-12)."""
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if parsed.is_loopback:
        return loopback
    return not (parsed.is_link_local or parsed.is_unspecified or parsed.is_multicast)
