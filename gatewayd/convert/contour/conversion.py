"""Contour's HTTPProxies in; a draft, and what becomes of each field, out.

A route that has lost a protection answers 403 unless it is asked for otherwise.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from gatewayd.api.meta import ObjectKey
from gatewayd.convert.contour.backends import ServiceSettings
from gatewayd.convert.contour.hosts import ContourHost, contour_host
from gatewayd.convert.contour.routes import host_routes, ruled_routes, tell_equals
from gatewayd.convert.contour.streams import host_stream, stream_listeners
from gatewayd.convert.contour.tree import included_routes
from gatewayd.convert.draft import Draft, Drafted, DraftListener, DraftObject, DraftRoute
from gatewayd.convert.fates import Fate, Fidelity, Item
from gatewayd.convert.read_source import ReadSource
from gatewayd.convert.services import asking_grant
from gatewayd.convert.source import SourceObject
from gatewayd.convert.values import spec_of

GROUP: Final = "projectcontour.io"
_KINDS: Final = ("HTTPProxy", "ExtensionService")
_UNREAD: Final = {
    "TLSCertificateDelegation": (Fidelity.EXACT, "listeners stand beside their Secrets, wherever the routes are"),
    "ContourConfiguration": (Fidelity.LOST, "what holds for all hosts is for policies of the Gateway to say"),
    "ContourDeployment": (Fidelity.APPROXIMATE, "the class of the Gateway says how proxies are run"),
}


_OF_ALL: Final = "globalExtAuth"


def contour_draft(sources: Sequence[SourceObject], *, open_all: bool) -> Drafted:
    """Convert all of Contour's objects among the sources."""
    read = tuple(ReadSource.of(source) for source in sources if source.group == GROUP and source.kind in _KINDS)
    by_key = {each.key: each for each in read if each.source.kind == "HTTPProxy"}
    extensions = {each.key: each for each in read if each.source.kind == "ExtensionService"}
    settings = ServiceSettings()
    hosts = tuple(_hosts(by_key.values()))
    told = tuple(item for source in sources for item in _unread(source))
    walls = tuple(f"{item.object}: {item.path}" for item in told if item.protects)
    ruled = [(host, ruled_routes(host, included_routes(host.root, by_key), settings, extensions)) for host in hosts]
    streams = tuple(stream for host in hosts for stream in host_stream(host, settings, open_all=open_all))
    for each in read:
        each.spec.ignore("ingressClassName", "routes", "includes", "virtualhost")
        if each.source.kind == "ExtensionService":
            each.spec.ignore(*each.spec.names())
        each.top.end()
    for _, own in ruled:
        tell_equals(own)
    names = tuple(host.name for host in hosts)
    routes = tuple(route for host, own in ruled for route in host_routes(host, own, names, walls, open_all=open_all))
    draft = Draft(
        routes=routes,
        streams=streams,
        listeners=(*_listeners(hosts, routes), *stream_listeners(hosts, streams)),
        objects=(*settings.objects(), *_grants(routes)),
    )
    return Drafted(draft, (*told, *(item for each in read for item in each.items())))


def _hosts(proxies: Iterable[ReadSource]) -> Iterator[ContourHost]:
    """Yield the hosts: of two roots for the same one Contour served neither."""
    roots: dict[str, list[ContourHost]] = {}
    for each in sorted(proxies, key=lambda each: str(each.key)):
        if "virtualhost" in each.spec:
            host = contour_host(each)
            roots.setdefault(host.name, []).append(host)
    for name, rivals in roots.items():
        if len(rivals) == 1:
            yield rivals[0]
            continue
        for host in rivals:
            names = ", ".join(each.root.source.name for each in rivals)
            host.root.spec.one("virtualhost").lost("fqdn", f"{names} all have {name}; Contour served none of them")


def _listeners(hosts: Iterable[ContourHost], routes: Sequence[DraftRoute]) -> Iterator[DraftListener]:
    for host in hosts:
        carried = [route for route in routes if host.at in route.carriers]
        if host.at is not None and carried:
            yield DraftListener(
                at=host.at,
                secrets=(host.secret,),
                shared=any(route.namespace != host.at.namespace for route in carried),
                origins=(host.root.source.name,),
            )


def _grants(routes: Iterable[DraftRoute]) -> Iterator[DraftObject]:
    """Yield a ReferenceGrant for each server of another namespace that an AccessPolicy asks."""
    wanted: dict[tuple[str, str, str], dict[str, None]] = {}
    for route in routes:
        for rule in route.rules:
            ref = rule.access.get("externalAuth", {}).get("backendRef", {})
            if "namespace" in ref:
                key = (ref["namespace"], route.namespace, ref["name"])
                wanted.setdefault(key, {}).update(dict.fromkeys(route.origins))
    for (namespace, of, name), origins in sorted(wanted.items()):
        yield asking_grant(of, "Service", ObjectKey(namespace, name), origins)


def _unread(source: SourceObject) -> Iterator[Item]:
    if source.group == GROUP and source.kind not in _KINDS:
        fidelity, message = _UNREAD.get(source.kind, (Fidelity.LOST, "nothing takes its place"))
        yield Item.of(source, Fate(path="spec", fidelity=fidelity, message=message))
        if _OF_ALL in spec_of(source):
            message = "all hosts ask it who may come in; an AccessPolicy of the Gateway has to be written for it"
            yield Item.of(source, Fate(path=f"spec.{_OF_ALL}", fidelity=Fidelity.LOST, message=message, protects=True))
