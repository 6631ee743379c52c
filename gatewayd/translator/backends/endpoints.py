"""EndpointSlices -> the addresses of one Service port.

https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions
"""

from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

from gatewayd.api.core import Service, ServiceSpec
from gatewayd.api.discovery import SERVICE_NAME_LABEL, EndpointPort, EndpointSlice, SliceEndpoint
from gatewayd.api.meta import ObjectKey
from gatewayd.api.serviceimport import ServiceImportSpec
from gatewayd.incremental.view import Attempt, Index, Member, View, query, rescued_query, rows
from gatewayd.ir.backend import Discovered, Endpoint
from gatewayd.translator.backends.destinations import address_problem
from gatewayd.translator.environment import environment


class ImportedName(NamedTuple):
    """A ServiceImport as slices name it: never equal to a Service of its name. `kind` is always the same."""

    kind: str
    namespace: str
    name: str


SliceOwner = ObjectKey | ImportedName


def _owners(row: EndpointSlice) -> list[SliceOwner]:
    owners: list[SliceOwner] = []
    if SERVICE_NAME_LABEL in row.metadata.labels:
        owners.append(ObjectKey(row.metadata.namespace, row.service_name))
    if row.import_name:
        owners.append(ImportedName("import", row.metadata.namespace, row.import_name))
    return owners


SLICES = Index(name="slices_by_service", sources=(rows(EndpointSlice, _owners),), group=lambda owner: owner)
"""By Service and by ServiceImport: one that stands for an import may have slices that are of both."""


FAMILIES: Final = frozenset({"IPv4", "IPv6"})
"""The types of addresses that endpoints may have."""


def slice_of(view: View, member: Member) -> EndpointSlice | None:
    """Return a slice of the index."""
    return view.get(EndpointSlice, member.key)


_NEAREST = frozenset({"PreferClose", "PreferSameZone", "PreferSameNode"})
"""The first is what the second was called before. All proxies of a Gateway have the same configuration, which knows of
zones and not of nodes; an endpoint on the same node is in the same zone.
https://kubernetes.io/docs/concepts/services-networking/service/#traffic-distribution
"""


def prefers_zone(spec: ServiceSpec | ServiceImportSpec) -> bool:
    """Return whether clients of a Service shall get endpoints of their own zone, as long as there are any."""
    return spec.traffic_distribution in _NEAREST


class ServicePortKey(NamedTuple):
    """A port of a Service as its slices name it; `transport` is "TCP" or "UDP". `by_zone`: tell zones apart.

    `family`: "IPv4" or "IPv6" for endpoints of that alone, "" for all.
    """

    service: SliceOwner
    port_name: str
    transport: str
    by_zone: bool = False
    family: str = ""


class _EndpointAddress(NamedTuple):
    address: str
    port: int
    ready: bool
    zone: str


def _nobody(
    _view: View, _port: ServicePortKey, _error: Exception, _before: tuple[Endpoint, ...] | None
) -> tuple[Endpoint, ...]:
    return ()


@rescued_query(_nobody)
def endpoints(view: View, port: ServicePortKey) -> tuple[Endpoint, ...]:
    """Return the endpoints of a Service port, sorted.

    Ready ones serve. Those that terminate but still serve are draining, unless nobody is ready: then they must do.
    They have zones when all of them have one: a share of the clients must not get nobody because some are not known.
    """
    addresses = tuple(_found(view, port))
    anyone_ready = any(each.ready for each in addresses)
    by_zone = port.by_zone and all(each.zone for each in addresses)
    merged = {(each.address, each.port): each for each in sorted(addresses, key=_ready_last)}
    return tuple(
        Endpoint(
            address=address,
            port=number,
            draining=anyone_ready and not each.ready,
            zone=each.zone if by_zone else "",
        )
        for (address, number), each in sorted(merged.items())
    )


def _ready_last(address: _EndpointAddress) -> bool:
    return address.ready


def _found(view: View, port: ServicePortKey) -> Iterator[_EndpointAddress]:
    for member in view.bucket(SLICES, port.service):
        row = view.get(EndpointSlice, member.key)
        if row is not None and row.address_type in ((port.family,) if port.family else FAMILIES):
            yield from view.attempt(
                Attempt("endpoints of a slice", member.key), partial(_in_slice, view, port, row), _none
            )


def _in_slice(view: View, port: ServicePortKey, row: EndpointSlice) -> list[_EndpointAddress]:
    loopback = environment(view).loopback_backends
    numbers = _numbers(view, port, row)
    return [
        _EndpointAddress(endpoint.addresses[0], number, ready, endpoint.clients_zone if port.by_zone else "")
        for endpoint in row.endpoints
        if (ready := endpoint.conditions.ready is not False) or _still_serves(endpoint)
        if not address_problem(endpoint.addresses[0], loopback=loopback)
        for number in numbers
    ]


