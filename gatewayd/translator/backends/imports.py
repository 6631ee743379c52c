"""ServiceImport -> its ports, and the endpoints of all clusters of the set that are behind one of them.

Whoever implements the multi-cluster API writes the import and its EndpointSlices; without slices, a Service that it
names stands for it, or addresses that it has for all of them.
https://gateway-api.sigs.k8s.io/geps/gep-1748/, https://multicluster.sigs.k8s.io/concepts/multicluster-services-api/
"""

from collections import Counter
from typing import NamedTuple

from gatewayd.api.discovery import EndpointSlice
from gatewayd.api.meta import ObjectKey
from gatewayd.api.serviceimport import DERIVED_SERVICE, ServiceImport
from gatewayd.incremental.view import View
from gatewayd.ir.backend import Discovered, Endpoint
from gatewayd.translator.backends.destinations import address_problem
from gatewayd.translator.backends.endpoints import (
    SLICES,
    ImportedName,
    ServicePortKey,
    discovered,
    endpoints,
    prefers_zone,
    service_port,
    slice_of,
)
from gatewayd.translator.backends.members import ImportPortKey, joined, offered_ports
from gatewayd.translator.environment import environment


class ImportedPort(NamedTuple):
    """A port of an import: as its slices name it, and what it says that it speaks ("" for nothing)."""

    name: str
    app_protocol: str


def imported(key: ObjectKey) -> ImportedName:
    """Return what the slices of an import are found by."""
    return ImportedName("import", key.namespace, key.name)


def imported_port(view: View, key: ObjectKey, port: int | None, transport: str) -> ImportedPort | None:
    """Return a port of an import, None when it has none of this number.

    A headless one may have none at all: then its slices tell.
    """
    row = view.get(ServiceImport, key)
    if row is None or port is None:
        return None
    for each in row.spec.ports:
        if (each.port, each.protocol) == (port, transport):
            return ImportedPort(each.name, each.app_protocol or _offered_protocol(view, key, port, transport))
    listed = () if row.spec.ports else _listed(view, key, transport)
    spoken = _offered_protocol(view, key, port, transport)
    return next((ImportedPort(name, spoken) for name, number in listed if number == port), None)


def _offered_protocol(view: View, key: ObjectKey, port: int, transport: str) -> str:
    """Return what the member that is believed first says that a port speaks, "" when none says anything."""
    said = (each.app_protocol for each in offered_ports(view, key, transport) if each.number == port)
    return next(filter(None, said), "")


def known_ports(view: View, key: ObjectKey) -> str:
    """Return the ports that an import has, for a message."""
    row = view.get(ServiceImport, key)
    own = [f"{each.port}/{each.protocol}" for each in row.spec.ports] if row is not None else []
    if not own:
        own = [f"{number}/{transport}" for transport in ("TCP", "UDP") for _, number in _listed(view, key, transport)]
    return ", ".join(dict.fromkeys(own)) or "none"


def _listed(view: View, key: ObjectKey, transport: str) -> list[tuple[str, int]]:
    """Return names and numbers of the ports that the slices of an import have."""
    slices = [slice_of(view, member) for member in view.bucket(SLICES, imported(key))]
    ports = (each for row in slices if row is not None for each in row.ports)
    own = [(each.name, each.port) for each in ports if each.protocol == transport and each.port]
    return own + [("", each.number) for each in offered_ports(view, key, transport)]


def imported_endpoints(view: View, key: ObjectKey, port: int, transport: str) -> Discovered:
    """Return the endpoints behind a port of an import."""
    row = view.get(ServiceImport, key)
    named = imported_port(view, key, port, transport)
    if row is None or named is None:
        return Discovered(endpoints=())
    near = prefers_zone(row.spec)
    return joined(view, ImportPortKey(key, port, transport, near), _known_here(view, row, named, port, transport))


def _known_here(view: View, row: ServiceImport, named: ImportedPort, port: int, transport: str) -> Discovered:
    """Return the endpoints that objects of this cluster name."""
    key, by_zone = row.metadata.key, prefers_zone(row.spec)
    if view.count(SLICES, imported(key)):
        return discovered(view, ServicePortKey(imported(key), named.name, transport, by_zone))
    derived = row.metadata.annotations.get(DERIVED_SERVICE, "")
    if derived:
        at = service_port(view, ObjectKey(key.namespace, derived), port, transport)
        return Discovered(endpoints=endpoints(view, at._replace(by_zone=by_zone)))
    return Discovered(endpoints=_of_addresses(view, row, port))


def _of_addresses(view: View, row: ServiceImport, port: int) -> tuple[Endpoint, ...]:
    loopback = environment(view).loopback_backends
    good = sorted(each for each in row.spec.ips if not address_problem(each, loopback=loopback))
    return tuple(Endpoint(address=address, port=port, draining=False) for address in good)


def clusters_of(view: View, key: ObjectKey) -> dict[str, int]:
    """Return how many endpoints each cluster of the set has, ready or not; one that its slices do not name is ""."""
    slices = [slice_of(view, member) for member in view.bucket(SLICES, imported(key))]
    found: Counter[str] = Counter()
    for row in slices:
        if isinstance(row, EndpointSlice):
            found[row.source_cluster] += sum(each.conditions.ready is not False for each in row.endpoints)
    return dict(sorted(found.items()))
