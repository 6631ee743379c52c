"""What one member says, object by object -> what it offers, export by export.

In: Services, EndpointSlices and ServiceExports of the member. Out: a row of endpoints for each Service that it exports,
in a namespace that it is allowed, at addresses of its pods. What is left out is said. No I/O.
https://github.com/kubernetes/enhancements/tree/master/keps/sig-multicluster/1645-multi-cluster-services-api
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from gatewayd.api.core import Service, ServicePort
from gatewayd.api.discovery import EndpointSlice, SliceEndpoint
from gatewayd.api.meta import ObjectKey
from gatewayd.api.serviceimport import ServiceExport
from gatewayd.ir.member_limits import MEMBER_ENDPOINTS, MEMBER_EXPORTS, MEMBER_LEFT_OUT, MEMBER_PORTS
from gatewayd.ir.members import Exported, ExportedEndpoint, ExportedPort
from gatewayd.members.declaration import MemberDeclaration

_NAME: Final = re.compile(r"[a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?\Z")
_PROTOCOL: Final = re.compile(r"[A-Za-z0-9](?:[-._/A-Za-z0-9]{0,61}[A-Za-z0-9])?\Z")
_ZONE: Final = re.compile(r"[A-Za-z0-9](?:[-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?\Z")
"""https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set"""
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}Z\Z")
_NEWEST: Final = "9999"
"""In place of a time that is none: whoever says so is never the oldest."""
_SHOWN: Final = 64
READ: Final = (Service, EndpointSlice, ServiceExport)
"""What is read of a member."""


class _Serving(NamedTuple):
    address: str
    ready: bool
    zone: str


class _Piece(NamedTuple):
    """What is kept of a slice."""

    service: ObjectKey
    numbers: dict[tuple[str, str], int]
    addresses: tuple[_Serving, ...]


class Book:
    """Everything that a member has said. `rows` is what follows from it, when `settle` was told what `put` returned."""

    def __init__(self, declaration: MemberDeclaration) -> None:
        self._declaration = declaration
        self._services: dict[ObjectKey, tuple[ServicePort, ...] | None] = {}
        self._exports: dict[ObjectKey, str] = {}
        self._pieces: dict[ObjectKey, _Piece] = {}
        self._pieces_of: dict[ObjectKey, dict[ObjectKey, None]] = {}
        self._offered: dict[ObjectKey, int] = {}
        self._unsettled: dict[ObjectKey, None] = {}
        self._endpoints = 0
        self.rows: dict[ObjectKey, Exported] = {}

    @property
    def excess(self) -> str:
        """Why what the member offers is too much, "" when it is not."""
        if len(self._offered) > MEMBER_EXPORTS:
            return f"it exports {len(self._offered)} Services; at most {MEMBER_EXPORTS} are allowed"
        if self._endpoints > MEMBER_ENDPOINTS:
            return f"it has {self._endpoints} endpoints; at most {MEMBER_ENDPOINTS} are allowed"
        return ""

    @property
    def endpoints(self) -> int:
        """How many endpoints it offers, those of each port counted, and those that are left out."""
        return self._endpoints

    def put(self, table: type, key: ObjectKey, obj: object | None) -> tuple[ObjectKey, ...]:
        """Take an object as it stands (None: it is gone); return the Services that it is about.

        `key` is what the object says, which may be the name of anything; whatever is not allowed is passed over.
        """
        if key.namespace not in self._declaration.namespaces or not _NAME.match(key.name):
            return ()
        if not (obj is None or isinstance(obj, table)):
            return ()
        if table is EndpointSlice:
            return self._put_slice(key, obj if isinstance(obj, EndpointSlice) else None)
        if isinstance(obj, Service):
            # One more than counts tells that there are more.
            ports = obj.spec.ports[: MEMBER_PORTS + 1]
            self._services[key] = None if obj.spec.type == "ExternalName" else ports
        elif isinstance(obj, ServiceExport):
            self._exports[key] = _of_form(_TIME, obj.metadata.creation_timestamp, _NEWEST)
        else:
            (self._services if table is Service else self._exports).pop(key, None)
        return (key,)

    def _put_slice(self, key: ObjectKey, obj: EndpointSlice | None) -> tuple[ObjectKey, ...]:
        before = self._pieces.pop(key, None)
        if before is not None:
            self._pieces_of[before.service].pop(key)
            if not self._pieces_of[before.service]:
                del self._pieces_of[before.service]
        touched = (before.service,) if before is not None else ()
        # An imported slice of the member is of another cluster's pods.
        if obj is not None and obj.service_name and not obj.import_name and obj.address_type != "FQDN":
            service = ObjectKey(key.namespace, obj.service_name)
            self._pieces[key] = _piece(service, obj)
            self._pieces_of.setdefault(service, {})[key] = None
            return (*touched, service)
        return touched

    def settle(self, service: ObjectKey) -> int:
        """Bring the row of a Service up to date; return how many steps that takes.

        While what the member offers is too much, nothing is made of it; when it no longer is, all is that has waited.
        """
        self._unsettled[service] = None
        steps = self._count(service)
        if not self.excess:
            for each in self._unsettled:
                before, after = self.rows.pop(each, None), self._row(each)
                if after is not None:
                    self.rows[each] = before if before == after else after
            self._unsettled = {}
        return steps

    def _count(self, service: ObjectKey) -> int:
        """Count what a Service offers, before anything is made of it; return the steps of making that."""
        self._endpoints -= self._offered.pop(service, 0)
        ports = self._services.get(service)
        if ports is None or service not in self._exports:
            return 0
        wanted = {(each.name, each.protocol) for each in ports[:MEMBER_PORTS]}
        pieces = [self._pieces[each] for each in self._pieces_of.get(service, ())]
        count = sum(len(piece.addresses) * len(wanted & piece.numbers.keys()) for piece in pieces)
        self._offered[service] = count
        self._endpoints += count
        return count + len(wanted) * len(pieces)

    def _row(self, service: ObjectKey) -> Exported | None:
        created, ports = self._exports.get(service), self._services.get(service)
        if created is None or ports is None:
            return None
        left_out: dict[str, None] = {}
        offered = tuple(self._ports(service, ports[:MEMBER_PORTS], left_out))
        if len(ports) > MEMBER_PORTS:
            left_out[f"ports after the first {MEMBER_PORTS}"] = None
        said = tuple(left_out)[:MEMBER_LEFT_OUT]
        more = (f"and {len(left_out) - len(said)} more",) if len(left_out) > len(said) else ()
        return Exported(
            cluster=self._declaration.cluster,
            namespace=service.namespace,
            name=service.name,
            created=created,
            ports=offered,
            left_out=(*said, *more),
        )

    def _ports(
        self, service: ObjectKey, ports: tuple[ServicePort, ...], left_out: dict[str, None]
    ) -> Iterator[ExportedPort]:
        pieces = [self._pieces[each] for each in sorted(self._pieces_of.get(service, ()))]
        for port in ports:
            found: dict[tuple[str, int], ExportedEndpoint] = {}
            for piece in pieces:
                number = piece.numbers.get((port.name, port.protocol))
                for each in piece.addresses if number else ():
                    problem = self._declaration.problem_of(each.address)
                    if problem:
                        left_out[f"{each.address[:_SHOWN]} {problem}"] = None
                    elif each.ready or (each.address, number or 0) not in found:
                        at = (each.address, number or 0)
                        found[at] = ExportedEndpoint(*at, ready=each.ready, zone=each.zone)
            yield ExportedPort(
                number=port.port,
                transport=port.protocol,
                app_protocol=_of_form(_PROTOCOL, port.app_protocol or "", ""),
                endpoints=tuple(found[at] for at in sorted(found)),
            )


def _of_form(form: re.Pattern[str], text: str, otherwise: str) -> str:
    """Return a text of a form, which is shown and kept; a member may write anything in its place."""
    return text if form.match(text) else otherwise


def _piece(service: ObjectKey, obj: EndpointSlice) -> _Piece:
    numbers: dict[tuple[str, str], int] = {(each.name, each.protocol): each.port for each in obj.ports if each.port}
    zones: dict[str, str] = {}
    return _Piece(service, numbers, tuple(_serving(each, zones) for each in obj.endpoints if _serves(each)))


def _serving(endpoint: SliceEndpoint, zones: dict[str, str]) -> _Serving:
    """Return what is kept of an endpoint; `zones` are those of its slice, each of which is there once."""
    zone = _of_form(_ZONE, endpoint.clients_zone, "")
    return _Serving(endpoint.addresses[0], _is_ready(endpoint), zones.setdefault(zone, zone))


def _is_ready(endpoint: SliceEndpoint) -> bool:
    return endpoint.conditions.ready is not False


def _serves(endpoint: SliceEndpoint) -> bool:
    """Return whether it has requests, be it the last ones."""
    conditions = endpoint.conditions
    return _is_ready(endpoint) or bool(conditions.serving and conditions.terminating)