def _none(_error: Exception) -> list[_EndpointAddress]:
    """Leave out a slice that gatewayd fails on; those beside it serve."""
    return []


def _numbers(view: View, port: ServicePortKey, row: EndpointSlice) -> list[int]:
    """Return the numbers under which a slice has a port of its Service."""
    listed = [each for each in row.ports if each.protocol == port.transport and each.port]
    own = [each.port for each in listed if each.name == port.port_name and each.port]
    return own or list(_under_another_name(view, port, listed))


def _under_another_name(view: View, port: ServicePortKey, listed: list[EndpointPort]) -> Iterator[int]:
    """Yield the number of a port that a slice knows under a name that the Service no longer has, or not yet.

    A port that gets another name is the same port, and the pods behind it have not changed; but the Service's event and
    those of its slices come one after another. Which is which is told by the port of the pods. Where that is a name,
    which slices do not have, the Service's order tells, which is that of its slices; more old names than new ones tell
    nothing. That is a function of what stands there now, so that all replicas agree.
    """
    service = view.get(Service, port.service) if isinstance(port.service, ObjectKey) else None
    ports = [each for each in service.spec.ports if each.protocol == port.transport] if service is not None else []
    names, known = {each.name for each in listed}, {each.name for each in ports}
    new = [each for each in ports if each.name not in names]
    targets = {each.name: each.target_port for each in new if isinstance(each.target_port, int) and each.target_port}
    old = [each.port for each in listed if each.name not in known and each.port]
    if port.port_name in targets:
        yield from (number for number in old if number == targets[port.port_name])
        return
    rest = [number for number in old if number not in targets.values()]
    unknown = [each.name for each in new if each.name not in targets]
    if len(rest) <= len(unknown):
        yield from (number for name, number in zip(unknown, rest, strict=False) if name == port.port_name)


def _still_serves(endpoint: SliceEndpoint) -> bool:
    return bool(endpoint.conditions.serving) and bool(endpoint.conditions.terminating)


@query
def families(view: View, owner: SliceOwner) -> frozenset[str]:
    """Return the families of addresses that a Service has slices of, also where nobody is in them."""
    rows_of = (slice_of(view, each) for each in view.bucket(SLICES, owner))
    return frozenset(row.address_type for row in rows_of if row is not None) & FAMILIES


@query
def left_out(view: View, piece: ObjectKey) -> tuple[str, ...]:
    """Return what of an EndpointSlice is never an endpoint, as `<field path>: <what is wrong>; <what is allowed>`."""
    row = view.get(EndpointSlice, piece)
    if row is None or not (row.service_name or row.import_name):
        return ()
    if row.address_type == "FQDN":
        return ("addressType: FQDN is not supported, its endpoints are left out; allowed: IPv4, IPv6",)
    loopback = environment(view).loopback_backends
    problems = (
        (f"endpoints[{at}].addresses[0]", address_problem(endpoint.addresses[0], loopback=loopback))
        for at, endpoint in enumerate(row.endpoints)
    )
    return tuple(f"{path}: left out, {problem}" for path, problem in problems if problem is not None)


@query
def left_out_of(view: View, owner: SliceOwner) -> tuple[str, ...]:
    """Return the same of all slices of a Service, or of a ServiceImport, each with its name."""
    members = view.bucket(SLICES, owner)
    return tuple(
        f"EndpointSlice {each.key} {problem}" for each in members for problem in left_out(view, _key(each.key))
    )


def _key(key: object) -> ObjectKey:
    return key if isinstance(key, ObjectKey) else ObjectKey("", str(key))


def discovered(view: View, port: ServicePortKey) -> Discovered:
    """Return the endpoints of a Service port; where there are none, with the first that is left out, if any is."""
    found = endpoints(view, port)
    return Discovered(endpoints=found, closed="" if found else next(iter(left_out_of(view, port.service)), ""))


def service_port(view: View, service: ObjectKey, port: int, transport: str, family: str = "") -> ServicePortKey:
    """Return a port of a Service by its number, with zones told apart where the Service asks for that."""
    row = view.get(Service, service)
    ports = row.spec.ports if row is not None else ()
    names = (each.name for each in ports if (each.port, each.protocol) == (port, transport))
    by_zone = row is not None and prefers_zone(row.spec)
    return ServicePortKey(service, next(names, ""), transport, by_zone, family)
