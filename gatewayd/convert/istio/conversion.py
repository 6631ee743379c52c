"""Istio's Gateways, VirtualServices and DestinationRules in; a draft, and what becomes of each field, out.

A rule that has lost a protection answers 403 unless it is asked for otherwise.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from gatewayd.convert.draft import Draft, Drafted, DraftStream, StreamPort
from gatewayd.convert.fates import Fate, Fidelity, Item
from gatewayd.convert.istio.backends import ruled_backends
from gatewayd.convert.istio.bindings import bindings
from gatewayd.convert.istio.destinations import Subsets, Whither
from gatewayd.convert.istio.gateways import listeners, servers
from gatewayd.convert.istio.routes import RuledHosts, virtual_service_routes
from gatewayd.convert.istio.rules import istio_rules
from gatewayd.convert.istio.streams import stream_listeners, virtual_service_streams
from gatewayd.convert.read_source import ReadSource
from gatewayd.convert.services import Services, route_grants
from gatewayd.convert.source import SourceObject
from gatewayd.convert.streams import stream_grants
from gatewayd.translator.nginx.known import PROTECTIVE

GROUP: Final = "networking.istio.io"
KINDS: Final = ("Gateway", "VirtualService", "DestinationRule")
_THEIRS: Final = ".istio.io"
_PROTECTS: Final = ("AuthorizationPolicy", "RequestAuthentication")
_ANYTHING: Final = ("EnvoyFilter", "WasmPlugin")
"""What may be a protection, by its name and its words."""
_NOT_PROTECTING: Final = {
    "PeerAuthentication": (
        Fidelity.MANUAL,
        "backends that take connections of the mesh alone refuse those of a Gateway outside of it; let it in",
    ),
    "Telemetry": (Fidelity.LOST, "a ReportPolicy says what is told of requests, for a whole Gateway"),
}


def istio_draft(sources: Sequence[SourceObject], services: Services, *, open_all: bool) -> Drafted:
    """Convert all of Istio's objects among the sources."""
    read = tuple(ReadSource.of(source) for source in sources if source.group == GROUP and source.kind in KINDS)
    by_kind = {kind: sorted((each for each in read if each.source.kind == kind), key=_order) for kind in KINDS}
    backends = ruled_backends(by_kind["DestinationRule"], services)
    all_servers = servers(by_kind["Gateway"])
    by_key = {each.key: each for each in by_kind["VirtualService"]}
    bound = [(each, bindings(each, all_servers)) for each in by_kind["VirtualService"] if each.spec.texts("hosts")]
    ruled = tuple(
        RuledHosts(
            owner=each,
            rules=istio_rules(each, by_key, _whither(each.key.namespace, services, backends.subsets)),
            bindings=tuple(at for at in own if not isinstance(at.server.carrier, StreamPort)),
        )
        for each, own in bound
    )
    for each in by_kind["VirtualService"]:
        # One without hosts serves what others lead on to, and nothing else.
        each.spec.ignore("http")
    unread = tuple(item for source in sources for item in _unread(source))
    walls = tuple(item.object for item in unread if item.protects)
    streams: list[DraftStream] = []
    for each, own in bound:
        whither = _whither(each.key.namespace, services, backends.subsets)
        streams += virtual_service_streams(each, own, whither, walls, open_all=open_all)
    for each in read:
        each.top.end()
    routes = tuple(virtual_service_routes(ruled, walls, open_all=open_all))
    carried = {carrier for route in routes for carrier in route.carriers}
    draft = Draft(
        routes=routes,
        streams=tuple(streams),
        listeners=(*listeners(all_servers, carried), *stream_listeners(streams, all_servers)),
        objects=(*backends.objects, *route_grants(routes), *stream_grants(streams)),
    )
    return Drafted(draft, (*unread, *(item for each in read for item in each.items())))


def _whither(namespace: str, services: Services, subsets: Subsets) -> Whither:
    return Whither(namespace=namespace, routes_in=namespace, services=services, subsets=subsets)


def _order(read: ReadSource) -> tuple[str, str]:
    return read.order


def _unread(source: SourceObject) -> Iterator[Item]:
    """Yield what is lost of objects that are not read: of those that keep clients out, all doors close."""
    is_theirs = source.group == GROUP or source.group.endswith(_THEIRS)
    if not is_theirs or (source.group == GROUP and source.kind in KINDS):
        return
    fidelity, message = _NOT_PROTECTING.get(source.kind, (Fidelity.LOST, "nothing takes its place"))
    protects = source.kind in _PROTECTS or (
        source.kind in _ANYTHING and PROTECTIVE.search(f"{source.key.name} {source.value.get('spec')}") is not None
    )
    if protects:
        message = "an AccessPolicy has to be written for it; until then all routes answer 403"
    yield Item.of(source, Fate(path="spec", fidelity=fidelity, message=message, protects=protects))
